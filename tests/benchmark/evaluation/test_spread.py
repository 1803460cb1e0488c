"""An evaluation on two Ray nodes, one of which dies; these tests run where Ray is installed."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark import Scenario, evaluate
from benchmark.evaluation.spread import Recipe, spread_evaluation
from benchmark.jobs.cluster import Cluster
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import Progress
from cli.programs import program_named
from lms import LanguageModels, Role
from signatures import RaiseError
from tests.lms.real import FIGURES, over_http
from tests.servers.openai_server import Fault, OpenAIServer
from tests.servers.ports import free_port
from tests.servers.threads_as_ray import ThreadsAsRay

AT_ONCE = 2
PATIENT = {"RAY_raylet_start_wait_time_s": "300", "RAY_agent_register_timeout_ms": "300000"}
"""How long Ray waits for its own parts on a busy machine."""


def ports() -> dict[str, int]:
    """Ports of a node's agents: without them Ray looks for ones, and gives up where a busy machine takes long."""
    names = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    return {name: free_port() for name in names}


@pytest.fixture(autouse=True)
def loopback_only() -> None:
    """Not here: Ray finds this machine's address by a socket to one elsewhere, over which it sends nothing."""


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster whose head only leads, and two nodes of one processor each on this machine."""
    pytest.importorskip("ray", reason="the extra ray is not installed")
    from ray.cluster_utils import Cluster as Nodes  # type: ignore[import-not-found, unused-ignore]

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    for name, value in PATIENT.items():
        monkeypatch.setenv(name, value)
    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **ports()})
    cluster.workers = [cluster.add_node(num_cpus=1, **ports()) for _ in range(2)]
    yield cluster
    cluster.shutdown()


def test_a_folder_of_one_machine_will_not_do(test_scenarios: list[Scenario], tmp_path: Path) -> None:
    recipe = Recipe(program_named("vanilla"), {}, Place(tmp_path))
    with pytest.raises(RaiseError, match=r"--engine ray needs a store that all machines reach"):
        spread_evaluation(recipe, test_scenarios, Cluster())


def test_the_figures_are_those_of_one_machine(
    test_scenarios: list[Scenario], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With threads in place of machines; one worker dies."""
    ray = ThreadsAsRay(2)
    monkeypatch.setitem(sys.modules, "ray", ray)
    make, place, few = program_named("raise"), Place(tmp_path, database_url), test_scenarios[:7]
    with OpenAIServer() as server:
        alone = over_http(server.url)
        undisturbed = evaluate(make(alone), few, models=alone, name="x")
        calls = server.count

    def kill_once(report: Progress) -> None:
        if report.done == 2:
            ray.actors[0].kill()

    with OpenAIServer() as server:
        models = over_http(server.url, place.open_replies())
        recipe = Recipe(make, {role: models.roles[role] for role in Role}, place)
        spread_evaluation(recipe, few, Cluster(None, AT_ONCE), kill_once)
        before = server.count
        found = evaluate(make(models), few, models=models, name="x", store=place.open_journal(EPISODES, tmp_path))
        assert server.count == before
        assert before == calls  # the thread of a worker that is taken for dead goes on, and its claims hold
    assert found.frame[FIGURES].equals(undisturbed.frame[FIGURES])


def test_a_wrong_model_ends_the_run_with_its_own_sentence(
    test_scenarios: list[Scenario], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", ThreadsAsRay(1))
    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server:
        roles = over_http(server.url).roles
        recipe = Recipe(program_named("vanilla"), roles, Place(tmp_path, database_url))
        with pytest.raises(RaiseError, match="incorrect API key"):
            spread_evaluation(recipe, test_scenarios[:4], Cluster())


def test_a_node_that_dies_changes_nothing(
    nodes: Any, test_scenarios: list[Scenario], database_url: str, tmp_path: Path
) -> None:
    """The figures are those of an undisturbed run; only what was in flight on the dead node is asked for again."""
    make = program_named("vanilla")
    with OpenAIServer() as server:
        alone = over_http(server.url)
        undisturbed = evaluate(make(alone), test_scenarios, models=alone, name="x")
        calls = server.count
    place = Place(tmp_path, database_url, lease=5.0)
    killed: list[int] = []

    def kill_once(report: Progress) -> None:
        if report.done >= report.total // 3 and not killed:
            killed.append(report.done)
            nodes.remove_node(nodes.workers[1], allow_graceful=False)

    with OpenAIServer() as server:
        models: LanguageModels = over_http(server.url, place.open_replies())
        recipe = Recipe(make, {role: models.roles[role] for role in Role}, place)
        spread_evaluation(recipe, test_scenarios, Cluster(nodes.address, AT_ONCE), kill_once)
        asked = Counter(received.text for received in server.requests)
        before = server.count
        found = evaluate(
            make(models), test_scenarios, models=models, name="x", store=place.open_journal(EPISODES, tmp_path)
        )
        assert server.count == before  # everything was there
    assert killed
    assert found.frame[FIGURES].equals(undisturbed.frame[FIGURES])
    assert len(asked) == calls
    assert sum(asked.values()) - calls <= AT_ONCE
