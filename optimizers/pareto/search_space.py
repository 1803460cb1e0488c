"""What programs are put together from: parts by slot, and the space of choices that Optuna searches."""

from collections.abc import Mapping
from typing import Any

import dspy
import optuna
from pydantic import BaseModel, ConfigDict, Field

from modules import RAISE, AgentSettings
from modules.abstention import Variant
from optimizers.demos import DemoSet

INSTRUCTED = ("respond", "abstain", "plan", "ask")
"""Slots of instructions, named after their predictors."""
SHOWN = {"answering": ("respond",), "asking": ("abstain", "plan", "ask", "read")}
"""Slots of demonstrations, with the predictors that they are for."""
SLOTS = (*INSTRUCTED, *SHOWN)
VARIANTS: tuple[Variant, ...] = ("scale", "binary", "basic", "fused")
"""Abstention variants worth trying; ``vote`` pays three calls for what ``scale`` does with one."""
THRESHOLDS = (2, 3, 4, 5)
BUDGETS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
RETRIEVED = (0, 3, 5)
SHORTLISTS = (0, 1, 3)
TUNED = ("abstention", "threshold", "budget", "retrieved", "shortlist")
"""Settings of the agent that trials choose."""

Params = Mapping[str, Any]
"""A trial's choices: slot -> index into the pool, and values of agent settings."""


class Part(BaseModel):
    """One candidate for one slot.

    Attributes:
        origin: who proposed it.
        instruction: for slots of instructions; None leaves the student's.
        variant: of an instruction for ``abstain``, the abstention variant that it was written for.
        demos: predictor -> demonstrations, for slots of demonstrations.
    """

    model_config = ConfigDict(frozen=True)
    origin: str
    instruction: str | None = None
    variant: Variant | None = None
    demos: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)

    @classmethod
    def of_demos(cls, origin: str, demos: DemoSet) -> "Part":
        """A part for the slots in ``SHOWN``."""
        return cls(origin=origin, demos={name: [dict(demo) for demo in shown] for name, shown in demos.items()})


Pool = dict[str, list[Part]]
"""Slot -> its candidates; the first of each is the student as it is. Pools only grow, so indices keep their meaning."""

OWN = Part(origin="own")


def empty_pool() -> Pool:
    """Nothing but the student."""
    return {slot: [OWN] for slot in SLOTS}


def extended(pool: Pool, more: Mapping[str, list[Part]]) -> Pool:
    """``pool`` with further parts; what is there already is not added again."""
    grown: Pool = {}
    for slot, parts in pool.items():
        known = {_content(part) for part in parts}
        grown[slot] = list(parts)
        for part in more.get(slot, []):
            if _content(part) not in known:
                known.add(_content(part))
                grown[slot].append(part)
    return grown


def index_of(pool: Pool, slot: str, part: Part) -> int:
    """Where ``part`` is, whoever proposed it first."""
    return [_content(other) for other in pool[slot]].index(_content(part))


def _content(part: Part) -> str:
    return part.model_dump_json(exclude={"origin"})


def choices(student: RAISE, pool: Pool) -> dict[str, list[Any]]:
    """Parameter -> its values; the student's own settings are always among them."""
    own = student.settings
    return {
        **{slot: list(range(len(parts))) for slot, parts in pool.items()},
        "abstention": list(dict.fromkeys([own.abstention, *VARIANTS])),
        "threshold": sorted({own.threshold, *THRESHOLDS}),
        "budget": sorted({own.budget, *BUDGETS}),
        "retrieved": sorted({own.retrieved, *RETRIEVED}),
        "shortlist": sorted({own.shortlist, *SHORTLISTS}),
    }


def distributions(student: RAISE, pool: Pool) -> dict[str, optuna.distributions.BaseDistribution]:
    """``choices`` as Optuna has them."""
    return {name: optuna.distributions.CategoricalDistribution(v) for name, v in choices(student, pool).items()}


def plain(student: RAISE) -> dict[str, Any]:
    """The parameters that stand for the student itself."""
    return {**dict.fromkeys(SLOTS, 0), **{name: getattr(student.settings, name) for name in TUNED}}


def build(student: RAISE, pool: Pool, params: Params) -> RAISE:
    """The program that ``params`` stand for.

    Instructions and demonstrations for ``abstain`` only fit prompts of the variant that they were made for; with
    another variant its predictor is as shipped.
    """
    chosen = {slot: pool[slot][params[slot]] for slot in SLOTS}
    program: RAISE = student.deepcopy()
    for slot, names in SHOWN.items():
        for name in names if params[slot] else ():
            getattr(program, name).demos = [dspy.Example(**demo) for demo in chosen[slot].demos.get(name, [])]
    changes = {name: params[name] for name in TUNED}
    program.settings = AgentSettings(**{**student.settings.model_dump(), **changes})
    signature = program.settings.way().signature
    if signature is not student.settings.way().signature:
        program.abstain = dspy.Predict(signature)
    for name in INSTRUCTED:
        part = chosen[name]
        if part.instruction is None or (part.variant and _signature(part.variant) is not signature):
            continue
        predictor = getattr(program, name)
        predictor.signature = predictor.signature.with_instructions(part.instruction)
    return program


def _signature(variant: Variant) -> type[dspy.Signature]:
    return AgentSettings(abstention=variant).way().signature
