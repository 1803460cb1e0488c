"""Resident memory of an evaluation by the scenarios it has done; run as a process of its own.

``python -m experiments.scale.memory URL FOLDER SCENARIOS IN_FLIGHT [DATABASE]`` evaluates `vanilla` and then
`context-rich` over as many scenarios of the authored set as asked for, at an endpoint, and prints JSON: conversations
held and megabytes, and at the end the peak.
"""

import json
import sys
import time
from pathlib import Path

from benchmark import build_authored, evaluate
from benchmark.jobs.environment import process_usage
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import Progress
from cli.work import SWITCH
from lms import LanguageModels, Role, RoleSettings
from modules import ContextRich, Vanilla

STEP = 20
"""Samples of each program."""


def resident() -> float:
    """Megabytes of this process in memory."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Evaluate and print."""
    url, folder, count, flight, *database = sys.argv[1:]
    sys.setswitchinterval(SWITCH)
    place = Place(Path(folder), database[0] if database else None)
    scenarios = list(build_authored())[: int(count)]
    roles = {role: RoleSettings(model=f"openai/{role.value}", api_base=url) for role in Role}
    models = LanguageModels(roles, place.open_replies())
    journal = place.open_journal(EPISODES, place.folder / EPISODES)
    samples: list[tuple[int, float]] = []
    began = time.perf_counter()
    for number, (name, program) in enumerate({"vanilla": Vanilla(), "context-rich": ContextRich()}.items()):

        def sample(report: Progress, before: int = number * len(scenarios)) -> None:
            if report.done % max(1, report.total // STEP) == 0:
                samples.append((before + report.done, round(resident(), 1)))

        evaluate(
            program, scenarios, models=models, name=name, store=journal, concurrency=int(flight), progress=sample
        ).summary()
    seconds = time.perf_counter() - began
    calls = models.ledger.snapshot().total().calls
    peak = process_usage()["peak_memory_mb"]
    print(json.dumps({"samples": samples, "peak": round(peak, 1), "seconds": round(seconds, 1), "calls": calls}))


if __name__ == "__main__":
    main()
