"""An evaluation over HTTP on two Ray nodes of this machine, one of which is killed in the middle."""

import tempfile
import time
from collections import Counter
from pathlib import Path

from pydantic import BaseModel

from benchmark import Evaluation, Scenario, build_authored, sample
from benchmark.evaluation.targets import Measurement, TargetJob, evaluate_targets
from benchmark.jobs.cluster import Cluster, open_cluster
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress, Progress
from cli.programs import program_named
from lms import LanguageModels, Role, RoleSettings
from tests.servers.openai_server import OpenAIServer
from tests.servers.postgres import postgres
from tests.servers.ray_nodes import ray_nodes

FIGURES = ["scenario_id", "safety", "response", "n_queries", "stop_reason", "unscored"]
LEASE = 10.0
"""Seconds after which a dead worker's claims count for nothing."""


class Killed(BaseModel):
    """Two runs of the same evaluation, one of them disturbed.

    Attributes:
        at_once: conversations of a worker, and so the most calls that can be in flight on a node.
        killed_at: conversations that were done when a node was killed.
        calls: that the undisturbed run made.
        distinct: requests that the server saw in the disturbed run, the same ones counted once.
        twice: requests that it saw once more.
        same: whether all figures are the same.
        seconds: of the undisturbed and the disturbed run.
    """

    program: str
    scenarios: int
    at_once: int
    killed_at: int
    calls: int
    distinct: int
    twice: int
    same: bool
    seconds: tuple[float, float]


def measure_nodes(program: str, count: int, at_once: int) -> Killed:
    """The evaluation on two nodes, first undisturbed, then with one of them killed at a third."""
    scenarios = sample(list(build_authored()), count)
    runs: list[tuple[Evaluation, Counter[str], float]] = []
    killed: list[int] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres(Path(folder) / "postgres") as database,
        ray_nodes(2) as nodes,
    ):

        def kill(report: Progress) -> None:
            if runs and not killed and report.done >= report.total // 3:
                killed.append(report.done)
                nodes.kill(0)

        for _ in range(2):
            place = Place(Path(folder), database.make_database(), lease=LEASE)
            with OpenAIServer() as server, open_cluster(nodes.address, at_once) as cluster:
                began = time.perf_counter()
                found = _evaluated(program, scenarios, server.url, place, cluster, progress=kill)
                seconds = time.perf_counter() - began
                runs.append((found, Counter(received.text for received in server.requests), seconds))
                print(time.strftime("%H:%M"), f"{seconds:.0f} s, {server.count} requests", flush=True)
            frames = [one.frame[FIGURES] for one, _, _ in runs]  # read while the database is there
    (_, calls, first), (_, asked, second) = runs
    return Killed(
        program=program,
        scenarios=count,
        at_once=at_once,
        killed_at=killed[0],
        calls=calls.total(),
        distinct=len(asked),
        twice=asked.total() - len(asked),
        same=frames[0].equals(frames[1]),
        seconds=(round(first, 1), round(second, 1)),
    )


def _evaluated(
    program: str, scenarios: list[Scenario], url: str, place: Place, cluster: Cluster, *, progress: OnProgress
) -> Evaluation:
    roles = {role: RoleSettings(model=f"openai/{role.value}", api_base=url) for role in Role}
    models, make = LanguageModels(roles, place.open_replies()), program_named(program)
    journal = place.open_journal(EPISODES, place.folder / EPISODES)
    job = TargetJob(models, [(program, make(models))], makes=[make])
    shared = Measurement(scenarios, journal, progress=progress, cluster=cluster, place=place)
    [outcome] = evaluate_targets([job], shared)
    models.store.close()
    return outcome.evaluations[0]
