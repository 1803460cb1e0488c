"""What the server costs a turn, and what it holds in memory: whole conversations over HTTP; one note.

Run ``python -m experiments.serving``; it writes ``docs/serving.md``. The server is a process of its own (``raise
serve``), the clients are this one. The endpoint behind it, if there is one, answers from a table after a fixed time, so
that what is left of a turn is ours.
"""

import argparse
import asyncio
import itertools
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmark import Scenario, build_authored, sample, split
from experiments.throughput.recorded import LATENCY, Messages, Recorder, Said, serving
from lms import LanguageModels, Role
from modules import RAISE, AgentSettings
from modules.abstention import VARIANTS
from serving.replay import attribute_of, exchanges_in, is_question, reach, words_of

NOTE = Path("docs/serving.md")
READING = (5.0, 15.0)
"""Seconds that a person takes to read and write."""
REFUSES = "I'd rather not say."
PAGE = 4096
"""Bytes of a page of memory, as Linux counts it."""


def reply_of(scenario: Scenario, question: str) -> str:
    """What the person of ``scenario`` says to a question."""
    attribute = attribute_of(question, scenario.query)
    return (attribute and scenario.profile.known().get(attribute)) or REFUSES


def recorded(scenarios: Sequence[Scenario], variant: Any) -> Said:
    """The requests that these conversations lead to, with a stand-in's replies."""
    models, said = LanguageModels(), Said()
    engine = models[Role.TARGET].engine
    engine.model = Recorder(engine.model, said)
    program = RAISE(settings=AgentSettings(abstention=variant))
    with models.context(Role.TARGET):
        for scenario in scenarios:
            messages: Messages = [{"role": "user", "content": scenario.query}]
            while is_question(text := words_of(reach(program, exchanges_in(messages)).move)):
                messages += [
                    {"role": "assistant", "content": text},
                    {"role": "user", "content": reply_of(scenario, text)},
                ]
    return said


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    pid: int

    def memory(self) -> float:
        """Megabytes in memory (resident set)."""
        return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE / 2**20

    def processor(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(program: str, *words: str) -> Iterator[Served]:
    """``raise serve`` while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cli", "serve", program, "--port", str(port), "--turns", "1000", *words]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        while not is_up(url):
            if process.poll() is not None:
                raise SystemExit(f"raise serve {program} ended with {process.returncode}")
            time.sleep(0.2)
        yield Served(url, process.pid)
        process.send_signal(signal.SIGTERM)


def is_up(url: str) -> bool:
    """Whether a server answers there."""
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


@dataclass
class Seen:
    """What clients saw: seconds of each turn, and replies that were none."""

    turns: list[float] = field(default_factory=list)
    errors: int = 0


async def talk(client: httpx.AsyncClient, scenario: Scenario, seen: Seen, reading: tuple[float, float]) -> None:
    """One conversation, until it is answered."""
    messages: Messages = [{"role": "user", "content": scenario.query}]
    wait = random.Random(scenario.id)
    while True:
        if reading[1]:
            await asyncio.sleep(wait.uniform(*reading))
        began = time.perf_counter()
        reply = await client.post("/v1/chat/completions", json={"messages": messages})
        seen.turns.append(time.perf_counter() - began)
        if reply.status_code != httpx.codes.OK:
            seen.errors += 1
            return
        text = reply.json()["choices"][0]["message"]["content"]
        if not is_question(text):
            return
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": reply_of(scenario, text)}]


async def hold(
    url: str, scenarios: Sequence[Scenario], at_once: int, reading: tuple[float, float] = (0.0, 0.0)
) -> Seen:
    """All conversations, so many at a time."""
    seen, left = Seen(), iter(scenarios)
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(base_url=url, timeout=300, limits=limits) as client:

        async def one_after_the_other() -> None:
            for scenario in left:
                await talk(client, scenario, seen, reading)

        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return seen


def percentile(values: Sequence[float], percent: int) -> float:
    """So many percent of ``values`` are no larger."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def ms(seconds: float) -> str:
    """Milliseconds, as the tables show them."""
    return f"{1000 * seconds:.0f}"


def crowd(scenarios: Sequence[Scenario], at_once: int) -> str:
    """Many conversations at once on stand-ins, with people who read, and without."""
    columns = ("conversations at once", "turns", "errors", "turn p50, ms", "p95, ms", "processor time of a turn, ms")
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    reads = f"{at_once}, people read {READING[0]:g} to {READING[1]:g} s"
    for name, reading in ((reads, READING), (f"{at_once}, nobody reads", (0.0, 0.0))):
        with server("raise") as served:
            asyncio.run(hold(served.url, scenarios[-5:], 5))  # tables are loaded at the first use
            before = served.processor()
            seen = asyncio.run(hold(served.url, scenarios[:at_once], at_once, reading))
            cost = (served.processor() - before) / len(seen.turns)
        p50, p95 = statistics.median(seen.turns), percentile(seen.turns, 95)
        rows.append(f"| {name} | {len(seen.turns)} | {seen.errors} | {ms(p50)} | {ms(p95)} | {1000 * cost:.1f} |")
    return "\n".join(rows)


def variants(scenarios: Sequence[Scenario]) -> str:
    """A turn of one conversation at a time with the endpoint behind it."""
    rows = ["| `abstention` | turns | p50, s | p95, s |", "|---|---|---|---|"]
    for variant in VARIANTS:
        with serving(recorded(scenarios, variant)) as base:
            words = ("--target", "openai/gpt-4o", "--api-base", base)
            with server(f"raise:{variant}", *words) as served:
                seen = asyncio.run(hold(served.url, scenarios, 1))
        if seen.errors:
            raise SystemExit(f"{variant}: {seen.errors} errors")
        p50, p95 = statistics.median(seen.turns), percentile(seen.turns, 95)
        rows.append(f"| {variant} | {len(seen.turns)} | {p50:.2f} | {p95:.2f} |")
    return "\n".join(rows)


def memory(scenarios: Sequence[Scenario], conversations: int) -> str:
    """The server's memory while conversations come and go, no two of them alike."""
    rows = ["| conversations so far | MB in memory |", "|---|---|"]
    alike = itertools.cycle(scenarios)
    step = conversations // 5
    with server("raise") as served:
        for done in range(0, conversations, step):
            part = [
                one.model_copy(update={"query": f"{one.query} (I have thought of it for {done + i} hours.)"})
                for i, one in zip(range(step), alike, strict=False)
            ]
            if asyncio.run(hold(served.url, part, 16)).errors:
                raise SystemExit("errors while memory was measured")
            rows.append(f"| {done + step} | {served.memory():.0f} |")
    return "\n".join(rows)


def main() -> None:
    """Measure, and write the note."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--conversations", type=int, default=5000, help="for the memory")
    options = parser.parse_args()
    scenarios = sample(split(build_authored(), "test"), max(options.at_once + 5, 210))
    load = os.getloadavg()[0]
    crowded = crowd(scenarios, options.at_once)
    varied = variants(scenarios[:21])
    held = memory(scenarios, options.conversations)
    NOTE.write_text(
        f"""# Serving, measured

`python -m experiments.serving` writes this page: whole conversations with `raise serve` over HTTP, on
{os.cpu_count()} cores that server, clients and whatever else runs there share (load before the start: {load:.1f}).
*Simulated*: stand-ins answer, or a table with their replies.

## Many conversations

Stand-ins answer inside the server, so their time is in these figures; people were scripted.

{crowded}

## A turn

One conversation at a time; the endpoint answers each call after {LATENCY} s. What a turn takes beyond whole rounds of
{LATENCY} s is the server's and the machine's.

{varied}

## Memory

No two conversations are alike. The newest 20,000 replies of the model are kept, so memory grows until there are
as many.

{held}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
