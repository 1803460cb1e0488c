"""How many tokens chat messages take, counted without a network: about, unless the model is a stand-in or OpenAI's.

LiteLLM brings OpenAI's tokenizers with it. Those of other families would have to be downloaded; their counts of English
text are near OpenAI's.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from lms.roles import is_simulated
from lms.simulation.prompt import CHARACTERS_A_TOKEN, count_tokens

Messages = Sequence[Mapping[str, Any]]
BY_CHARACTERS = f"characters / {CHARACTERS_A_TOKEN}"
BY_LITELLM = "OpenAI's tokenizer (LiteLLM)"


def tokenizer_of(model: str) -> str:
    """By what ``count_message_tokens`` counts."""
    return BY_CHARACTERS if _by_characters(model) else BY_LITELLM


def count_message_tokens(messages: Messages, model: str) -> int:
    """About how many tokens of ``model`` the messages take.

    Args:
        messages: with ``role`` and ``content``.
        model: a model string; empty if it is not known.
    """
    if _by_characters(model):
        return count_tokens("\n".join(str(message["content"]) for message in messages))
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm  # noqa: PLC0415  three seconds, and only real models need it

    litellm.disable_hf_tokenizer_download = True
    bare = [{"role": message["role"], "content": str(message["content"])} for message in messages]
    return int(litellm.token_counter(model=model.rpartition("/")[2], messages=bare))


def _by_characters(model: str) -> bool:
    """A stand-in counts so itself."""
    return not model or is_simulated(model)
