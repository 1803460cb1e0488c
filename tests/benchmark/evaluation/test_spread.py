"""Evaluations on a cluster: on two Ray nodes, one of which dies, where Ray is installed; else on threads."""

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from benchmark import Scenario
from benchmark.evaluation.targets import Measurement, TargetJob, TargetOutcome, evaluate_targets
from benchmark.jobs.budget import MaxCalls, Stopper
from benchmark.jobs.cluster import Cluster, open_cluster
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from cli.programs import program_named
from lms import LanguageModels
from signatures import RaiseError
from tests.lms.real import FIGURES, over_http
from tests.servers.openai_server import Fault, OpenAIServer
from tests.servers.ray_nodes import ray_nodes
from tests.servers.threads_as_ray import ThreadsAsRay, cluster_of

AT_ONCE = 2


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    """Not here: Ray finds this machine's address by a socket to one elsewhere, over which it sends nothing."""


@pytest.fixture(params=["folder", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A store on this machine, or one that machines share."""
    if request.param == "folder":
        return Place(tmp_path / "store")
    return Place(tmp_path, request.getfixturevalue("database_url"), lease=5.0)


def evaluated(
    models: LanguageModels,
    scenarios: list[Scenario],
    cluster: Cluster | None = None,
    place: Place | None = None,
    progress: OnProgress = ignore_progress,
    *,
    limits: tuple[Stopper, ...] = (),
    name: str = "raise",
) -> TargetOutcome:
    """One program on one target, as ``raise evaluate`` does it."""
    make = program_named(name)
    job = TargetJob(models, [(name, make(models))], AT_ONCE, limits, [make])
    shared = Measurement(scenarios, progress=progress)
    if place is not None:
        journal = place.open_journal(EPISODES, place.folder / EPISODES)
        shared = Measurement(scenarios, journal, progress=progress, cluster=cluster, place=place)
    [outcome] = evaluate_targets([job], shared)
    return outcome


def test_the_figures_are_those_of_one_machine(test_scenarios: list[Scenario], place: Place) -> None:
    """One worker dies; its thread goes on, and with it its claims."""
    few = test_scenarios[:7]
    with OpenAIServer() as server:
        [undisturbed] = evaluated(over_http(server.url), few).evaluations
        calls = server.count
    ray = ThreadsAsRay(2)

    def kill_once(report: Progress) -> None:
        if report.done == 2:
            ray.actors[0].kill()

    with OpenAIServer() as server, cluster_of(ray, AT_ONCE) as cluster:
        models = over_http(server.url, place.open_replies())
        [found] = evaluated(models, few, cluster, place, kill_once).evaluations
        assert found.frame[FIGURES].equals(undisturbed.frame[FIGURES])
        assert server.count == calls
    assert len(ray.actors) == 3


def test_what_fails_is_not_asked_for_again_by_the_command(test_scenarios: list[Scenario], place: Place) -> None:
    with OpenAIServer("nothing that can be read") as server, cluster_of(ThreadsAsRay(2), AT_ONCE) as cluster:
        models = over_http(server.url, place.open_replies())
        [found] = evaluated(models, test_scenarios[:3], cluster, place, name="vanilla").evaluations
        assert list(found.frame["safety"].isna()) == [True] * 3
        asked = server.count
    with OpenAIServer("nothing that can be read") as server:
        [alone] = evaluated(over_http(server.url), test_scenarios[:3], name="vanilla").evaluations
        assert server.count == asked
    assert found.frame[FIGURES].equals(alone.frame[FIGURES])


def test_a_limit_is_that_of_all_workers_together(
    test_scenarios: list[Scenario], database_url: str, tmp_path: Path
) -> None:
    place = Place(tmp_path, database_url)
    with OpenAIServer() as server, cluster_of(ThreadsAsRay(2), AT_ONCE) as cluster:
        models = over_http(server.url, place.open_replies())
        stopped = evaluated(models, test_scenarios, cluster, place, limits=(MaxCalls(40),))
        assert stopped.stopped == "40 LM calls are spent"
        assert stopped.evaluations == []
        assert 30 <= server.count <= 40 + 2 * AT_ONCE  # calls under way are finished
        [whole] = evaluated(models, test_scenarios[:7], cluster, place).evaluations
    assert len(whole.episodes) == 7


def test_a_wrong_key_ends_the_run_with_its_own_sentence(test_scenarios: list[Scenario], place: Place) -> None:
    with (
        OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server,
        cluster_of(ThreadsAsRay(1), AT_ONCE) as cluster,
        pytest.raises(RaiseError, match="incorrect API key"),
    ):
        evaluated(over_http(server.url, place.open_replies()), test_scenarios[:4], cluster, place)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra ray is not installed")
def test_a_node_that_dies_changes_nothing(test_scenarios: list[Scenario], place: Place) -> None:
    """On real nodes: the same figures, and only what was in flight on the dead one is asked for again."""
    with OpenAIServer() as server:
        [undisturbed] = evaluated(over_http(server.url), test_scenarios, name="vanilla").evaluations
        calls = server.count
    killed: list[int] = []
    with OpenAIServer() as server, ray_nodes(2) as nodes, open_cluster(nodes.address, AT_ONCE) as cluster:

        def kill_once(report: Progress) -> None:
            if report.done >= report.total // 3 and not killed:
                killed.append(report.done)
                nodes.kill(0)

        models = over_http(server.url, place.open_replies())
        [found] = evaluated(models, test_scenarios, cluster, place, kill_once, name="vanilla").evaluations
        asked = Counter(received.text for received in server.requests)
    assert killed
    assert found.frame[FIGURES].equals(undisturbed.frame[FIGURES])
    assert len(asked) == calls
    assert sum(asked.values()) - calls <= AT_ONCE
