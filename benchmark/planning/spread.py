"""Queries planned by the workers of a cluster, into the journal that all share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.jobs.budget import Budget, Stopper
from benchmark.jobs.cluster import Cluster
from benchmark.jobs.crew import Work
from benchmark.jobs.place import Place
from benchmark.jobs.shares import shared_limits
from benchmark.planning.planning import Elsewhere, PlanRun, PlanSettings
from lms import Role, RoleSettings

PLANS = "plans"
"""The journal of planned queries, where it is in a database."""


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to plan queries.

    Attributes:
        place: of replies.
        file: of the journal, where it is in no database.
        limits: on what all workers of ``run`` together may spend.
        adapting: whether each worker follows what the endpoints bear.
    """

    settings: PlanSettings
    seed: int
    roles: dict[Role, RoleSettings]
    place: Place
    file: Path
    limits: Sequence[Stopper]
    run: str
    adapting: bool


@contextmanager
def plan_elsewhere(cluster: Cluster | None, recipe: Recipe) -> Iterator[Elsewhere | None]:
    """What ``benchmark.planning.planning.plan`` has its queries planned by; None without a cluster."""
    if cluster is None:
        yield None
        return
    with cluster.job(partial(_open_work, recipe)) as job:
        yield job.run


@contextmanager
def _open_work(recipe: Recipe) -> Iterator[Work]:
    journal = recipe.place.open_journal(PLANS, recipe.file.parent, recipe.file.name)
    with (
        recipe.place.open_models(recipe.roles, adapting=recipe.adapting) as models,
        shared_limits(recipe.limits, models, recipe.run) as limits,
    ):
        budget = Budget(models.ledger, limits)
        run = PlanRun(recipe.settings, recipe.seed, models, journal, budget)
        with budget.enforced():
            yield lambda unit, progress: run.plan_and_count(unit)
