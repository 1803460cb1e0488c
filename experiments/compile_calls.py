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
from dataclasses import asdict, dataclass
from pathlib import Path

from dspy.lm15 import Request

from benchmark import Evaluation, build_authored, evaluate, sample, split
from benchmark.jobs.progress import Progress
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.simulation import StandIn
from lms.simulation.prompt import read
from lms.store import Reply
from modules import ContextRich, Vanilla
from modules.files import write_whole
from optimizers.compiler import CompileSettings, prepare
from optimizers.defaults import Size
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

    def stage_calls(self, settings: CompileSettings) -> dict[str, float]:
        """Stage -> calls, those of the test carried over to as many scenarios as ``settings`` say."""
        scale = dict.fromkeys((BASELINES, FRONT), settings.test / TESTED)
        return {stage: sum(found.values()) * scale.get(stage, 1.0) for stage, found in self.calls.items()}


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

    def tested(program: object, name: str) -> Evaluation:
        return evaluate(program, test, models=models, name=name, store=task.episodes)  # type: ignore[arg-type]

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


def cell(arm: str, target: str, seed: int, folder: Path) -> Cell:
    """``measure``, or what an earlier run measured."""
    file = folder / f"{target}-{seed}-{arm}.json"
    if not file.exists():
        write_whole(file, json.dumps(asdict(measure(arm, target, seed))))
    return Cell(**json.loads(file.read_text(encoding="utf-8")))


def main(words: Sequence[str] | None = None) -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPORT.with_suffix(""))
    parser.add_argument("--targets", nargs="+", default=TARGETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--arms", nargs="+", default=ARMS)
    told = parser.parse_args(words)
    told.folder.mkdir(parents=True, exist_ok=True)
    for seed in told.seeds:
        for target in told.targets:
            for arm in told.arms:
                found = cell(arm, target, seed, told.folder)
                print(arm, target, seed, found.seconds, round(found.volume(), 2), flush=True)


if __name__ == "__main__":
    main()
