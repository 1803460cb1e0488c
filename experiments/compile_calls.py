"""Where the LM calls of a compile go, and what fewer of them cost: by stage and predictor, before and after.

Run ``python -m experiments.compile_calls``; writes ``docs/compile-calls.md``. For every target and seed each arm does
the whole search of ``raise compile`` on stand-ins, with a reply store of its own, so that it pays for all it uses. What
comes out is measured on the same held-out scenarios for all arms. Finished cells are kept in a folder, so a stopped run
goes on, and ``--report-only`` reports on what is there.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from dspy.lm15 import Request

from benchmark import Evaluation, build_authored, evaluate, sample, split
from benchmark.jobs.progress import Progress
from experiments.fronts import spread
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.simulation import WORLD, StandIn
from lms.simulation.prompt import read
from lms.store import Reply
from modules import ContextRich, Program, Vanilla
from modules.files import write_whole
from optimizers.compile_settings import CompileSettings
from optimizers.compiler import prepare
from optimizers.defaults import SIZES, Size
from optimizers.front import choose, hypervolume
from optimizers.pareto import pareto
from optimizers.pareto.racing import Race

REPORT = Path(__file__).resolve().parents[1] / "docs" / "compile-calls.md"
TARGETS = ("gpt-4o", "deepseek-7b", "mistral-7b", "llama-3.1-8b", "qwen-2.5-7b", "qwq-32b")
SEEDS = (0, 1, 2)
TESTED = 70
"""Held-out scenarios that every arm is measured on; calls of the test are carried over to the arm's own number."""
STAGES = {
    "planning questions offline": "planning",
    "bootstrapping demonstrations": "train: demonstrations, instructions",
    "searching the trade-off": "racing trials on dev",
    "reflecting on the front": "reflection",
    "measuring the front again": "front on all of dev",
}
"""Progress report -> stage of the table."""
BASELINES, FRONT, UNCOMPILED = "test: baselines, uncompiled", "test: front", "uncompiled on dev"
PREDICTORS = {
    "danger": "triage", "completeness": "abstain", "enough": "abstain", "next_move": "abstain", "attribute": "plan",
    "question": "ask", "facts": "read", "response": "respond", "ranking": "rank", "risk_sensitivity": "judge",
    "answer": "user",
}  # fmt: skip
"""Output field -> who is asked for it; a request with none of these is the teacher's."""


@dataclass(frozen=True)
class EarlierRace(Race):
    """The rule of the versions before: three looks, one standard error of luck at each."""

    least_gain: float = 0.03

    def looks(self, scenarios: int) -> list[int]:
        """Thirds."""
        return sorted({max(1, round(scenarios * (i + 1) / 3)) for i in range(3)})

    def luck(self, measured: int, scenarios: int, objectives: int = 2) -> float:
        """The same at every look."""
        return 1.0


ARMS: dict[str, tuple[Size, Race]] = {
    "before": ("full", EarlierRace()),
    "medium": ("medium", Race()),
    "small": ("small", Race()),
}
"""Arm -> size and rule of its race."""


class Accountant:
    """Counts the calls that stand-ins answer, by stage and predictor; replies from the store do not come to it."""

    def __init__(self) -> None:
        self.stage = ""
        self.calls: Counter[tuple[str, str]] = Counter()

    def watch(self, models: LanguageModels) -> None:
        """Count what ``models`` are asked from now on."""
        for role in Role:
            engine = models[role].engine
            engine.model = CountedStandIn(engine.model, self)

    def follow(self, report: Progress) -> None:
        """Take the stage from a progress report."""
        self.stage = STAGES.get(report.stage, report.stage)

    def by_stage(self) -> dict[str, dict[str, int]]:
        """Stage -> predictor -> calls."""
        found: dict[str, dict[str, int]] = {}
        for (stage, predictor), count in self.calls.items():
            found.setdefault(stage, {})[predictor] = count
        return found


class CountedStandIn(StandIn):
    """A stand-in that tells an accountant of each call."""

    def __init__(self, inner: StandIn, accountant: Accountant) -> None:
        super().__init__(inner.persona, inner.seed)
        self._accountant = accountant

    def answer(self, request: Request) -> Reply:
        """Count the call, and answer it."""
        predictor = next((PREDICTORS[name] for name in read(request).fields if name in PREDICTORS), "teacher")
        self._accountant.calls[self._accountant.stage, predictor] += 1
        return super().answer(request)


