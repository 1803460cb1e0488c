"""Measures the studies of each target: samples that grow until intervals are narrow, one process a simulated target."""

import math
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.queues import Queue
from queue import Empty

import pandas as pd

from benchmark.evaluation.runner import ROLES
from benchmark.jobs.cluster import Cluster
from benchmark.jobs.crew import Work
from benchmark.jobs.journal import Journal
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from benchmark.published import paper_name, published
from benchmark.reproduce.conditions import STUDIES, Study
from benchmark.reproduce.context import TargetContext
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.settings import ReproduceSettings
from benchmark.reproduce.table import widest
from benchmark.scenarios.scenario import ScenarioSet
from benchmark.scenarios.splits import split
from lms import LanguageModels, Role, RoleSettings, is_simulated
from signatures.identity import content_id

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
        lm_calls: role -> calls made for it, those of interrupted runs too; replies that other commands had stored are
            not in it.
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
class TargetJob:
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
        self, models: LanguageModels, *, store: Journal | None = None, progress: OnProgress = ignore_progress
    ) -> Measured:
        """Measure with ``models``.

        Args:
            store: finished episodes; in memory if not given.

        Raises:
            RaiseError: for a mistake that would fail everything, such as data with too few situations.
        """
        seed = self.settings.seed
        context = TargetContext(
            models=models,
            train=split(self.data, "train", seed=seed),
            held_out=[*split(self.data, "dev", seed=seed), *split(self.data, "test", seed=seed)],
            store=store or Journal(),
            seed=seed,
            place=self.place,
            targets=self.targets,
            plan=self.settings.plan,
            rollouts=self.settings.rollouts,
            concurrency=self.concurrency,
            progress=progress,
        )
        by_study: dict[str, list[PaperFigure]] = {}
        for experiment in self.settings.experiments():
            by_study.setdefault(experiment.study, []).append(experiment)
        target = models.roles[Role.TARGET].model
        job = content_id(
            "reproduce", asdict(self.settings), self.targets, self.data.hash, [models.identity(role) for role in ROLES]
        )
        with models.ledger.charged_to(job):
            rows = {
                name: _measure_study(context, STUDIES[name], wanted, self.settings).assign(target=target)
                for name, wanted in by_study.items()
            }
        context.store.sync()
        counted = models.store.usage_of(job)
        return Measured(
            target,
            rows,
            context.rollouts_planned,
            counted.calls(),
            counted.total().known_cost_usd,
            models.simulated(*ROLES),
        )


