"""How many calls a second reach an endpoint that takes 0.2 s: beside a raw loop and DSPy by itself; one note.

Run ``python -m experiments.throughput``; it writes ``docs/throughput.md``. Everybody is measured in turn, round by
round, and compared within the round, since a machine is not equally fast all the time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark import Scenario, build_authored, evaluate
from cli.work import SWITCH
from experiments.throughput.contenders import CONTENDERS, Load, Speed
from experiments.throughput.recorded import LATENCY, Recorder, Said, serving
from lms import LanguageModels, Role
from modules import RAISE

FLIGHTS = (64, 128)
PROFILES = 5
"""Of each query of the data set; one is used."""
SCENARIOS = 400
INSPECTED = 300
"""Samples for inspect_ai."""
NOTE = Path("docs/throughput.md")
RAW = "raw aiohttp loop"


def record(scenarios: list[Scenario]) -> Said:
    """The requests of an evaluation, with the stand-ins' replies."""
    models, said = LanguageModels(), Said()
    for role in Role:
        models[role].engine.model = Recorder(models[role].engine.model, said)
    evaluate(RAISE(), scenarios, models=models, name="raise")
    return said


def with_inspect(python: str) -> Callable[[Load, int], Speed]:
    """inspect_ai, run by a ``python`` that has it."""

    def run(load: Load, flight: int) -> Speed:
        script = Path(__file__).with_name("with_inspect.py")
        command = [python, str(script), load.url, str(INSPECTED), str(flight)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return Speed(**json.loads(done.stdout.splitlines()[-1]))

    return run


def measure(
    load: Load, rounds: int, contenders: Mapping[str, Callable[[Load, int], Speed]]
) -> dict[tuple[str, int], list[Speed]]:
    """Contender and calls in flight -> its speed in each round."""
    found: dict[tuple[str, int], list[Speed]] = {}
    for number in range(rounds):
        for flight in FLIGHTS:
            for name, contender in contenders.items():
                found.setdefault((name, flight), []).append(contender(load, flight))
                print(number, flight, name, found[name, flight][-1], flush=True)
    return found


def note(found: dict[tuple[str, int], list[Speed]], rounds: int) -> str:
    """The page."""
    rows = []
    for name in dict.fromkeys(name for name, _ in found):
        cells = []
        for flight in FLIGHTS:
            speeds, raw = found[name, flight], found[RAW, flight]
            ratios = [mine.calls / theirs.calls for mine, theirs in zip(speeds, raw, strict=True)]
            cells += [
                f"{statistics.median(speed.calls for speed in speeds):.0f}",
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                f"{statistics.median(speed.cpu for speed in speeds):.2f}",
            ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    heads = " | ".join(f"{flight} in flight: calls/s | of raw | ms CPU" for flight in FLIGHTS)
    return PAGE.format(
        rounds=rounds, latency=LATENCY, cores=os.cpu_count(), heads=heads, rule="|---" * (1 + 3 * len(FLIGHTS)) + "|",
        rows="\n".join(rows),
    )  # fmt: skip


PAGE = """# Throughput

Calls a second at an endpoint that answers after {latency} s, on {cores} cores that this process and the endpoint share.
Medians of {rounds} rounds, everybody in turn within each; ratios are within rounds, with the range over them.

| | {heads} |
{rule}
{rows}

*raw aiohttp loop* posts the recorded requests of an evaluation and reads the replies, nothing else. *our LM* writes
each reply down before it is used and counts it. *`raise evaluate`* holds whole conversations with user and judge; the
figures count calls that reached the endpoint, while replies taken from the store cost time, too. `python -m
experiments.throughput` writes this page; other work on the machine lowers all figures, and the ratios less.

## How it is done

Conversations run in threads, one each. A blocking call seems to cost less processor time than one on an event loop:
with everything asynchronous a call took 6.5 ms instead of 4.8 (64 in flight, measured once, on a busy machine), so
there is no event loop on this path; async programs bring their own, with the same rules.

What a call cost was measured with cProfile and py-spy, and cut where it was most:

| | before | now |
|---|---|---|
| an OpenAI-compatible endpoint is asked without a second DSPy call inside the first | 933 us | 216 to 455 us |
| a role's LM reaches its engine without what nobody hears (a reply from the store) | 466 to 508 us | 117 to 209 us |
| words of an answer are compared only with those that begin alike (function calls a reply) | 9400 | 1970 |
| tables of crisis phrases at the start of a run | loaded by each thread | loaded once |

Microseconds of processor time, on a busy machine: only their sizes count. Replies that several threads have to write at
the same time are committed together; none is used before its commit. Commands let a thread work for up to 20 ms before
another that waits gets its turn, instead of 5 ms.

## `--concurrency auto`

The default with real models. The number of calls under way at an endpoint begins at 8 and rises: by one for every four
answers until something is refused, after that by one for as many answers as there are calls at once. A 429 or a
time-out takes 30 % off, once for all calls that were under way together. It stays between 1 and 128, is shared by all
roles at one endpoint, and is shown in the progress. Results do not depend on it. `--concurrency N` holds N
conversations at once, without a limit of calls.
"""


def main() -> None:
    """Record, serve, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--out", type=Path, default=NOTE)
    parser.add_argument("--inspect", metavar="PYTHON", help="a Python that has inspect_ai, measured beside the others")
    given = parser.parse_args()
    sys.setswitchinterval(SWITCH)
    scenarios = list(build_authored())[::PROFILES][:SCENARIOS]
    said = record(scenarios)
    with tempfile.TemporaryDirectory() as name, serving(said) as url:
        load = Load(url, [messages for messages, _ in said], scenarios, given.seconds, Path(name))
        others = {"inspect_ai, `generate()`": with_inspect(given.inspect)} if given.inspect else {}
        found = measure(load, given.rounds, {**CONTENDERS, **others})
    given.out.write_text(note(found, given.rounds), encoding="utf-8")


if __name__ == "__main__":
    main()