@dataclass(frozen=True)
class Cell:
    """What one arm gave for one target and seed.

    Attributes:
        calls: stage -> predictor -> LM calls; those of the test on ``TESTED`` scenarios.
        seconds: of it all.
        points: (safety, questions) on test of every program of the front.
        uncompiled: the same of the uncompiled program.
        gain: of the default program over the uncompiled one on test: mean safety, bounds, questions.
        detectable: the least difference in safety that this test finds with 80 % power.
        trials: on how many scenarios each trial was measured.
    """

    calls: dict[str, dict[str, int]]
    seconds: float
    points: list[tuple[float, float]]
    uncompiled: tuple[float, float]
    gain: tuple[float, float, float, float]
    detectable: float
    trials: list[int]

    def volume(self) -> float:
        """Hypervolume on test."""
        return hypervolume([(point[0], point[1]) for point in self.points])

    def counted(self, arm: str) -> Counter[tuple[str, str]]:
        """(stage, predictor) -> calls, those of the test carried over to as many scenarios as the arm's compile has."""
        scale = dict.fromkeys((BASELINES, FRONT), SIZES[ARMS[arm][0]].test / TESTED)
        return Counter(
            {
                (stage, predictor): round(count * scale.get(stage, 1.0))
                for stage, found in self.calls.items()
                for predictor, count in found.items()
            }
        )


def measure(arm: str, target: str, seed: int) -> Cell:
    """Search as ``arm`` does, and measure what it found."""
    size, race = ARMS[arm]
    started, data, settings = time.perf_counter(), build_authored(), CompileSettings(size=size, seed=seed)
    role = {**default_models()[Role.TARGET].model_dump(), "model": f"sim/{target}"}
    models, accountant = LanguageModels({Role.TARGET: RoleSettings(**role)}), Accountant()
    accountant.watch(models)
    prepared = prepare(settings, data, models, limits=settings.limits(), progress=accountant.follow)
    with prepared.task.budget.enforced():
        search = pareto(prepared.task, race)
    test = sample(split(data, "test", seed=seed), TESTED, seed=seed)
    task = prepared.task

    def tested(program: Program, name: str) -> Evaluation:
        return evaluate(program, test, models=models, name=name, store=task.episodes)

    accountant.stage = BASELINES
    tested(Vanilla(), "vanilla")
    tested(ContextRich(), "context-rich")
    before = tested(task.student, "raise")
    accountant.stage = FRONT
    after = [tested(candidate.program, candidate.name) for candidate in search.front]
    accountant.stage = UNCOMPILED
    asked = task.measure(task.student, "raise").average("n_queries")
    chosen = choose([candidate.point for candidate in search.front], settings.picked(), asked)
    more = after[chosen].compare(before)
    return Cell(
        accountant.by_stage(),
        round(time.perf_counter() - started, 1),
        [_point(each) for each in after],
        _point(before),
        (more.safety.mean, more.safety.lo, more.safety.hi, more.n_queries.mean),
        more.spread.detectable(),
        [len(trial.dev.frame) for trial in search.trials],
    )


def _point(evaluation: Evaluation) -> tuple[float, float]:
    return evaluation.average("safety"), evaluation.average("n_queries")


def cell_file(arm: str, target: str, seed: int, folder: Path) -> Path:
    """Where a cell is kept."""
    return folder / f"{target}-{seed}-{arm}.json"


def cell(arm: str, target: str, seed: int, folder: Path) -> Cell:
    """``measure``, or what an earlier run measured."""
    file = cell_file(arm, target, seed, folder)
    if not file.exists():
        write_whole(file, json.dumps(asdict(measure(arm, target, seed))))
    return Cell(**json.loads(file.read_text(encoding="utf-8")))


Cells = dict[tuple[str, str, int], Cell]
"""(arm, target, seed) -> what was measured."""


