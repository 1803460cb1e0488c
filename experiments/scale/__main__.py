"""Throughput by store, memory by scenarios, and sizes on paper; one note.

``python -m experiments.scale`` measures all of it and writes ``docs/scale-measured.md``; ``--part`` measures one part,
and the rest of the note stays as it was. What was measured is in ``docs/scale/measured.json``.
"""

import argparse
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmark import build_authored
from cli.work import SWITCH
from experiments.scale.nodes import measure_nodes
from experiments.scale.note import Measured, Memory, page
from experiments.scale.paper import measure_conversations
from experiments.scale.rate import measure_rate
from experiments.scale.store_speed import Row, StoreLoad, measure_stores, stores
from experiments.throughput.__main__ import PROFILES, SCENARIOS, record
from experiments.throughput.recorded import serving
from tests.servers.postgres import postgres

KEPT, NOTE = Path("docs/scale/measured.json"), Path("docs/scale-measured.md")
PARTS = ("stores", "memory", "nodes", "rate", "paper")


def measure_all_stores(given: argparse.Namespace) -> list[Row]:
    """Throughput by reply store."""
    scenarios = list(build_authored())[::PROFILES][:SCENARIOS]
    said = record(scenarios)
    with (
        tempfile.TemporaryDirectory() as name,
        postgres(Path(name) / "postgres", durable=True) as server,
        serving(said) as url,
    ):
        load = partial(StoreLoad, url, [messages for messages, _ in said], scenarios, given.seconds, Path(name))
        return measure_stores(load, stores(Path(name), server.make_database), given.rounds)


def measure_memory(given: argparse.Namespace) -> Memory:
    """Memory of an evaluation at the local server that answers as stand-ins do."""
    with tempfile.TemporaryDirectory() as folder:
        serve = [sys.executable, "-m", "tests.servers.openai_server"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            words = [server.stdout.readline().strip(), folder, str(given.scenarios), str(given.flight)]
            command = [sys.executable, "-m", "experiments.scale.memory", *words]
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            finally:
                server.terminate()
    return Memory.model_validate_json(done.stdout.splitlines()[-1])


def measure(part: str, given: argparse.Namespace) -> object:
    """What a part of the note is about."""
    match part:
        case "stores":
            return measure_all_stores(given)
        case "memory":
            return measure_memory(given)
        case "nodes":
            return measure_nodes(given.program, given.spread, given.at_once)
        case "rate":
            return measure_rate(given.per_minute, given.minutes * 60)
    return measure_conversations(given.conversations)


def main() -> None:
    """Measure, keep, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--part",
        choices=PARTS,
        action="append",
        help="of the note; all if none is named. stores: throughput by reply store; memory: of a process, by "
        "conversations; nodes: two Ray nodes, one of them killed; rate: a limit kept by two processes; paper: sizes",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement of calls alone")
    parser.add_argument("--scenarios", type=int, default=7000, help="of each of two programs, for memory")
    parser.add_argument("--flight", type=int, default=64, help="conversations at once, for memory")
    parser.add_argument("--program", default="vanilla", help="that is evaluated on Ray nodes")
    parser.add_argument("--spread", type=int, default=2000, help="scenarios that are evaluated there")
    parser.add_argument("--at-once", type=int, default=4, help="conversations of each worker there")
    parser.add_argument("--per-minute", type=float, default=3000, help="the rate limit of two processes")
    parser.add_argument("--minutes", type=float, default=2, help="for which it is watched")
    parser.add_argument("--conversations", type=int, default=140, help="for the sizes on paper")
    given = parser.parse_args()
    sys.setswitchinterval(SWITCH)
    measured = Measured.model_validate_json(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else Measured()
    for part in given.part or PARTS:
        measured = measured.model_copy(update={part: measure(part, given)})
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(measured.model_dump_json(indent=1) + "\n", encoding="utf-8")
    NOTE.write_text(page(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
