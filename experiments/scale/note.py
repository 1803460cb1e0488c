"""The note: tables of what was measured, and what follows from it on paper."""

import statistics
from collections.abc import Iterator

from pydantic import BaseModel

from experiments.scale.nodes import Killed
from experiments.scale.paper import PerConversation
from experiments.scale.rate import Rate
from experiments.scale.store_speed import Row

SIZES = {
    "14,000 conversations": 14_000,
    "10^6 scenarios": 1_000_000,
    "14,000 x 6 models x 20 programs of a front": 14_000 * 6 * 20,
}
RATES = (3_000, 30_000)
"""Calls a minute."""
PRICES = (0.15, 0.60)
"""US dollars for a million tokens in and out, of a small model."""


class Memory(BaseModel):
    """An evaluation of two programs: conversations held and megabytes of the process; its peak; how long it took."""

    samples: list[tuple[int, float]]
    peak: float
    seconds: float
    calls: int


class Measured(BaseModel):
    """What is known so far; None where nothing was measured yet."""

    stores: list[Row] = []
    memory: Memory | None = None
    nodes: Killed | None = None
    rate: Rate | None = None
    paper: PerConversation | None = None


def page(measured: Measured) -> str:
    """The page."""
    parts = ["# Machines and stores", INTRODUCTION, *_stores(measured.stores), *_memory(measured.memory)]
    return "\n\n".join([*parts, *_nodes(measured.nodes), *_rate(measured.rate), *_paper(measured.paper)]) + "\n"


INTRODUCTION = """What [More than one machine](scale.md) rests on. `python -m experiments.scale` measures and writes
this page; `--part NAME` renews one part of it, and `--help` lists the parts."""


def _stores(rows: list[Row]) -> Iterator[str]:
    if not rows:
        return
    yield "## Throughput by reply store"
    yield (
        "Calls a second at an endpoint that answers after 0.2 s; the stores in turn within a round, medians over "
        f"{1 + max(row.number for row in rows)} rounds, ratios within rounds with the range over them. PostgreSQL "
        "waits for its disk and shares the processors with everything else here."
    )
    lines = ["| | in flight | SQLite: calls/s | ms CPU | PostgreSQL: calls/s | ms CPU | ratio |", "|---" * 7 + "|"]
    for kind, flight in dict.fromkeys((row.kind, row.flight) for row in rows):
        found = {
            name: [row for row in rows if (row.kind, row.flight, row.store) == (kind, flight, name)]
            for name in ("SQLite", "PostgreSQL")
        }
        cells = [
            f"{statistics.median(row.calls for row in own):.0f} | {statistics.median(row.cpu for row in own):.2f}"
            for own in found.values()
        ]
        ratios = [other.calls / one.calls for one, other in zip(*found.values(), strict=True)]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append(f"| {kind} | {flight} | {' | '.join(cells)} | {ratio} |")
    yield "\n".join(lines)


def _memory(memory: Memory | None) -> Iterator[str]:
    if memory is None:
        return
    yield "## Memory by conversations"
    yield (
        "Resident memory of a process that evaluates `vanilla` and then `context-rich` over HTTP, each reply and "
        f"episode in its store: {memory.calls:,} calls in {memory.seconds:.0f} s; at most {memory.peak:.0f} MB."
    )
    wanted = memory.samples[:: max(1, len(memory.samples) // 10)]
    if wanted[-1] != memory.samples[-1]:
        wanted.append(memory.samples[-1])
    yield "\n".join(["| conversations | MB |", "|---|---|", *(f"| {done:,} | {mb:.0f} |" for done, mb in wanted)])


def _nodes(killed: Killed | None) -> Iterator[str]:
    if killed is None:
        return
    yield "## A node that dies"
    yield (
        f"`{killed.program}` evaluated over HTTP on {killed.scenarios:,} scenarios by the workers of two Ray nodes on "
        f"one machine, {killed.at_once} conversations at once each, with a PostgreSQL store; then the same with an "
        f"empty store, and SIGKILL for one node after {killed.killed_at:,} conversations. *Asked twice* are requests "
        f"that the server saw again: at most the {killed.at_once} that can be in flight on a node may be."
    )
    same = "the same" if killed.same else "NOT THE SAME"
    rows = [
        ("undisturbed", killed.calls, killed.calls, 0, killed.seconds[0], ""),
        ("a node killed", killed.distinct + killed.twice, killed.distinct, killed.twice, killed.seconds[1], same),
    ]
    head = "| run | requests | distinct | asked twice | seconds | figures |"
    body = [f"| {n} | {all_:,} | {d:,} | {t} | {s:.0f} | {f} |" for n, all_, d, t, s, f in rows]
    yield "\n".join([head, "|---" * 6 + "|", *body])


def _rate(rate: Rate | None) -> Iterator[str]:
    if rate is None:
        return
    yield "## A rate limit that two processes keep"
    share = rate.calls / (rate.per_minute * rate.seconds / 60)
    parts = ", ".join(f"{count:,} from {source}" for source, count in rate.by_source.items())
    yield (
        f"Two processes on loopback addresses of their own ask an endpoint with `requests_per_minute` = "
        f"{rate.per_minute:,.0f} and a PostgreSQL store, as fast as they may. In {rate.seconds:.0f} s {rate.calls:,} "
        f"calls reached it, {share:.1%} of what the limit allows ({parts}); at most {rate.most:,} in any minute."
    )


def _paper(per: PerConversation | None) -> Iterator[str]:
    if per is None:
        return
    yield "## Sizes on paper"
    yield (
        f"A conversation of RAISE with user and judge takes {per.calls:.1f} calls, {per.input_tokens:,.0f} tokens in "
        f"and {per.output_tokens:,.0f} out, counted over {per.conversations} conversations with *simulated* models. "
        "Without what candidates of a front and shared beginnings of conversations save: these are upper ends. Money "
        f"at US$ {PRICES[0]:.2f} and {PRICES[1]:.2f} for a million tokens in and out."
    )
    heads = " | ".join(f"hours at {rate:,} calls a minute" for rate in RATES)
    lines = [f"| | calls | tokens in | tokens out | US$ | {heads} | store |", "|---" * (6 + len(RATES)) + "|"]
    for name, count in SIZES.items():
        calls, sent, got = (count * each for each in (per.calls, per.input_tokens, per.output_tokens))
        hours = " | ".join(f"{calls / rate / 60:,.1f}" for rate in RATES)
        money = (sent * PRICES[0] + got * PRICES[1]) / 1e6
        size = count * (per.row + per.calls * per.reply) / 1e9
        lines.append(
            f"| {name} | {calls / 1e6:,.2f} M | {sent / 1e6:,.0f} M | {got / 1e6:,.0f} M | {money:,.0f} | {hours} | "
            f"{size:,.1f} GB |"
        )
    yield "\n".join(lines)
