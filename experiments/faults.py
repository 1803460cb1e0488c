"""What faults of an endpoint do to an evaluation, and what kills do to the commands, measured over HTTP.

Run ``python -m experiments.faults`` from the root of the checkout; rewrites ``docs/faults-measured.md``. A local server
answers with stand-ins, fails at random (by seed, a request's content and how often it has come) and counts.
"""

import argparse
import json
import logging
import platform
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmark import Scenario, build_authored, evaluate, sample
from benchmark.evaluation.episode import Episode
from experiments import kills
from lms import LanguageModels, Role, RoleSettings
from modules import RAISE, Program, Vanilla
from tests.servers.faults import REFUSALS, Fault, Refusal, Trouble
from tests.servers.openai_server import Body, OpenAIServer

PAGE = Path(__file__).resolve().parents[1] / "docs" / "faults-measured.md"
PROGRAMS: dict[str, type[Program]] = {"vanilla": Vanilla, "raise": RAISE}
MIXED = {
    Fault.RATE_LIMITED: 0.10,
    Fault.SERVER_ERROR: 0.03,
    Fault.HELD: 0.02,
    Fault.MALFORMED: 0.03,
    Fault.CUT_OFF: 0.02,
}
ALONE = 0.2
"""Share of requests with a fault, where there is one kind of fault alone."""
NAMES = {
    Fault.RATE_LIMITED: "429",
    Fault.SERVER_ERROR: "500",
    Fault.HELD: "time-out",
    Fault.MALFORMED: "malformed body",
    Fault.CUT_OFF: "cut-off reply",
}
TIMEOUT, ROOM, CONCURRENCY = 1.0, 2048, 16
ROOMIEST = 4 * ROOM
"""Tokens; with so much room no reply is cut off any more."""
SOON = (("Retry-After", "0"),)
"""So that the run waits as it really does, and not for long."""
Figures = dict[tuple[str, str], tuple[object, ...]]


@dataclass
class Chances:
    """Faults by chance: the same for the same request, whatever the order in which requests come."""

    shares: Mapping[Fault, float]
    seed: int
    asked: Counter[str] = field(default_factory=Counter)
    sent: Counter[Fault] = field(default_factory=Counter)

    def __call__(self, index: int, body: Body) -> Trouble | None:
        """What becomes of this request."""
        content = json.dumps(body, sort_keys=True)
        self.asked[content] += 1
        rng = random.Random(f"{self.seed} {self.asked[content]} {content}")
        [fault] = rng.choices([*self.shares, None], [*self.shares.values(), 1 - sum(self.shares.values())])
        if fault is None or (fault is Fault.CUT_OFF and body["max_completion_tokens"] >= ROOMIEST):
            return None
        self.sent[fault] += 1
        return _soon(REFUSALS[fault]) if fault in (Fault.RATE_LIMITED, Fault.SERVER_ERROR) else fault


def _soon(refusal: Refusal) -> Refusal:
    return Refusal(refusal.status, refusal.body, SOON)


@dataclass(frozen=True)
class Faulty:
    """What a run with faults came to.

    Attributes:
        requests: received by the server.
        sent: faults by kind.
        lost: conversations without a score.
        changed: scored conversations that are not those of the run without faults.
        seconds: duration.
    """

    name: str
    conversations: int
    requests: int
    sent: Mapping[Fault, int]
    lost: int
    changed: int
    seconds: float


def run_with(shares: Mapping[Fault, float], scenarios: Sequence[Scenario], seed: int) -> tuple[Figures, Chances, int]:
    """The figures of both programs under these faults, the faults, and how many requests came."""
    chances = Chances(shares, seed)
    with OpenAIServer(faults=chances) as server:
        roles = {role: RoleSettings(model=f"openai/{_name(role)}", **_settings(server.url)) for role in Role}
        models = LanguageModels(roles)
        episodes = {
            (name, episode.scenario.id): _figures(episode)
            for name, program in PROGRAMS.items()
            for episode in evaluate(program(), scenarios, models=models, name=name, concurrency=CONCURRENCY).episodes
        }
    return episodes, chances, server.count


def _name(role: Role) -> str:
    return "gpt-4o" if role is Role.TARGET else role.value


def _settings(url: str) -> dict[str, object]:
    return {"api_base": url, "timeout": TIMEOUT, "max_tokens": ROOM}


