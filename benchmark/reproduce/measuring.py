"""Measures the studies of each target: samples that grow until intervals are narrow, one process a simulated target."""

import math
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

import pandas as pd

from benchmark.evaluation.runner import TAKE_PART
from benchmark.jobs.journal import EpisodeStore
from benchmark.published import paper_name, published
from benchmark.reproduce.conditions import STUDIES, Study
from benchmark.reproduce.context import Lab, Progress
from benchmark.reproduce.figure import Experiment
from benchmark.reproduce.settings import ReproduceSettings
from benchmark.reproduce.table import widest
from benchmark.scenarios.scenario import ScenarioSet
from benchmark.scenarios.splits import split
from lms import LanguageModels, ReplyStore, Role, RoleSettings, is_simulated

TargetProgress = Callable[[str, int, int, str], None]
"""Called with (target, done, of how many, stage)."""
Report = tuple[str, int, int, str]
FIRST, FEWEST = 70, 21
"""Scenarios that an automatic sample begins with, and the fewest of one model where models share them."""
CONVERSATIONS = 8
"""At once, with real models."""
ENOUGH_TO_TELL, WORTHLESS = 0.25, 1.1
"""From this share of all scenarios on it is forecast what all of them would give; a tenth off is not worth them."""
MARGIN = 1.1
"""How many more than the intervals so far call for are taken, so that fewer rounds are needed."""


@dataclass(frozen=True)
class Measured:
    """What one target's studies gave.

    Attributes:
        target: its model string.
        rows: study -> rows.
        rollouts: evaluations spent on planning paths for RAISE; 0 if none were needed.
        lm_calls: role -> calls made by this run; what was stored before is not in it.
        cost_usd: of these calls, None if a price is not known.
        simulated: whether a stand-in had part in it.
    """

    target: str
    rows: Mapping[str, pd.DataFrame]
    rollouts: int
    lm_calls: Mapping[str, int]
    cost_usd: float | None
    simulated: bool


@dataclass(frozen=True)
class Work:
    """The studies of one target, ready to be measured anywhere.

    Attributes:
        settings: what decides the figures.
        data: all scenarios.
        place: number of this target among ``targets``.
        concurrency: episodes at once.
    """

    settings: ReproduceSettings
    data: ScenarioSet
    place: int
    targets: int
    concurrency: int = 1

    def __call__(
        self, models: LanguageModels, *, store: EpisodeStore | None = None, progress: Progress | None = None
    ) -> Measured:
        """Measure with ``models``.

        Args:
            store: finished episodes; in memory if not given.

        Raises:
            RaiseError: for a mistake that would fail everything, such as data with too few situations.
        """
        seed = self.settings.seed
        lab = Lab(
            models=models,
            train=split(self.data, "train", seed=seed),
            held_out=[*split(self.data, "dev", seed=seed), *split(self.data, "test", seed=seed)],
            store=store or EpisodeStore(),
            seed=seed,
            place=self.place,
            targets=self.targets,
            plan=self.settings.plan,
            rollouts=self.settings.rollouts,
            concurrency=self.concurrency,
            progress=progress or (lambda stage, done, total: None),
        )
        by_study: dict[str, list[Experiment]] = {}
        for experiment in self.settings.experiments():
            by_study.setdefault(experiment.study, []).append(experiment)
        target = models.roles[Role.TARGET].model
        rows = {
            name: _study(lab, STUDIES[name], wanted, self.settings).assign(target=target)
            for name, wanted in by_study.items()
        }
        lab.store.sync()
        counted = models.ledger.snapshot()
        total = counted.total()
        return Measured(
            target,
            rows,
            lab.rollouts_planned,
            counted.calls(),
            None if total.unpriced else round(total.cost_usd, 6),
            models.simulated(*TAKE_PART),
        )


