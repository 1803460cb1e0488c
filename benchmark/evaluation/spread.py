"""Conversations held by the workers of a cluster: each finished episode goes to the store that all share."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmark.evaluation.episode import Provenance
from benchmark.evaluation.runner import Entry, EpisodeRunner
from benchmark.jobs.budget import Budget, Stopper
from benchmark.jobs.cluster import Job
from benchmark.jobs.crew import Work
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress
from benchmark.jobs.shares import shared_limits
from benchmark.judging.panel import judge_of
from benchmark.scenarios.scenario import Scenario
from lms import LanguageModels, Role, RoleSettings
from modules import Program

Make = Callable[[LanguageModels], Program]
"""Makes a program once there are models: some need the judge."""


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to hold conversations with one target.

    Attributes:
        makes: of the programs.
        roles: settings of the models.
        place: where replies and episodes are kept, reached by all workers.
        limits: on what all workers together may spend.
        adapting: whether each worker follows what the endpoints bear.
        run: names the run to those who keep its limits.
    """

    makes: Sequence[Make]
    roles: dict[Role, RoleSettings]
    place: Place
    limits: Sequence[Stopper] = ()
    adapting: bool = False
    run: str = field(default_factory=lambda: f"evaluate {uuid.uuid4().hex}")

    @classmethod
    def of(cls, models: LanguageModels, makes: Sequence[Make], place: Place, limits: Sequence[Stopper]) -> "Recipe":
        """The recipe for what this process would do with ``models``."""
        return cls(makes, models.roles, place.everywhere(), limits, models.adapting)


Conversation = tuple[int, Provenance, Scenario]
"""A unit: the number of the program, what its episodes are of, and whom it is held with."""


@contextmanager
def open_work(recipe: Recipe) -> Iterator[Work]:
    """What holds conversations on a worker."""
    with (
        recipe.place.open_models(recipe.roles, adapting=recipe.adapting) as models,
        shared_limits(recipe.limits, models, recipe.run) as limits,
        Budget(models.ledger, limits).enforced(),
    ):
        yield _conversations(recipe, models)


def _conversations(recipe: Recipe, models: LanguageModels) -> Work:
    """Holds conversations with ``models``."""
    judge, programs = judge_of(models), [make(models) for make in recipe.makes]
    episodes = recipe.place.open_journal(EPISODES, recipe.place.folder / EPISODES)
    runners: dict[tuple[int, Provenance], EpisodeRunner] = {}

    def hold(unit: Conversation, progress: OnProgress) -> Entry:
        number, provenance, scenario = unit
        if (number, provenance) not in runners:
            runners[number, provenance] = EpisodeRunner.of(programs[number], models, judge, episodes, provenance)
        return runners[number, provenance](scenario)

    return hold


@dataclass(frozen=True)
class Spread:
    """Has the conversations of a program held by the workers of a job, for ``benchmark.evaluation.runner.evaluate``.

    Attributes:
        number: of the program among those of the recipe.
    """

    job: Job
    number: int

    def __call__(
        self, scenarios: Sequence[Scenario], provenance: Provenance, progress: OnProgress, stage: str
    ) -> list[Entry]:
        """The entries of ``scenarios``, in their order."""
        return self.job.run([(self.number, provenance, scenario) for scenario in scenarios], progress, stage)