def _measure_study(
    context: TargetContext, study: Study, figures: Sequence[PaperFigure], settings: ReproduceSettings
) -> pd.DataFrame:
    """The rows of one study, on as many scenarios as asked for or as the intervals call for."""
    wanted = frozenset[str]().union(*(experiment.conditions for experiment in figures))
    most = len(context.held_out)
    given = settings.sampling.size(len({s.domain for s in context.held_out}))
    if given is not None:
        if study.most is not None:
            given = min(given, study.most)
        n = math.ceil(given / context.targets) if study.spread else given
        return study.measure(context, context.draw(min(n, most), spread=study.spread), wanted)
    # scenarios of their own make the mean of several models narrower than each of them
    goal = settings.precision * (math.sqrt(context.targets) if study.spread else 1.0)

    def at(n: int) -> pd.DataFrame:
        return study.measure(context, context.draw(n, spread=study.spread), wanted)

    def half_width(rows: pd.DataFrame) -> float:
        return max(widest(rows.assign(target=""), e.cells, e.column) for e in figures)

    first = max(FEWEST, FIRST // context.targets) if study.spread else FIRST
    return grow_sample(at, half_width, goal, most, first)


def grow_sample(
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
    store: Place,
    concurrency: int | None,
    progress: OnProgress,
    cluster: Cluster | None = None,
) -> list[Measured]:
    """The studies of every target, in their order.

    Targets that are simulated with their judge and user are measured in processes of their own, since the stand-ins are
    bound to one core; others one after the other, with ``concurrency`` conversations at once.

    Args:
        targets: roles of each.
        store: where replies and finished episodes are; what is there is not asked for again.
        concurrency: processes (by default one a core), or conversations at once (by default 8).
        cluster: whose workers measure a target each, in place of this machine's processes.
    """
    jobs = [
        _StoredJob(TargetJob(settings, data, place, len(targets)), dict(roles), store.everywhere())
        for place, roles in enumerate(targets)
    ]
    if cluster is not None:
        with cluster.job(partial(_open_work, concurrency)) as spread:
            measured: list[Measured] = spread.run(jobs, progress, "measuring targets")
            return measured
    if all(_stand_ins(job.roles) for job in jobs):
        return _in_processes(jobs, concurrency or os.cpu_count() or 1, progress)
    return [job.run(concurrency or CONVERSATIONS, progress) for job in jobs]


@contextmanager
def _open_work(concurrency: int | None) -> Iterator[Work]:
    """What measures targets on a worker of a cluster."""
    yield lambda job, progress: job.run(1 if _stand_ins(job.roles) else concurrency or CONVERSATIONS, progress)


def _stand_ins(roles: Mapping[Role, RoleSettings]) -> bool:
    """Whether everybody who takes part is simulated."""
    return all(is_simulated(roles[role].model) for role in ROLES)


@dataclass(frozen=True)
class _StoredJob:
    """One target's work and where it keeps its things."""

    work: TargetJob
    roles: dict[Role, RoleSettings]
    store: Place

    @property
    def target(self) -> str:
        return self.roles[Role.TARGET].model

    def run(self, concurrency: int, progress: OnProgress) -> Measured:
        """In this process; real models share the replies of all commands."""
        folder = self.store.folder / "reproduce" / re.sub(r"[^A-Za-z0-9.]+", "-", self.target)
        replies = self.store.open_replies(folder if _stand_ins(self.roles) else None)
        models = LanguageModels(self.roles, replies)
        return replace(self.work, concurrency=concurrency)(
            models,
            store=self.store.open_journal(EPISODES, folder),
            progress=lambda report: progress(replace(report, target=self.target)),
        )


def _in_processes(jobs: Sequence[_StoredJob], processes: int, progress: OnProgress) -> list[Measured]:
    """All jobs, the longest first as far as the paper's figures tell, ``processes`` at once."""
    if len(jobs) == 1 or processes == 1:
        return [job.run(1, progress) for job in jobs]
    context = get_context("spawn")
    reports: Queue[Progress] = context.Queue()
    before = set(active_children())
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
            for process in set(active_children()) - before:  # the pool itself can only wait for them
                process.terminate()
            raise
    return [running[job.target].result() for job in jobs]


def _questions(target: str) -> float:
    """How much a target is expected to ask, 0 if nothing is known."""
    return float(published()["path_length"]["agent"].get(paper_name(target), 0.0))


def _pass_on(reports: "Queue[Progress]", progress: OnProgress) -> bool:
    """Show what a process has reported; whether there was anything."""
    try:
        report = reports.get(timeout=0.2)
    except Empty:
        return False
    progress(report)
    return True


_reports: "list[Queue[Progress]]" = []
"""In a process of the pool: where its reports go."""


def _begin(reports: "Queue[Progress]") -> None:
    """Start a process of the pool; it ends when the one that started it is gone, so as not to go on beside the next."""
    _reports.append(reports)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()


def _run(job: _StoredJob) -> Measured:
    """One job in a process of its own."""
    return job.run(1, _ThrottledReports(_reports[0]))


@dataclass
class _ThrottledReports:
    """Passes about one report in a hundred on, and the last of each stage: each takes a trip between processes."""

    reports: "Queue[Progress]"
    said: dict[str, int] = field(default_factory=dict)

    def __call__(self, report: Progress) -> None:
        done, total = report.done, report.total
        if done == total or done - self.said.get(report.stage, -total) >= total / 100:
            self.said[report.stage] = done if done < total else -total
            self.reports.put(report)