def report(cells: Cells) -> str:
    """The page."""
    pairs = [(t, s) for s in SEEDS for t in TARGETS if all((arm, t, s) in cells for arm in ("before", "medium"))]
    counts = {arm: sum((name == arm for name, _, _ in cells), 0) for arm in ARMS}
    lines = [
        "# Calls of a compile",
        "",
        f"Written by `python -m experiments.compile_calls`. **SIMULATED** (stand-in world {WORLD}): how it works;",
        "says nothing about real models.",
        "A call is a request that the store had no reply to, whatever it costs. `before` is a",
        "compile of `--budget full` with the former rule of racing, as it was the default; `medium` is today's.",
        f"The whole search is done as the command does it; what it finds is measured on {TESTED} held-out scenarios,",
        "the same for all arms, and the calls of the test are carried over to as many scenarios as the arm's own",
        "compile has: " + ", ".join(f"{size} {sizes.test}" for size, sizes in SIZES.items()) + ".",
        "Measured targets and seeds: " + ", ".join(f"{arm} {count}" for arm, count in counts.items()) + ".",
        "",
        "## Where they go",
        "",
        *_table("stage", cells, 0),
        "",
        *_table("asked for", cells, 1),
        "",
        "## What fewer of them cost",
        "",
        "Hypervolume over safety 1 and ten questions, of what the programs of the front reach on test:",
        "",
        "| target | seed | before | medium | difference |",
        "|---|---|---|---|---|",
    ]
    differences, losses, shares = [], [], []
    for target, seed in pairs:
        old, new = (cells[arm, target, seed] for arm in ("before", "medium"))
        differences.append(new.volume() - old.volume())
        losses.append(100 * differences[-1] / old.volume())
        shares.append(new.counted("medium").total() / old.counted("before").total())
        lines.append(f"| {target} | {seed} | {old.volume():.2f} | {new.volume():.2f} | {differences[-1]:+.2f} |")
    if len(pairs) > 1:
        lines += [
            "",
            f"Medium minus before, paired over {len(pairs)} targets and seeds, with 95 % intervals: hypervolume",
            f"{spread(differences)}, which is {spread(losses)} percent of it, and share of the calls {spread(shares)}.",
        ]
    return "\n".join([*lines, "", *_defaults(cells)]) + "\n"


def _table(heading: str, cells: Cells, part: int) -> list[str]:
    """Calls by stage (part 0) or predictor (part 1), a column an arm, means over its cells."""
    means: dict[str, Counter[str]] = {}
    for arm in ARMS:
        mine = [cell.counted(arm) for (name, _, _), cell in cells.items() if name == arm]
        if mine:
            total: Counter[str] = Counter()
            for counted in mine:
                for key, count in counted.items():
                    total[key[part]] += count
            means[arm] = Counter({name: round(count / len(mine)) for name, count in total.items()})
    rows = (
        [*STAGES.values(), UNCOMPILED, BASELINES, FRONT]
        if part == 0
        else sorted({n for m in means.values() for n in m})
    )
    return [
        f"| {heading} | {' | '.join(means)} |",
        "|---" * (len(means) + 1) + "|",
        *(f"| {row} | {' | '.join(f'{mean[row]:,}' for mean in means.values())} |" for row in rows),
        f"| all | {' | '.join(f'{mean.total():,}' for mean in means.values())} |",
    ]


def _defaults(cells: Cells) -> list[str]:
    """What the default program of each arm gains over the uncompiled one, target by target."""
    lines = [
        "## What the default program gains over the uncompiled one",
        "",
        "Safety and questions on the same test, means over seeds; in brackets in how many of them the 95 % interval of",
        "safety is above zero. The last column is the difference in safety that this test finds with 80 % power.",
        "",
        "| arm | target | safety | questions | detectable |",
        "|---|---|---|---|---|",
    ]
    for arm in ARMS:
        for target in TARGETS:
            mine = [cell for (name, t, _), cell in cells.items() if (name, t) == (arm, target)]
            if mine:
                safety, questions = (float(np.mean([cell.gain[i] for cell in mine])) for i in (0, 3))
                above = sum(cell.gain[1] > 0 for cell in mine)
                least = float(np.mean([cell.detectable for cell in mine]))
                lines.append(
                    f"| {arm} | {target} | {safety:+.2f} ({above} of {len(mine)}) | {questions:+.2f} | {least:.2f} |"
                )
    return lines


def main(words: Sequence[str] | None = None) -> None:
    """Measure what is missing, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPORT.with_suffix(""), help="where finished cells are kept")
    parser.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--report-only", action="store_true", help="report on the cells that are there")
    told = parser.parse_args(words)
    told.folder.mkdir(parents=True, exist_ok=True)
    if not told.report_only:
        with ProcessPoolExecutor(told.workers) as pool:
            tasks = [
                pool.submit(cell, arm, target, seed, told.folder)
                for seed in told.seeds
                for target in told.targets
                for arm in told.arms
            ]
            for task in tasks:
                task.result()
    every = [(arm, target, seed) for arm in ARMS for target in TARGETS for seed in SEEDS]
    text = report({key: cell(*key, told.folder) for key in every if cell_file(*key, told.folder).exists()})
    print(text)
    REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
