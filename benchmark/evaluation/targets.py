"""Programs evaluated on several targets at the same time: budgets and failures of one leave the others alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event

from dspy.utils.exceptions import LMError

from benchmark.evaluation.curve import Curve, measure_curve
from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.runner import evaluate
from benchmark.evaluation.spread import Make, Recipe, Spread, open_work
from benchmark.jobs.budget import Budget, BudgetSpent, Stopper
from benchmark.jobs.cluster import Cluster, Job
from benchmark.jobs.journal import Journal
from benchmark.jobs.parallel import run_side_by_side
from benchmark.jobs.place import Place
from benchmark.jobs.progress import OnProgress, ignore_progress, until_stopped
from benchmark.jobs.shares import shared_limits
from benchmark.scenarios.scenario import Scenario
from lms import LanguageModels, Role
from modules import ContextRich, Program
from signatures import RaiseError


@dataclass(frozen=True)
class TargetJob:
    """Programs to be evaluated on one target.

    Attributes:
        models: the target, with user and judge.
        programs: with the names that tables call them by.
        concurrency: conversations at once.
        limits: on what this target may spend.
        makes: what makes each of the programs on another machine; only a cluster needs it.
    """

    models: LanguageModels
    programs: Sequence[tuple[str, Program]]
    concurrency: int = 1
    limits: Sequence[Stopper] = ()
    makes: Sequence[Make] = ()

    @property
    def target(self) -> str:
        """The target's model string."""
        return self.models.roles[Role.TARGET].model


@dataclass(frozen=True)
class TargetOutcome:
    """What was measured on one target.

    Attributes:
        evaluations: of the programs that were finished, in their order.
        curves: of the same, if they were wanted.
        stopped: which limit ended it; empty if none did.
        error: why it failed; empty if it did not.
    """

    target: str
    evaluations: Sequence[Evaluation]
    curves: Sequence[Curve] = ()
    stopped: str = ""
    error: str = ""

    @property
    def unfinished(self) -> str:
        """Why programs are missing; empty if none is."""
        return self.error or self.stopped


@dataclass(frozen=True)
class Measurement:
    """What all targets share.

    Attributes:
        scenarios: that every program is run on.
        store: finished episodes.
        data_hash: of the set that the scenarios were drawn from.
        curves: whether answers after fewer questions are measured, too; always by this process.
        cluster: whose workers hold the conversations, if not this process.
        place: of ``store``, for them.
    """

    scenarios: Sequence[Scenario]
    store: Journal = field(default_factory=Journal)
    data_hash: str = ""
    curves: bool = False
    progress: OnProgress = ignore_progress
    cluster: Cluster | None = None
    place: Place | None = None


def evaluate_targets(jobs: Sequence[TargetJob], measurement: Measurement) -> list[TargetOutcome]:
    """Evaluate the programs of each job, all targets at the same time.

    A target that fails among several is an outcome with its error; a single one raises it.

    Raises:
        RaiseError, dspy.utils.exceptions.LMError: if the only target fails.
    """
    if len(jobs) == 1:
        return [_evaluate_target(jobs[0], measurement)]
    return run_side_by_side(lambda job, stop: _outcome_of(job, measurement, stop), jobs)


def _outcome_of(job: TargetJob, measurement: Measurement, stop: Event) -> TargetOutcome:
    progress = until_stopped(measurement.progress, stop, job.target)
    try:
        return _evaluate_target(job, replace(measurement, progress=progress))
    except (RaiseError, LMError) as error:  # the other targets go on
        return TargetOutcome(job.target, (), error=" ".join(str(error).split()))


def _evaluate_target(job: TargetJob, measurement: Measurement) -> TargetOutcome:
    evaluations: list[Evaluation] = []
    try:
        with _running(job, measurement) as run:
            for number, (name, program) in enumerate(job.programs):
                evaluations.append(run.evaluate(name, program, number))
            curves = run.curves(evaluations) if measurement.curves else []
    except BudgetSpent as spent:
        return TargetOutcome(job.target, evaluations, stopped=str(spent))
    return TargetOutcome(job.target, evaluations, curves)


@contextmanager
def _running(job: TargetJob, measurement: Measurement) -> Iterator["_Run"]:
    """The job at work within its limits; on a cluster, they are those of all workers together."""
    if measurement.cluster is None or measurement.place is None:
        with Budget(job.models.ledger, job.limits).enforced():
            yield _Run(job, measurement)
        return
    recipe = Recipe.of(job.models, (*job.makes, _context_rich), measurement.place, job.limits)
    with (
        shared_limits(job.limits, job.models, recipe.run) as limits,
        Budget(job.models.ledger, limits).enforced(),
        measurement.cluster.job(partial(open_work, recipe)) as spread,
    ):
        yield _Run(job, measurement, spread)


def _context_rich(models: LanguageModels) -> Program:
    return ContextRich()


@dataclass(frozen=True)
class _Run:
    """One job at work, on a cluster if there is ``spread``."""

    job: TargetJob
    shared: Measurement
    spread: Job | None = None

    def evaluate(self, name: str, program: Program, number: int) -> Evaluation:
        """Of a program, the ``number``-th of the job; the one after the last is context-rich."""
        return evaluate(
            program,
            self.shared.scenarios,
            models=self.job.models,
            name=name,
            store=self.shared.store,
            concurrency=self.job.concurrency,
            progress=self.shared.progress,
            data_hash=self.shared.data_hash,
            elsewhere=Spread(self.spread, number) if self.spread else None,
        )

    def curves(self, evaluations: Sequence[Evaluation]) -> list[Curve]:
        """One curve a program, beside context-rich on the same scenarios."""
        rich = next((found for found in evaluations if found.name == "context-rich"), None)
        rich = rich or self.evaluate("context-rich, for comparison", ContextRich(), len(self.job.programs))
        return [
            self._curve(program, found, rich)
            for (_, program), found in zip(self.job.programs, evaluations, strict=True)
        ]

    def _curve(self, program: Program, evaluation: Evaluation, rich: Evaluation) -> Curve:
        return measure_curve(
            program,
            evaluation,
            rich,
            models=self.job.models,
            store=self.shared.store,
            concurrency=self.job.concurrency,
            progress=self.shared.progress,
        )
