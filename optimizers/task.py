"""What every optimizer gets and gives: one task in, candidate programs out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from benchmark import Evaluation, Scenario, evaluate
from benchmark.jobs.budget import Budget
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from lms import LanguageModels
from modules import RAISE, Program
from optimizers.defaults import DEFAULT, OPTIMIZER, PRICE, TRIALS
from optimizers.front import COSTED, TOLERANCE, Objective, Pick, Point
from optimizers.metric import Metric, tradeoff
from optimizers.prompt_limit import NO_LIMIT, PromptLimit
from optimizers.storage import Storage
from signatures import RaiseError

BASELINE_CALLS = 4
"""LM calls that the two baselines, ``vanilla`` and ``context-rich``, take for a held-out scenario."""


def parse_pick(text: str, objective: Objective = "questions", optimizer: str = OPTIMIZER) -> Pick:
    """``Pick.parse`` for people.

    Raises:
        RaiseError: for a rule that means nothing, a rule or an optimizer that does not go with the objective.
    """
    if objective == "cost" and optimizer != OPTIMIZER:
        raise RaiseError(f"--objective cost: {optimizer} knows a single objective; use --optimizer {OPTIMIZER}.")
    try:
        pick = Pick.parse(text)
    except ValueError as error:
        raise RaiseError(str(error)) from error
    if pick.rule in COSTED and objective != "cost":
        raise RaiseError(f"--pick {pick.rule!r} is about cost: give --objective cost, too.")
    return pick


@dataclass(frozen=True)
class Constraints:
    """What a program must keep, judged on dev.

    Attributes:
        max_queries: most questions on average.
        min_safety: least safety.
    """

    max_queries: float | None = None
    min_safety: float | None = None

    def violations(self, point: Point) -> dict[str, float]:
        """Constraint -> by how much (safety, questions, ...) misses it; 0 or less is kept."""
        safety, questions, *_ = point
        found = {}
        if self.max_queries is not None:
            found["max_queries"] = questions - self.max_queries
        if self.min_safety is not None:
            found["min_safety"] = self.min_safety - safety
        return found

    def kept(self, point: Point) -> bool:
        """Whether (safety, questions, ...) misses none."""
        return all(missed <= TOLERANCE for missed in self.violations(point).values())


@dataclass(frozen=True)
class Task:
    """One optimization for one target.

    Attributes:
        student: the uncompiled program, with its planned paths.
        train: scenarios that demonstrations may come from.
        dev: scenarios that candidates are compared on; common to all, so differences are paired.
        models: LMs by role.
        seed: same seed, same result.
        trials: how many candidates to try.
        price: safety points that a question must be worth, for optimizers that know one number.
        concurrency: episodes at once.
        budget: asked at every step; when it is spent, the search ends with the best so far.
        constraints: what programs must keep, on dev.
        name: of the search, in its storage.
        storage: where searches that can be resumed and shared are kept; in memory, if not given.
        held_out: scenarios that every program of the front will be measured on in the end, for the budget's reserve.
        front: programs that will be measured on all of dev, and held out, at most.
        raced: share of dev that trials race on; the front meets the rest afterwards.
        metric: the score of a judged conversation, for DSPy's optimizers and to choose demonstrations by; None for
            ``safety - price * questions``.
        allow_private_demos: whether demonstrations may be conversations of real people (``reddit``, ``hub``).
        objective: what safety is traded for.
        prompt_limit: how long the prompts of a candidate may be.
        data_hash: of the set that the scenarios were drawn from; empty if nobody says.
    """

    student: RAISE
    train: Sequence[Scenario]
    dev: Sequence[Scenario]
    models: LanguageModels
    seed: int = 0
    trials: int = TRIALS
    price: float = PRICE
    concurrency: int = 1
    progress: OnProgress = ignore_progress
    episodes: Journal = field(default_factory=Journal)
    budget: Budget = field(default_factory=Budget)
    constraints: Constraints = field(default_factory=Constraints)
    name: str = "search"
    storage: Storage = field(default_factory=Storage)
    held_out: int = 0
    front: int = DEFAULT.front
    raced: float = DEFAULT.raced
    metric: Metric | None = None
    allow_private_demos: bool = False
    objective: Objective = "questions"
    prompt_limit: PromptLimit = NO_LIMIT
    data_hash: str = ""

    def report(self, stage: str, done: int, total: int) -> None:
        """Tell how far a stage of the search has come."""
        self.progress(Progress(stage, done, total))

    def measure(self, program: Program, name: str, scenarios: Sequence[Scenario] | None = None) -> Evaluation:
        """Evaluate ``program`` on dev, or on ``scenarios``."""
        return evaluate(
            program,
            self.dev if scenarios is None else scenarios,
            models=self.models,
            name=name,
            store=self.episodes,
            concurrency=self.concurrency,
            data_hash=self.data_hash,
        )

    def scoring_metric(self) -> Metric:
        """``metric``, or the default.

        Raises:
            RaiseError: for a price that means nothing.
        """
        return self.metric or tradeoff(self.price)

    def result_cost(self, like: Evaluation, programs: int, more_dev: int) -> tuple[float, float]:
        """About how many LM calls, and US$, measuring the result will take: replies that are stored count as calls.

        Args:
            like: an evaluation whose calls a conversation are taken for those to come.
            programs: how many will be measured, besides the uncompiled one.
            more_dev: on how many dev scenarios each, before the held-out ones.
        """
        replies = float(like.frame["lm_replies"].mean())
        calls = (programs + 1) * (more_dev + self.held_out) * replies + BASELINE_CALLS * self.held_out
        return calls, calls * (like.cost_usd() or 0.0) / max(1.0, replies * len(like.episodes))


def cost_column(evaluation: Evaluation) -> str:
    """The column that has what a conversation costs: US dollars, or tokens where the target is a stand-in."""
    return "target_tokens" if evaluation.conversation_cost.simulated else "target_usd"


def cost_unit(uncompiled: Evaluation) -> float:
    """What a conversation of the uncompiled program costs, which other costs are told by.

    Raises:
        RaiseError: if the price is not known.
    """
    cost = uncompiled.average(cost_column(uncompiled))
    if uncompiled.conversation_cost.unpriced or not cost > 0:
        raise RaiseError(
            "--objective cost: what the target's tokens cost is not known: give their price in raise.toml, as in "
            "[roles.target] price = { input = 0.15, output = 0.6 } (US$ per million tokens)."
        )
    return cost


def refuse_unscored(uncompiled: Evaluation) -> None:
    """Refuse to search from a program of which too much went unscored.

    Raises:
        RaiseError: with the first reason.
    """
    if uncompiled.no_conclusion:
        reason = next(reason for reason in uncompiled.frame["unscored"] if reason)
        raise RaiseError(
            f"{uncompiled.unscored} of {len(uncompiled.frame)} conversations of the uncompiled program could not be "
            f"scored ({reason}): look at the target and judge models."
        )


@dataclass(frozen=True)
class Candidate:
    """A program that an optimizer offers.

    Attributes:
        name: for tables, e.g. ``trial-07``.
        program: the program.
        dev: its evaluation on dev.
        params: what the optimizer chose.
        unit: the uncompiled program's cost of a conversation, where cost is an objective.
    """

    name: str
    program: RAISE
    dev: Evaluation
    params: dict[str, Any]
    unit: float | None = None

    @cached_property
    def point(self) -> Point:
        """(safety, average questions), with a unit also cost, on dev; NaN where nothing is scored."""
        point = self.dev.average("safety"), self.dev.average("n_queries")
        return point if self.unit is None else (*point, self.dev.average(cost_column(self.dev)) / self.unit)


@dataclass(frozen=True)
class Search:
    """What an optimizer returns.

    Attributes:
        trials: every candidate tried.
        front: the best of them, measured on all of dev.
        stopped: which limit ended the search early; empty if none did.
        issues: what went wrong on the way and was lived with, e.g. unscored responses, by kind.
        components: component -> its options, which trials' indices stand for, for optimizers that choose among options.
    """

    trials: Sequence[Candidate]
    front: Sequence[Candidate]
    stopped: str = ""
    issues: Mapping[str, int] = field(default_factory=dict)
    components: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


class Optimizer(Protocol):
    """Searches programs for one task."""

    def __call__(self, task: Task) -> Search:
        """Run the search.

        Raises:
            RaiseError: if too much could not be scored, or nothing usable was found.
        """
        ...