def _study(lab: Lab, study: Study, experiments: Sequence[Experiment], settings: ReproduceSettings) -> pd.DataFrame:
    """The rows of one study, on as many scenarios as asked for or as the intervals call for."""
    wanted = frozenset[str]().union(*(experiment.conditions for experiment in experiments))
    most = len(lab.held_out)
    given = settings.sampling.size(len({s.domain for s in lab.held_out}))
    if given is not None:
        if study.most is not None:
            given = min(given, study.most)
        n = math.ceil(given / lab.targets) if study.spread else given
        return study.measure(lab, lab.dealt(min(n, most), spread=study.spread), wanted)
    # scenarios of their own make the mean of several models narrower than each of them
    goal = settings.precision * (math.sqrt(lab.targets) if study.spread else 1.0)

    def at(n: int) -> pd.DataFrame:
        return study.measure(lab, lab.dealt(n, spread=study.spread), wanted)

    def half_width(rows: pd.DataFrame) -> float:
        return max(widest(rows.assign(target=""), e.cells, e.column) for e in experiments)

    first = max(FEWEST, FIRST // lab.targets) if study.spread else FIRST
    return grown(at, half_width, goal, most, first)


def grown(
    at: Callable[[int], pd.DataFrame],
    half_width: Callable[[pd.DataFrame], float],
    goal: float,
    most: int,
    first: int = FIRST,
) -> pd.DataFrame:
    """The rows of the first sample whose intervals are narrow enough, or about as narrow as those of all there is.

    Scenarios share situations, of which there are only so many: beyond some size more scenarios change little.

    Args:
        at: number of scenarios -> rows.
        half_width: of the widest interval among rows.
        goal: what it should come down to.
        most: scenarios there are.
        first: scenarios to begin with.
    """
    n, before = min(first, most), None
    while True:
        rows = at(n)
        width = half_width(rows)
        if width <= goal or n >= most:
            return rows
        if before and n >= ENOUGH_TO_TELL * most:
            least = _with_all(before, (n, width), most)
            if goal < least and width <= WORTHLESS * least:
                return rows
        before = n, width
        factor = min(max(MARGIN * (width / goal) ** 2, 1.15), 4.0)  # widths go with the root of the sample
        n = min(most, math.ceil(n * factor))


def _with_all(before: tuple[int, float], now: tuple[int, float], most: int) -> float:
    """The half-width to expect of ``most`` scenarios, from two samples' (scenarios, half-width).

    The square of a width is a part that goes with 1 / n and a part that does not: situations differ.
    """
    (n0, w0), (n1, w1) = before, now
    falls = max(0.0, (w0**2 - w1**2) / (1 / n0 - 1 / n1))
    return math.sqrt(max(0.0, w1**2 - falls * (1 / n1 - 1 / most)))


def measure(
    settings: ReproduceSettings,
    data: ScenarioSet,
    targets: Sequence[Mapping[Role, RoleSettings]],
    *,
    store: Path,
    concurrency: int | None,
    progress: TargetProgress,
) -> list[Measured]:
    """The studies of every target, in their order.

    Targets that are simulated with their judge and user are measured in processes of their own, since the stand-ins are
    bound to one core; others one after the other, with ``concurrency`` conversations at once.

    Args:
        targets: roles of each.
        store: folder of replies and finished episodes; what is there is not asked for again.
        concurrency: processes (by default one a core), or conversations at once (by default 8).
    """
    jobs = [_Job(Work(settings, data, place, len(targets)), dict(roles), store) for place, roles in enumerate(targets)]
    if all(_stand_ins(job.roles) for job in jobs):
        return _in_processes(jobs, concurrency or os.cpu_count() or 1, progress)
    return [job.run(concurrency or CONVERSATIONS, progress) for job in jobs]


def _stand_ins(roles: Mapping[Role, RoleSettings]) -> bool:
    """Whether everybody who takes part is simulated."""
    return all(is_simulated(roles[role].model) for role in TAKE_PART)


@dataclass(frozen=True)
class _Job:
    """One target's work and where it keeps its things."""

    work: Work
    roles: dict[Role, RoleSettings]
    store: Path

    @property
    def target(self) -> str:
        return self.roles[Role.TARGET].model

    def run(self, concurrency: int, progress: TargetProgress) -> Measured:
        """In this process; real models share the replies of all commands."""
        folder = self.store / "reproduce" / re.sub(r"[^A-Za-z0-9.]+", "-", self.target)
        replies = folder if _stand_ins(self.roles) else self.store
        models = LanguageModels(self.roles, ReplyStore(replies / "replies.db"))
        work = Work(**{**vars(self.work), "concurrency": concurrency})
        return work(
            models,
            store=EpisodeStore(folder),
            progress=lambda stage, done, total: progress(self.target, done, total, stage),
        )


def _in_processes(jobs: Sequence[_Job], processes: int, progress: TargetProgress) -> list[Measured]:
    """All jobs, the longest first as far as the paper's figures tell, ``processes`` at once."""
    if len(jobs) == 1 or processes == 1:
        return [job.run(1, progress) for job in jobs]
    context = get_context("spawn")
    reports: Queue[Report] = context.Queue()
    with ProcessPoolExecutor(processes, context, _begin, (reports,)) as pool:
        order = sorted(jobs, key=lambda job: -_questions(job.target))
        running = {job.target: pool.submit(_run, job) for job in order}
        try:
            while not all(task.done() for task in running.values()):
                _pass_on(reports, progress)
                for task in (task for task in running.values() if task.done()):
                    task.result()  # the first failure ends the run
            while _pass_on(reports, progress):
                pass
        except BaseException:
            for process in list(pool._processes.values()):  # there is no public way before Python 3.14
                process.terminate()
            raise
    return [running[job.target].result() for job in jobs]


def _questions(target: str) -> float:
    """How much a target is expected to ask, 0 if nothing is known."""
    return float(published()["path_length"]["agent"].get(paper_name(target), 0.0))


def _pass_on(reports: "Queue[Report]", progress: TargetProgress) -> bool:
    """Show what a process has reported; whether there was anything."""
    try:
        report = reports.get(timeout=0.2)
    except Empty:
        return False
    progress(*report)
    return True


_reports: "list[Queue[Report]]" = []
"""In a process of the pool: where its reports go."""


def _begin(reports: "Queue[Report]") -> None:
    """Start a process of the pool; it ends when the one that started it is gone, so as not to go on beside the next."""
    _reports.append(reports)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()


def _run(job: _Job) -> Measured:
    """One job in a process of its own."""
    return job.run(1, _Sparing(_reports[0]))


@dataclass
class _Sparing:
    """Passes about one report in a hundred on, and the last of each stage: each takes a trip between processes."""

    reports: "Queue[Report]"
    said: dict[str, int] = field(default_factory=dict)

    def __call__(self, target: str, done: int, total: int, stage: str) -> None:
        if done == total or done - self.said.get(stage, -total) >= total / 100:
            self.said[stage] = done if done < total else -total
            self.reports.put((target, done, total, stage))
