"""What programs are put together from: components, options for each, and the choices that Optuna searches."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy
from optuna.distributions import CategoricalDistribution
from pydantic import BaseModel, ConfigDict, Field

from modules import RAISE, AgentSettings
from modules.abstention import Variant
from modules.settings import PHRASINGS
from optimizers.demos import DemoSet
from optimizers.prompt_limit import NO_LIMIT, PromptLimit

INSTRUCTED = ("respond", "abstain", "plan", "ask")
"""Components that are instructions, named after their predictors."""
SHOWN = {"answering": ("respond",), "asking": ("abstain", "plan", "ask", "read")}
"""Components that are demonstrations, with the predictors that they are for."""
COMPONENTS = (*INSTRUCTED, *SHOWN)
VARIANTS: tuple[Variant, ...] = ("scale", "binary", "basic", "fused", "turn")
"""Abstention variants worth trying; ``vote`` pays three calls for what ``scale`` does with one."""
THRESHOLDS = (2, 3, 4, 5)
BUDGETS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
RETRIEVED = (0, 3, 5)
SHORTLISTS = (0, 1, 3)
TUNED = ("abstention", "threshold", "budget", "retrieved", "shortlist", "phrasing")
"""Settings of the agent that trials choose."""

Params = Mapping[str, Any]
"""A trial's choices: component -> index of an option in the pool, and values of agent settings."""


class ComponentOption(BaseModel):
    """What one component could be.

    Attributes:
        origin: who proposed it.
        instruction: for components that are instructions; None leaves the student's.
        variant: of an instruction for ``abstain``, the abstention variant that it was written for.
        demos: predictor -> demonstrations, for components that are demonstrations.
    """

    model_config = ConfigDict(frozen=True)
    origin: str
    instruction: str | None = None
    variant: Variant | None = None
    demos: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)

    @classmethod
    def of_demos(cls, origin: str, demos: DemoSet) -> "ComponentOption":
        """An option for the components in ``SHOWN``."""
        return cls(origin=origin, demos={name: [dict(demo) for demo in shown] for name, shown in demos.items()})


OptionPool = dict[str, list[ComponentOption]]
"""Component -> its options; the first is the student as it is. Pools only grow, so that indices keep their meaning."""

OWN = ComponentOption(origin="own")


def start_pool() -> OptionPool:
    """Nothing but the student."""
    return {component: [OWN] for component in COMPONENTS}


def extend_pool(pool: OptionPool, more: Mapping[str, list[ComponentOption]]) -> OptionPool:
    """``pool`` with further options; what is there already is not added again."""
    grown: OptionPool = {}
    for component, options in pool.items():
        known = {_content(option) for option in options}
        grown[component] = list(options)
        for option in more.get(component, []):
            if _content(option) not in known:
                known.add(_content(option))
                grown[component].append(option)
    return grown


def dump_pool(pool: OptionPool) -> dict[str, list[dict[str, Any]]]:
    """The pool as JSON has it."""
    return {component: [option.model_dump(mode="json") for option in options] for component, options in pool.items()}


def load_pool(dumped: Mapping[str, Sequence[Mapping[str, Any]]]) -> OptionPool:
    """The pool that ``dump_pool`` dumped."""
    return {component: [ComponentOption(**option) for option in options] for component, options in dumped.items()}


def index_of(pool: OptionPool, component: str, option: ComponentOption) -> int:
    """Where ``option`` is, whoever proposed it first."""
    return [_content(other) for other in pool[component]].index(_content(option))


def _content(option: ComponentOption) -> str:
    return option.model_dump_json(exclude={"origin"})


def choices(student: RAISE, pool: OptionPool, limit: PromptLimit = NO_LIMIT) -> dict[str, list[Any]]:
    """Parameter -> its values; the student's own settings are always among them.

    Args:
        limit: variants of abstention whose shipped prompt is over it are left out.
    """
    own, plain = student.settings, student_params(student)
    short = [way for way in VARIANTS if limit.allows(build(student, start_pool(), {**plain, "abstention": way}))]
    return {
        **{component: list(range(len(options))) for component, options in pool.items()},
        "abstention": list(dict.fromkeys([own.abstention, *short])),
        "threshold": sorted({own.threshold, *THRESHOLDS}),
        "budget": sorted({own.budget, *BUDGETS}),
        "retrieved": sorted({own.retrieved, *RETRIEVED}),
        "shortlist": sorted({own.shortlist, *SHORTLISTS}),
        "phrasing": list(PHRASINGS),
    }


def distributions(
    student: RAISE, pool: OptionPool, limit: PromptLimit = NO_LIMIT
) -> dict[str, CategoricalDistribution]:
    """``choices`` as Optuna has them."""
    return {name: CategoricalDistribution(values) for name, values in choices(student, pool, limit).items()}


def student_params(student: RAISE) -> dict[str, Any]:
    """The parameters that stand for the student itself."""
    return {**dict.fromkeys(COMPONENTS, 0), **{name: getattr(student.settings, name) for name in TUNED}}


def build(student: RAISE, pool: OptionPool, params: Params) -> RAISE:
    """The program that ``params`` stand for.

    Instructions and demonstrations for ``abstain`` only fit prompts of the variant that they were made for; with
    another variant its predictor is as shipped.
    """
    chosen = {component: pool[component][params[component]] for component in COMPONENTS}
    program: RAISE = student.deepcopy()
    for component, names in SHOWN.items():
        for name in names if params[component] else ():
            getattr(program, name).demos = [dspy.Example(**demo) for demo in chosen[component].demos.get(name, [])]
    changes = {name: params[name] for name in TUNED}
    program.settings = AgentSettings(**{**student.settings.model_dump(), **changes})
    signature = program.settings.way().signature
    if signature is not student.settings.way().signature:
        program.abstain = dspy.Predict(signature)
    for name in INSTRUCTED:
        option = chosen[name]
        if option.instruction is None or (option.variant and _signature(option.variant) is not signature):
            continue
        predictor = getattr(program, name)
        predictor.signature = predictor.signature.with_instructions(option.instruction)
    return program


def build_alone(student: RAISE, component: str, option: ComponentOption) -> RAISE:
    """The student with one option, in the abstention variant that the option is for."""
    params = {**student_params(student), component: 1}
    if option.variant:
        params["abstention"] = option.variant
    return build(student, {**start_pool(), component: [OWN, option]}, params)


def _signature(variant: Variant) -> type[dspy.Signature]:
    return AgentSettings(abstention=variant).way().signature
