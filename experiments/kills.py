"""What kills leave behind: the real commands against a counting server, killed at random points and started again.

A part of ``python -m experiments.faults``. Some runs are of two processes at once on one folder. After its last kill
each run is started once more and comes to its end; that result is compared with an undisturbed run's.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.openai_server import OpenAIServer

COMPILE = ["compile", "--train", "4", "--dev", "2", "--test", "3", "--plan-queries", "2", "--evaluations", "3"]
COMMANDS = {"evaluate": ["evaluate", "vanilla", "raise", "--limit", "7"], "compile": [*COMPILE, "--trials", "3"]}
MODELS = {"target": "openai/gpt-4o", "judge": "openai/gpt-4o-mini", "user": "openai/gpt-4o-mini"}
"""Names with a price; the teacher is like the judge."""
CONCURRENCY = 4
KILLS_A_RUN = 4
TAIL = 0.1
"""Share of a run's requests that kills after its last request stand for, while it writes its results."""
WRITING = 3.0
"""Seconds within which such a kill comes."""
POLL = 0.02
PATIENCE = 600.0
Process = subprocess.Popen[str]
OF_THE_RUN = frozenset({"program", "chosen", "reused_replies", "mlflow", "resumed", "search_replies", "seconds"})
"""Fields of a result that depend on folders, on how often the command was started, and on how long the server took."""
TAKEN = frozenset({"lm_calls", "cost_usd"})
"""Fields that are compared for themselves."""


@dataclass(frozen=True)
class KilledRun:
    """One run, killed several times, and how its end compares with the undisturbed run's.

    Attributes:
        processes: how many worked on the folder at once.
        kills: processes that were killed.
        again: requests that came more often than in the undisturbed run.
        other: requests that the undisturbed run does not make.
        figures, calls, cost: whether they are the undisturbed run's, for every process that came to its end.
        trouble: last words of processes that failed by themselves.
    """

    processes: int
    kills: int
    again: int
    other: int
    figures: bool
    calls: bool
    cost: bool
    trouble: tuple[str, ...]


@dataclass(frozen=True)
class KilledCommand:
    """All runs of a command; ``needed`` is how many requests an undisturbed run makes."""

    name: str
    needed: int
    runs: tuple[KilledRun, ...]


@dataclass(frozen=True)
class KillTest:
    """What all runs of a command share."""

    name: str
    server: OpenAIServer
    rng: random.Random
    undisturbed: Any
    needed: Counter[str]

    def run(self, folder: Path, processes: int, kills: int) -> KilledRun:
        """Kill the command in ``folder``, let it come to its end, and compare."""
        start, killed, trouble = self.server.count, 0, []
        for point in self._points(kills):
            running = [_start(self.name, self.server.url, folder) for _ in range(processes)]
            self._wait_for(point, running, start)
            for one in running:
                killed += one.poll() is None
                one.kill()
            trouble += [words for one in running if isinstance(words := _result(one), str) and one.returncode > 0]
        ending = [_start(self.name, self.server.url, folder) for _ in range(processes)]
        results = [_result(one) for one in ending]
        asked = _contents(self.server, start)
        return KilledRun(
            processes,
            killed,
            again=sum(n for content, n in (asked - self.needed).items() if content in self.needed),
            other=len(asked.keys() - self.needed.keys()),
            figures=self._same(_figures, results),
            calls=self._same(_calls, results),
            cost=self._same(_cost, results),
            trouble=(*trouble, *(result for result in results if isinstance(result, str))),
        )

    def _points(self, kills: int) -> list[int]:
        """After how many answered requests to kill; more than all is while the results are being written."""
        return sorted(self.rng.randint(1, round(len(self.needed) * (1 + TAIL))) for _ in range(kills))

    def _wait_for(self, point: int, running: Sequence[Process], start: int) -> None:
        wanted = min(point, len(self.needed))
        _wait_until(
            lambda: (
                all(one.poll() is not None for one in running) or len(_contents(self.server, start).keys()) >= wanted
            )
        )
        if point > wanted:
            time.sleep(self.rng.uniform(0, WRITING))

    def _same(self, part: Callable[[Any], Any], results: Sequence[Any]) -> bool:
        return all(not isinstance(result, str) and part(result) == part(self.undisturbed) for result in results)


