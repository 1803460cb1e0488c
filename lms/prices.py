"""What tokens cost, from the price table that LiteLLM carries; an unknown price is None, never zero."""

import os

from lms.roles import SIMULATED, RoleSettings, is_simulated
from lms.simulation import PERSONAS

LONGER_PROMPTS, LONGER_REPLIES = 1.5, 5.0
"""How much longer than a stand-in's the high end assumes prompts (which quote replies) and replies to be."""


def cost_of(model: str, input_tokens: float, output_tokens: float) -> float | None:
    """US dollars for so many tokens; 0 for stand-ins, None if the table does not know the model."""
    if is_simulated(model):
        return 0.0
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm  # noqa: PLC0415  three seconds, and only real models need it

    entry = litellm.model_cost.get(model) or litellm.model_cost.get(model.partition("/")[2])
    if not entry or "input_cost_per_token" not in entry or "output_cost_per_token" not in entry:
        return None
    return float(input_tokens * entry["input_cost_per_token"] + output_tokens * entry["output_cost_per_token"])


def cost_for(entry: RoleSettings, input_tokens: float, output_tokens: float) -> float | None:
    """US dollars for so many tokens of a role's model: by its own price, else as ``cost_of``."""
    if entry.price and not is_simulated(entry.model):
        return entry.price.of(input_tokens, output_tokens)
    return cost_of(entry.model, input_tokens, output_tokens)


def stand_in_for(model: str) -> str:
    """The stand-in that plays ``model`` in a dry run: itself, the persona whose name it contains, or sim/gpt-4o."""
    if is_simulated(model):
        return model
    family = model.lower().replace("_", "-")
    named = [name for name in PERSONAS if name.split("-")[0] in family]
    best = [name for name in named if name in family] or named
    return SIMULATED + (best[0] if best else "gpt-4o")
