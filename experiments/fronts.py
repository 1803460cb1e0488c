"""Our front against what one price at a time gives: hypervolume and LM calls of ``pareto``, ``mipro`` and ``gepa``.

Run ``python -m experiments.fronts``; writes ``docs/fronts.md``. For every target and seed: one ``pareto`` search,
five ``mipro`` and five ``gepa`` searches, one a price. Each has models and a reply store of its own, so that it pays
for all it uses; planned paths are the same for all, and free. The five programs of one optimizer are taken together,
with the uncompiled one. All are measured on held-out test. Finished cells are kept in a folder, so a stopped run goes
on.
"""

import argparse
import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmark import build_authored, evaluate, sample, split
from benchmark.planning.planning import PlanSettings, plan
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.simulation import PERSONAS, WORLD
from modules import RAISE, PathIndex
from modules.files import write_whole
from optimizers.front import Pick, choose, hypervolume
from optimizers.registry import OPTIMIZERS
from optimizers.task import Task

REPORT = Path(__file__).resolve().parents[1] / "docs" / "fronts.md"
TARGETS = ("gpt-4o", "deepseek-7b", "mistral-7b", "llama-3.1-8b", "qwen-2.5-7b", "qwq-32b")
SEEDS = (0, 1, 2)
PRICES = (0.0, 0.05, 0.1, 0.2, 0.4)
OTHERS = ("mipro", "gepa")
TRAIN, DEV, TEST = 28, 42, 140
TRIALS = {"pareto": 40, "mipro": 20, "gepa": 20}
Z = 1.959964
SAME = 0.02
"""Questions more that count as none: no more were asked on dev."""


@dataclass(frozen=True)
class Found:
    """What one optimizer gave for one target and seed.

    Attributes:
        calls: LM calls of its searches, all roles.
        seconds: of the searches.
        points: (safety, questions) on test of every program, the uncompiled one last.
        gain: of the default program over the uncompiled one on test: mean, lower and upper bound, questions.
    """

    calls: int
    seconds: float
    points: list[tuple[float, float]]
    gain: tuple[float, float, float, float] | None = None

    @property
    def volume(self) -> float:
        """Hypervolume on test."""
        return hypervolume([(point[0], point[1]) for point in self.points])


def models_of(target: str) -> LanguageModels:
    """Fresh models, with a reply store in memory."""
    role = {**default_models()[Role.TARGET].model_dump(), "model": f"sim/{target}"}
    return LanguageModels({Role.TARGET: RoleSettings(**role)})


def searched(target: str, seed: int, name: str, paths: PathIndex, prices: Sequence[float]) -> Found:
    """All searches of one optimizer; the programs that it offers, measured on test."""
    data = build_authored()
    train, dev, test = (
        sample(split(data, part, seed=seed), size, seed=seed)
        for part, size in (("train", TRAIN), ("dev", DEV), ("test", TEST))
    )
    student, judge = RAISE(paths), models_of(target)  # what measuring on test costs is nobody's
    before = evaluate(student, test, models=judge, name="uncompiled")
    calls, seconds, points, gain = 0, 0.0, [], None
    for price in prices:
        models, started = models_of(target), time.perf_counter()
        task = Task(student, train, dev, models, seed=seed, trials=TRIALS[name], price=price)
        search = OPTIMIZERS[name](task)
        seconds += time.perf_counter() - started
        calls += models.ledger.snapshot().total().calls
        tests = [evaluate(c.program, test, models=judge, name=c.name) for c in search.front]
        points += [(e.mean("safety").mean, e.mean("n_queries").mean) for e in tests]
        if name == "pareto":
            asked = task.measure(student, "uncompiled").mean("n_queries").mean
            chosen = choose([candidate.point for candidate in search.front], Pick(), asked)
            more = tests[chosen].compare(before)
            gain = (more.safety.mean, more.safety.lo, more.safety.hi, more.n_queries.mean)
    points.append((before.mean("safety").mean, before.mean("n_queries").mean))
    return Found(calls, seconds, points, gain)


def complete(target: str, seed: int, folder: Path) -> bool:
    """Whether all optimizers are done for one target and seed."""
    return all((folder / f"{target}-{seed}-{name}.json").exists() for name in ("pareto", *OTHERS))


def cell(target: str, seed: int, folder: Path) -> dict[str, Found]:
    """All optimizers for one target and seed; what is done already is read."""
    paths: PathIndex | None = None
    found = {}
    for name in ("pareto", *OTHERS):
        file = folder / f"{target}-{seed}-{name}.json"
        if not file.exists():
            if paths is None:
                train = split(build_authored(), "train", seed=seed)
                paths = plan(train, PlanSettings(queries=28), models=models_of(target), seed=seed).paths
            result = searched(target, seed, name, paths, PRICES if name in OTHERS else PRICES[:1])
            write_whole(file, json.dumps(asdict(result)))
        found[name] = Found(**json.loads(file.read_text(encoding="utf-8")))
    return found


