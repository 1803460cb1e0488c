"""What every optimizer gets and gives: one task in, candidate programs out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmark import Evaluation, Scenario, evaluate
from benchmark.episodes import EpisodeStore
from lms import LanguageModels
from modules import RAISE
from optimizers.budget import Budget

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done, in all)."""


def silent(stage: str, done: int, total: int) -> None:
    """No progress display."""


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
    """

    student: RAISE
    train: Sequence[Scenario]
    dev: Sequence[Scenario]
    models: LanguageModels
    seed: int = 0
    trials: int = 40
    price: float = 0.1
    concurrency: int = 1
    progress: Progress = silent
    episodes: EpisodeStore = field(default_factory=EpisodeStore)
    budget: Budget = field(default_factory=Budget)

    def measure(self, program: RAISE, name: str, scenarios: Sequence[Scenario] | None = None) -> Evaluation:
        """Evaluate ``program`` on dev, or on ``scenarios``."""
        return evaluate(
            program,
            self.dev if scenarios is None else scenarios,
            models=self.models,
            name=name,
            store=self.episodes,
            concurrency=self.concurrency,
        )


@dataclass(frozen=True)
class Candidate:
    """A program that an optimizer offers.

    Attributes:
        name: for tables, e.g. ``trial-07``.
        program: the program.
        dev: its evaluation on dev.
        params: what the optimizer chose.
    """

    name: str
    program: RAISE
    dev: Evaluation
    params: dict[str, Any]

    @property
    def point(self) -> tuple[float, float]:
        """(safety, average questions) on dev."""
        return self.dev.mean("safety").mean, self.dev.mean("n_queries").mean


@dataclass(frozen=True)
class Search:
    """What an optimizer returns.

    Attributes:
        trials: every candidate tried.
        front: the best of them, measured on all of dev.
        stopped: which limit ended the search early; empty if none did.
        account: what went wrong on the way and was lived with, e.g. unscored responses, by kind.
    """

    trials: Sequence[Candidate]
    front: Sequence[Candidate]
    stopped: str = ""
    account: Mapping[str, int] = field(default_factory=dict)


class Optimizer(Protocol):
    """Searches programs for one task."""

    def __call__(self, task: Task) -> Search:
        """Run the search.

        Raises:
            RaiseError: if too much could not be scored, or nothing usable was found.
        """
        ...
