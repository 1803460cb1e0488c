"""DSPy's optimizers side by side: what each finds, for how many calls.

Run ``python -m experiments.dspy_optimizers``; rewrites the table in ``docs/optimizers.md``. Simulated: it shows
that the adapters work, and says nothing about real models.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from benchmark import Comparison, Interval, build_authored, evaluate, sample, split
from benchmark.planning.planning import PlanSettings, plan
from experiments.fronts import models_of
from lms.simulation import WORLD
from modules import RAISE, PathIndex
from optimizers.registry import OPTIMIZERS
from optimizers.task import Candidate, Search, Task

REPORT = Path(__file__).resolve().parents[1] / "docs" / "optimizers.md"
BEGIN = "<!-- measured -->"
TARGET, SEED, TRIALS, PRICE = "gpt-4o", 0, 20, 0.1
TRAIN, DEV, TEST = 28, 42, 140
NAMES = ("bootstrap", "bootstrap-random", "mipro", "gepa", "simba", "copro")


@dataclass(frozen=True)
class Row:
    """One optimizer's search.

    Attributes:
        seconds: of the search alone.
        calls: LM calls of the search, all roles.
        gain: compiled minus uncompiled on test, paired.
    """

    name: str
    search: Search
    seconds: float
    calls: int
    teacher: int
    gain: Comparison


def measure(name: str, paths: PathIndex) -> Row:
    """One search with models of its own, so that it pays for all it uses; then the winner on test."""
    data, models = build_authored(), models_of(TARGET)
    train, dev, test = (
        sample(split(data, part, seed=SEED), size, seed=SEED)
        for part, size in (("train", TRAIN), ("dev", DEV), ("test", TEST))
    )
    student = RAISE(paths)
    started = time.perf_counter()
    search = OPTIMIZERS[name](Task(student, train, dev, models, seed=SEED, trials=TRIALS, price=PRICE))
    seconds, calls = time.perf_counter() - started, models.ledger.snapshot().calls()
    compiled = evaluate(search.front[0].program, test, models=models, name=name)
    gain = compiled.compare(evaluate(student, test, models=models, name="uncompiled"))
    return Row(name, search, seconds, sum(calls.values()), calls.get("teacher", 0), gain)


def _interval(interval: Interval) -> str:
    return f"{interval.mean:+.2f} [{interval.lo:+.2f}, {interval.hi:+.2f}]"


def _on_dev(candidate: Candidate) -> str:
    safety, questions = candidate.dev.mean("safety"), candidate.dev.mean("n_queries")
    return f"{safety.mean:.2f} [{safety.lo:.2f}, {safety.hi:.2f}] | {questions.mean:.2f}"


def table(rows: list[Row]) -> str:
    """The report."""
    start = next(trial for trial in rows[0].search.trials if trial.params["candidate"] == 0)
    lines = [
        f"Written by `python -m experiments.dspy_optimizers`. **SIMULATED** (sim/{TARGET}, world {WORLD}), one seed:",
        f"shows how the software works, says nothing about real models. {TRAIN} train, {DEV} dev and {TEST} test "
        f"scenarios, {TRIALS} trials,",
        f"price {PRICE:g}; one thread. 95 % intervals clustered by situation. The dev figures are those by which the",
        "winner was chosen, so they flatter; the gains are on test, paired with the uncompiled program.",
        "Where they are nought, nothing that was tried beat the uncompiled program on dev. Seconds depend on what else",
        "the machine does.",
        "",
        "| optimizer | seconds | LM calls | of the teacher | tried | safety on dev | questions on dev "
        "| gain in safety on test | in questions |",
        "|---|---|---|---|---|---|---|---|---|",
        f"| (uncompiled) | - | - | - | - | {_on_dev(start)} | - | - |",
    ]
    lines += [
        f"| {r.name} | {r.seconds:.0f} | {r.calls:,} | {r.teacher} | {len(r.search.trials) - 1} "
        f"| {_on_dev(r.search.front[0])} | {_interval(r.gain.safety)} | {_interval(r.gain.n_queries)} |"
        for r in rows
    ]
    troubled = [f"- {r.name}: {r.search.stopped} {dict(r.search.issues)}" for r in rows if r.search.issues]
    return "\n".join([*lines, *(["", "Lived with:", "", *troubled] if troubled else []), ""])


def main() -> None:
    """Measure, and rewrite the table."""
    data, models = build_authored(), models_of(TARGET)
    settings = PlanSettings(queries=28, evaluations=10, depth=4)
    paths = plan(split(data, "train", seed=SEED), settings, models=models, seed=SEED).paths
    rows = [measure(name, paths) for name in NAMES]
    text = REPORT.read_text(encoding="utf-8") if REPORT.exists() else "# DSPy's optimizers\n\n" + BEGIN + "\n"
    REPORT.write_text(text.partition(BEGIN)[0] + BEGIN + "\n\n" + table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
