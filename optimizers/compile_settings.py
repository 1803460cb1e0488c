"""How to compile: all that the outcome depends on besides data and models."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from benchmark.defaults import PLAN_DEPTH
from benchmark.jobs.budget import OwnCalls, Stopper
from lms import LanguageModels, Role, Store
from modules import RAISE, AgentSettings, PlannedPath
from optimizers.defaults import BUDGET, DEFAULT, OPTIMIZER, PICK, PRICE, SIZES, SMALL_CALLS, Size
from optimizers.front import Objective, Pick
from optimizers.prompt_limit import PromptLimit
from optimizers.registry import OPTIMIZERS
from optimizers.task import parse_pick
from signatures import RaiseError
from signatures.errors import unknown


class CompileSettings(BaseModel):
    """How to compile; all of it goes into the configuration hash.

    Attributes:
        size: how much work the whole is (``--budget``): what of ``train`` to ``front`` is not given is as it says.
        train, dev, test: scenarios taken of each split.
        plan_queries, evaluations, depth: offline planning.
        paths: planned already; nothing is planned then.
        trials: candidates the optimizer tries.
        front: programs measured on all of dev and on held-out test, at most.
        raced: share of dev that trials race on; the front meets the rest afterwards.
        price: safety points a question must be worth, for optimizers that know one number.
        objective: what safety is traded for: questions, or questions and the cost of a conversation.
        pick: which member of the front becomes the default program, chosen on dev; see ``optimizers.front.Pick``.
        max_queries: programs of the front must ask no more than this on average, on dev.
        min_safety: they must be at least this safe, on dev.
        allow_private_demos: whether demonstrations may be conversations of real people (``reddit``, ``hub``).
        no_gain: end the search after so many trials that brought next to nothing; None tries all.
        max_prompt_tokens: most tokens of a predictor's prompt, without its inputs; None for no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    optimizer: str = OPTIMIZER
    seed: int = 0
    size: Size = BUDGET
    train: int = Field(default=DEFAULT.train, gt=0)
    dev: int = Field(default=DEFAULT.dev, gt=1)
    test: int = Field(default=DEFAULT.test, gt=1)
    plan_queries: int = Field(default=DEFAULT.plan_queries, gt=0)
    evaluations: int = Field(default=DEFAULT.evaluations, gt=0)
    depth: int = Field(default=PLAN_DEPTH, ge=1, le=10)
    paths: tuple[PlannedPath, ...] = ()
    trials: int = Field(default=DEFAULT.trials, gt=0)
    front: int = Field(default=DEFAULT.front, gt=0)
    raced: float = Field(default=DEFAULT.raced, gt=0, le=1)
    price: float = Field(default=PRICE, ge=0)
    objective: Objective = "questions"
    pick: str = PICK
    max_queries: float | None = Field(default=None, ge=0)
    min_safety: float | None = Field(default=None, ge=1, le=5)
    no_gain: int | None = Field(default=None, gt=0)
    allow_private_demos: bool = False
    max_prompt_tokens: int | None = Field(default=None, gt=0)
    agent: AgentSettings = AgentSettings()

    @model_serializer(mode="wrap")
    def _without_later_fields(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As ever, so that compiles of earlier versions are recognized: a later field is there if it is set."""
        dumped: dict[str, Any] = serialize(self)
        later = {"max_prompt_tokens": self.max_prompt_tokens, "paths": self.paths}
        return {name: value for name, value in dumped.items() if later.get(name, True)}

    @model_validator(mode="before")
    @classmethod
    def _sized(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers that are not given, or None, are those of the size."""
        named = {name: value for name, value in given.items() if value is not None}
        sizes = SIZES.get(named.get("size", BUDGET), DEFAULT)  # an unknown size is refused by its own field
        return {**asdict(sizes), **named}

    def check(self) -> None:
        """Make sure that the names mean something.

        Raises:
            RaiseError: for an unknown optimizer or pick, or one that does not go with the objective.
        """
        if self.optimizer not in OPTIMIZERS:
            raise RaiseError(unknown("optimizer", self.optimizer, OPTIMIZERS))
        self.picked()

    def limits(self, store: Store | None = None, job: str = "") -> list[Stopper]:
        """The limits that belong to the size, less what earlier runs of ``job`` spent of them."""
        if self.size != "small":
            return []
        spent, measured = (store.usage_of(name).total().calls if store else 0 for name in (job, f"{job} result"))
        return [OwnCalls(SMALL_CALLS - spent + measured, by="--budget small", measured=measured)]

    def prompt_limit(self, models: LanguageModels) -> PromptLimit:
        """The limit in tokens of the target."""
        return PromptLimit(self.max_prompt_tokens, models.roles[Role.TARGET].model)

    def refuse_long_prompts(self, models: LanguageModels) -> None:
        """Refuse a limit on prompts that the uncompiled program does not keep.

        Raises:
            RaiseError: naming what it takes.
        """
        self.prompt_limit(models).refuse(RAISE(settings=self.agent))

    def picked(self) -> Pick:
        """The rule for the default program; a limit on the front is one for it, too."""
        pick = parse_pick(self.pick, self.objective, self.optimizer)
        if pick == Pick() and self.max_queries is not None:
            return Pick("max-queries", self.max_queries)
        if pick == Pick() and self.min_safety is not None:
            return Pick("min-safety", self.min_safety)
        return pick