def _figures(episode: Episode) -> tuple[object, ...]:
    said = (episode.response, episode.n_queries, episode.asked, episode.turns, episode.stop_reason)
    return (episode.verdict.scores, *said, episode.unreadable, episode.lost_answers)


def measure(
    name: str, shares: Mapping[Fault, float], scenarios: Sequence[Scenario], clean: Figures, seed: int
) -> Faulty:
    """A run under these faults beside the one without."""
    began = time.monotonic()
    found, chances, requests = run_with(shares, scenarios, seed)
    scored = {key: figures for key, figures in found.items() if figures[0] is not None}
    changed = sum(figures != clean[key] for key, figures in scored.items())
    row = Faulty(name, len(found), requests, chances.sent, len(found) - len(scored), changed, time.monotonic() - began)
    print(row, flush=True)
    return row


def faults_table(rows: Sequence[Faulty]) -> list[str]:
    """The runs as lines of Markdown."""
    kinds = list(MIXED)
    lines = [
        f"| faults | conversations | requests | {' | '.join(NAMES[kind] for kind in kinds)} | lost | changed |",
        "|---|---|---|" + "---|" * (len(kinds) + 2),
    ]
    for row in rows:
        sent = " | ".join(f"{row.sent.get(kind, 0):,}" for kind in kinds)
        lines.append(f"| {row.name} | {row.conversations:,} | {row.requests:,} | {sent} | {row.lost} | {row.changed} |")
    return lines


def report(rows: Sequence[Faulty], killed: Sequence[kills.KilledCommand], options: argparse.Namespace) -> str:
    """The page."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("dspy", "litellm"))
    mixed = ", ".join(f"{100 * share:.0f} % {NAMES[kind]}" for kind, share in MIXED.items())
    return "\n".join(
        [
            "# Faults and kills, measured",
            "",
            f"Written by `python -m experiments.faults --scenarios {options.scenarios} --alone {options.alone} "
            f"--kills {options.kills} --seed {options.seed}`",
            f"with Python {platform.python_version()}, {versions}. **Simulated**: stand-ins answer behind a local "
            "server over HTTP;",
            "what is measured is how runs survive, no figure says anything about real models.",
            "[What happens under which fault](faults.md) has the promises and their tests.",
            "",
            "## Faults of the endpoint",
            "",
            f"`vanilla` and `raise`, {CONCURRENCY} conversations at once, settings as they come but for a time-out of "
            f"{TIMEOUT:g} s. Each request",
            "fails by chance, also when it is asked again; *mixed* is " + mixed + ".",
            "A cut-off reply may be cut off again with twice the room, and is whole with four times.",
            "*Lost* are conversations without a score, *changed* those that differ from the run without faults in a "
            "score, a question,",
            "an answer or a response.",
            "",
            *faults_table(rows),
            "",
            "## Kills",
            "",
            f"The commands as processes with `--concurrency {kills.CONCURRENCY}`, ended by SIGKILL at random points,",
            "in every other run two at once on one folder, then started again until done. *Asked again* are requests",
            "that came more often than undisturbed: none but those in flight at a kill may be. Figures, calls and cost",
            "are compared with an undisturbed run's.",
            "",
            *kills.kills_table(killed),
        ]
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description="Measure what faults and kills do to runs.")
    parser.add_argument("--scenarios", type=int, default=500, help="under mixed faults")
    parser.add_argument("--alone", type=int, default=60, help="scenarios under each kind of fault alone")
    parser.add_argument("--kills", type=int, default=30, help="of each command")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.getLogger("dspy").setLevel(logging.ERROR)
    scenarios = sample(build_authored().scenarios, max(options.scenarios, options.alone), seed=options.seed)
    few = scenarios[: options.alone]
    clean, _, _ = run_with({}, scenarios, options.seed)
    rows = [measure("mixed", MIXED, scenarios[: options.scenarios], clean, options.seed)]
    for kind in MIXED:
        rows.append(measure(f"{100 * ALONE:.0f} % {NAMES[kind]}", {kind: ALONE}, few, clean, options.seed))
    with ThreadPoolExecutor(len(kills.COMMANDS)) as pool:
        killed = list(pool.map(lambda name: kills.kill_command(name, options.kills, options.seed), kills.COMMANDS))
    PAGE.write_text(report(rows, killed, options).rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
