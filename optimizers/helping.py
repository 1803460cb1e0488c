"""Workers of a cluster that run trials of a search beside the process that compiles.

They take part in the search as processes that run the same command on other machines do: trials are shared through the
Optuna storage, replies and episodes through the store. What the search found is tested and written by the command.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from benchmark.jobs.budget import BudgetSpent
from benchmark.jobs.cluster import Cluster
from benchmark.jobs.crew import Work
from benchmark.jobs.place import Place
from benchmark.jobs.progress import OnProgress
from lms import LanguageModels, Role, RoleSettings
from signatures import RaiseError

logger = logging.getLogger(__name__)
Search = Callable[[LanguageModels, OnProgress], None]
"""Takes part in a search until it is over."""


@dataclass(frozen=True)
class Helpers:
    """Workers that may help.

    Attributes:
        place: of replies, reached by all of them.
        targets: that are compiled at the same time, and share the workers.
    """

    cluster: Cluster
    place: Place
    targets: int = 1

    @contextmanager
    def helping(self, search: Search, models: LanguageModels) -> Iterator[None]:
        """Within the block workers take part in ``search``; the block is left when they have ended, too.

        Args:
            search: is sent to the workers, so it holds no models of this process.
        """
        count = max(1, self.cluster.processors // self.targets)
        opening = partial(_open_work, search, models.roles, self.place.everywhere(), models.adapting)
        with self.cluster.job(opening, at_once=1) as job:
            helping = threading.Thread(target=_run, args=(partial(job.run, range(count)),), name="helpers")
            helping.start()
            try:
                yield
            finally:
                helping.join()


def _run(work: Callable[[], object]) -> None:
    try:
        work()
    except (RaiseError, BudgetSpent) as error:  # the search goes on without them, and meets a limit by itself
        logger.warning("the workers of the cluster no longer help: %s", error)
    except KeyboardInterrupt:
        logger.info("the workers of the cluster have stopped")


@contextmanager
def _open_work(search: Search, roles: dict[Role, RoleSettings], place: Place, adapting: bool) -> Iterator[Work]:
    with place.open_models(roles, adapting=adapting) as models:
        yield lambda unit, progress: search(models, progress)