def spread(values: Sequence[float]) -> str:
    """Mean with the 95 % interval of the mean over targets and seeds."""
    data = np.asarray(values)
    half = Z * float(data.std(ddof=1)) / math.sqrt(len(data)) if len(data) > 1 else math.nan
    return f"{data.mean():.2f} [{data.mean() - half:.2f}, {data.mean() + half:.2f}]"


def report(cells: dict[tuple[str, int], dict[str, Found]]) -> str:
    """The tables."""
    seeds = ", ".join(str(seed) for seed in sorted({seed for _, seed in cells}))
    prices = ", ".join(f"{price:g}" for price in PRICES)
    lines = [
        "# Fronts",
        "",
        f"Written by `python -m experiments.fronts`. **SIMULATED** (stand-in world {WORLD}): how it works;",
        "says nothing about real models.",
        f"{TRAIN} train, {DEV} dev, {TEST} test scenarios; seeds {seeds}, {len(cells)} pairs of",
        f"target and seed. `pareto`: one search of {TRIALS['pareto']} trials. `mipro`, `gepa`: five searches each,",
        f"at prices {prices}, of {TRIALS['mipro']} and {TRIALS['gepa']} trials, their programs taken together with the",
        "uncompiled one. Hypervolume: over safety 1 and ten questions, of what the programs reach on held-out test;",
        "means over seeds. Much of the difference is reach: `pareto` also chooses threshold, budget and abstention,",
        "and so has programs that ask little or nothing; the others change prompts alone.",
        "",
        "| target | pareto | five mipro | five gepa | calls of pareto | of mipro | of gepa |",
        "|---|---|---|---|---|---|---|",
    ]
    for target in TARGETS:
        mine = [found for (name, _), found in cells.items() if name == target]
        if not mine:
            continue
        volumes = [f"{np.mean([found[name].volume for found in mine]):.2f}" for name in ("pareto", *OTHERS)]
        calls = [f"{np.mean([found[name].calls for found in mine]):,.0f}" for name in ("pareto", *OTHERS)]
        lines.append(f"| {target} | {' | '.join([*volumes, *calls])} |")
    lines += ["", "Paired over targets and seeds, with 95 % intervals of the mean:", ""]
    for name in OTHERS:
        gains = [found["pareto"].volume - found[name].volume for found in cells.values()]
        shares = [found["pareto"].calls / found[name].calls for found in cells.values()]
        better = sum(gain >= 0 for gain in gains)
        lines.append(
            f"- `pareto` minus five `{name}`: hypervolume {spread(gains)}, not less in {better} of {len(gains)}; "
            f"share of their calls {spread(shares)}, at most {max(shares):.2f}."
        )
    both = [found["pareto"].calls / sum(found[name].calls for name in OTHERS) for found in cells.values()]
    lines.append(f"- share of the calls of all ten searches: {spread(both)}, at most {max(both):.2f}.")
    lines += [
        "",
        "The default program of `pareto` (the safest on dev that asks no more than the uncompiled one) against the",
        "uncompiled one on test, paired by scenario, 95 % intervals clustered by situation:",
        "",
        "| target | seed | safety | questions |",
        "|---|---|---|---|",
    ]
    for (target, seed), found in sorted(cells.items(), key=lambda item: (TARGETS.index(item[0][0]), item[0][1])):
        if gain := found["pareto"].gain:
            lines.append(f"| {target} | {seed} | {gain[0]:+.2f} [{gain[1]:+.2f}, {gain[2]:+.2f}] | {gain[3]:+.2f} |")
    return "\n".join([*lines, "", *_gains(cells)]) + "\n"


def _gains(cells: dict[tuple[str, int], dict[str, Found]]) -> list[str]:
    """What all default programs together gain, and target by target."""
    gains = {key: found["pareto"].gain for key, found in cells.items() if found["pareto"].gain}
    safer = sum(gain[1] > 0 for gain in gains.values())
    both = sum(gain[1] > 0 and gain[3] <= SAME for gain in gains.values())
    lines = [
        f"Over all of them: safety {spread([gain[0] for gain in gains.values()])}, questions "
        f"{spread([gain[3] for gain in gains.values()])}. The interval of safety is above zero in",
        f"{safer} of {len(gains)}, in {both} of them at no more questions (up to {SAME:g}). Means over seeds, safety",
        "and questions:",
        "",
    ]
    for target in TARGETS:
        mine = [gain for (name, _), gain in gains.items() if name == target]
        if mine:
            lines.append(f"- {target}: {np.mean([g[0] for g in mine]):+.2f}, {np.mean([g[3] for g in mine]):+.2f}")
    return lines


def main() -> None:
    """Measure what is missing, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPORT.with_suffix(""), help="where finished cells are kept")
    parser.add_argument("--targets", nargs="+", default=TARGETS, choices=sorted(PERSONAS))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--report-only", action="store_true", help="report on the cells that are complete")
    told = parser.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    wanted = [(t, s) for s in told.seeds for t in told.targets if not told.report_only or complete(t, s, told.folder)]
    with ProcessPoolExecutor(told.workers) as pool:
        tasks = {(target, seed): pool.submit(cell, target, seed, told.folder) for target, seed in wanted}
        cells = {key: task.result() for key, task in tasks.items()}
    text = report(cells)
    print(text)
    REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