def kill_command(name: str, kills: int, seed: int) -> KilledCommand:
    """Kill ``name`` about ``kills`` times, in runs of which every other one has two processes."""
    with OpenAIServer() as server, tempfile.TemporaryDirectory() as folder:
        undisturbed = _result(_start(name, server.url, Path(folder) / "undisturbed"))
        if isinstance(undisturbed, str):
            raise RuntimeError(f"the undisturbed {name} failed: {undisturbed}")
        test = KillTest(name, server, random.Random(f"{name} {seed}"), undisturbed, _contents(server, 0))
        runs: list[KilledRun] = []
        while (left := kills - sum(run.kills for run in runs)) > 0:
            processes = 1 + len(runs) % 2
            points = max(1, min(KILLS_A_RUN, left) // processes)
            runs.append(test.run(Path(folder) / str(len(runs)), processes, points))
            print(name, runs[-1], flush=True)
    return KilledCommand(name, test.needed.total(), tuple(runs))


def _start(name: str, url: str, folder: Path) -> Process:
    command = [sys.executable, "-c", "from cli.app import main; main()", *COMMANDS[name], "--api-base", url]
    command += [word for role, model in MODELS.items() for word in (f"--{role}", model)]
    command += ["--concurrency", str(CONCURRENCY), "--json"]
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _result(process: Process) -> Any:
    """The object that ``process`` printed in the end, or its last words as a string; a killed one has none."""
    said, words = process.communicate(timeout=PATIENCE)
    if process.returncode == 0:
        return json.loads(said)
    last = (words.strip().splitlines() or ["no words"])[-1]  # the lines before it may be a traceback, with local paths
    return f"exit code {process.returncode}: {last[:300]}"


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"a run made no progress in {PATIENCE:.0f} s")
        time.sleep(POLL)


def _contents(server: OpenAIServer, start: int) -> Counter[str]:
    """How often each request came, from request number ``start`` on."""
    return Counter(json.dumps(received.body, sort_keys=True) for received in server.requests[start:])


def without(result: Any, fields: Collection[str]) -> Any:
    """A result as JSON has it, without ``fields``, however deep they are."""
    if isinstance(result, dict):
        return {name: without(value, fields) for name, value in result.items() if name not in fields}
    return [without(value, fields) for value in result] if isinstance(result, list) else result


def _figures(result: Any) -> Any:
    return without(result, OF_THE_RUN | TAKEN)


def _parts(result: Any) -> list[Any]:
    """Programs of an evaluation, targets of a compile: what the calls are counted for."""
    parts: list[Any] = result.get("programs") or result.get("targets") or []
    return parts


def _calls(result: Any) -> Counter[str]:
    """Calls by role, of all programs: which of them asked first for a reply that both need is a matter of chance."""
    total: Counter[str] = Counter()
    for part in _parts(result):
        total.update(part["lm_calls"])
    return total


def _cost(result: Any) -> float | None:
    costs = [part["cost_usd"] for part in _parts(result)]
    return None if None in costs else round(sum(costs), 9)


def kills_table(commands: Iterable[KilledCommand]) -> list[str]:
    """The runs as lines of Markdown."""
    lines = [
        "| command | processes at once | runs | kills | requests needed | asked again | at most in flight "
        "| asked besides | same figures | same calls | same cost |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    trouble = []
    for command in commands:
        for processes in sorted({run.processes for run in command.runs}):
            runs = [run for run in command.runs if run.processes == processes]
            kills, n = sum(run.kills for run in runs), len(runs)
            lines.append(
                f"| {command.name} | {processes} | {n} | {kills} | {n * command.needed} "
                f"| {sum(run.again for run in runs)} | {kills * CONCURRENCY} | {sum(run.other for run in runs)} "
                f"| {sum(run.figures for run in runs)} of {n} | {sum(run.calls for run in runs)} of {n} "
                f"| {sum(run.cost for run in runs)} of {n} |"
            )
            trouble += [f"- {command.name}: {words}" for run in runs for words in run.trouble]
    return [*lines, "", *(["Processes that failed:", "", *trouble, ""] if trouble else [])]
