"""An evaluation whose conversations are held on many machines: each finished episode goes to the shared journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import dspy
from dspy.utils.exceptions import LMError

from benchmark.evaluation.runner import evaluate
from benchmark.jobs.cluster import Cluster, Done, run_on_cluster
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.scenarios.scenario import Scenario
from lms import LanguageModels, Role, RoleSettings
from lms.stopping import STOP, Stopped
from signatures import RaiseError

UNIT = 2
"""Scenarios of a unit: what is lost with a machine, and done again by another from the stored replies."""


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to hold conversations.

    Attributes:
        make: makes the program.
        roles: settings of the models.
        place: a shared one; where replies and episodes are kept.
        adapting: whether each worker follows what the endpoints bear.
    """

    make: Callable[[LanguageModels], dspy.Module]
    roles: dict[Role, RoleSettings]
    place: Place
    adapting: bool = False


class EpisodeWorker:
    """Holds conversations on one machine."""

    def __init__(self, recipe: Recipe) -> None:
        self._models = LanguageModels(recipe.roles, recipe.place.open_replies())
        if recipe.adapting:
            self._models.adapt_concurrency()
        self._program = recipe.make(self._models)
        self._episodes = recipe.place.open_journal(EPISODES, recipe.place.folder / EPISODES)

    def ready(self) -> None:
        """It is, once it is made."""

    def work(self, unit: Sequence[Scenario]) -> Done:
        """Run the scenarios that have no episode yet; what fails is not kept, and told when the figures are made."""
        try:
            evaluate(self._program, unit, models=self._models, name="", store=self._episodes)
        except Stopped:
            return Done(stopped=True)
        except (RaiseError, LMError) as error:  # of a kind that every further scenario would meet
            return Done(error=" ".join(str(error).split()))
        return Done()

    def stop(self) -> None:
        """Begin no further call."""
        STOP.ask()


def spread_evaluation(
    recipe: Recipe,
    scenarios: Sequence[Scenario],
    cluster: Cluster,
    progress: OnProgress = ignore_progress,
    name: str = "",
) -> None:
    """Have the episodes of ``scenarios`` made by the workers of a cluster; ``evaluate`` then finds them stored.

    Args:
        name: how tables call the program.

    Raises:
        RaiseError: if the place is a folder of this machine, or for what ``run_on_cluster`` raises.
    """
    if recipe.place.database is None:
        raise RaiseError(
            "--engine ray needs a store that all machines reach: name one, --store postgresql://user@host/database."
        )
    units = [list(scenarios[at : at + UNIT]) for at in range(0, len(scenarios), UNIT)]
    stage = f"evaluating {name}, {UNIT} scenarios a step"
    run_on_cluster(partial(EpisodeWorker, recipe), units, cluster, progress, stage)
