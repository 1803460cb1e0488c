"""Planning by the workers of a cluster: the same paths, in the same journal, within the same limits."""

from pathlib import Path

import pytest

from benchmark import Scenario, build_authored, split
from benchmark.jobs.budget import Budget, MaxCalls, Stopper
from benchmark.jobs.cluster import Cluster
from benchmark.jobs.place import Place
from benchmark.jobs.shares import shared_limits
from benchmark.planning.planning import Plan, PlanSettings, plan
from benchmark.planning.spread import PLANS, Recipe, plan_elsewhere
from lms import LanguageModels
from tests.servers.threads_as_ray import ThreadsAsRay, cluster_of

SMALL = PlanSettings(queries=10, evaluations=4, depth=2)


@pytest.fixture(scope="module")
def train() -> list[Scenario]:
    """Train scenarios of two fields of life, so that ten queries make several waves."""
    return [row for row in split(build_authored(), "train") if row.domain in ("career", "health")]


def planned(train: list[Scenario], place: Place, cluster: Cluster | None, limits: tuple[Stopper, ...] = ()) -> Plan:
    """As ``raise plan`` does it."""
    models = LanguageModels(store=place.open_replies())
    file = place.folder / "paths.journal"
    recipe = Recipe(SMALL, 0, models.roles, place, file, limits, "a run", models.adapting)
    with shared_limits(limits, models, "a run") as shared, plan_elsewhere(cluster, recipe) as elsewhere:
        return plan(
            train,
            SMALL,
            models=models,
            journal=place.open_journal(PLANS, file.parent, file.name),
            budget=Budget(models.ledger, shared),
            elsewhere=elsewhere,
        )


@pytest.mark.parametrize("kind", ["folder", "database"])
def test_the_paths_are_those_of_one_process(
    train: list[Scenario], tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("database_url") if kind == "database" else None
    alone = planned(train, Place(tmp_path / "alone"), None)
    place = Place(tmp_path / "spread", url)
    with cluster_of(ThreadsAsRay(2), 2) as cluster:
        spread = planned(train, place, cluster)
        again = planned(train, place, cluster)
    assert spread.paths.paths == alone.paths.paths
    assert spread.charged == alone.charged
    assert (spread.resumed, again.resumed) == (0, 10)
    assert again.paths.paths == alone.paths.paths
    assert again.charged == alone.charged


def test_a_limit_ends_planning_and_a_higher_one_carries_it_on(
    train: list[Scenario], tmp_path: Path, database_url: str
) -> None:
    place = Place(tmp_path, database_url)
    with cluster_of(ThreadsAsRay(2), 2) as cluster:
        stopped = planned(train, place, cluster, (MaxCalls(60),))
        assert stopped.stopped == "60 LM calls are spent"
        assert 0 < len(stopped.paths) < 10
        assert stopped.charged.total().calls <= 60 + 4
        whole = planned(train, place, cluster)
    assert whole.paths.paths == planned(train, Place(tmp_path / "alone"), None).paths.paths
