"""Programs evaluated on several targets at the same time: budgets and failures of one leave the others alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Event

from dspy.utils.exceptions import LMError

from benchmark.evaluation.curve import Curve, measure_curve
from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.runner import evaluate
from benchmark.jobs.budget import Budget, BudgetSpent, Stopper
from benchmark.jobs.journal import Journal
from benchmark.jobs.parallel import run_side_by_side
from benchmark.jobs.progress import OnProgress, ignore_progress, until_stopped
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
    """

    models: LanguageModels
    programs: Sequence[tuple[str, Program]]
    concurrency: int = 1
    limits: Sequence[Stopper] = ()

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
        curves: whether answers after fewer questions are measured, too.
    """

    scenarios: Sequence[Scenario]
    store: Journal = field(default_factory=Journal)
    data_hash: str = ""
    curves: bool = False
    progress: OnProgress = ignore_progress


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
    run = _Run(job, measurement)
    evaluations: list[Evaluation] = []
    try:
        with Budget(job.models.ledger, job.limits).enforced():
            for name, program in job.programs:
                evaluations.append(run.evaluate(name, program))
            curves = run.curves(evaluations) if measurement.curves else []
    except BudgetSpent as spent:
        return TargetOutcome(job.target, evaluations, stopped=str(spent))
    return TargetOutcome(job.target, evaluations, curves)


@dataclass(frozen=True)
class _Run:
    """One job at work."""

    job: TargetJob
    shared: Measurement

    def evaluate(self, name: str, program: Program) -> Evaluation:
        return evaluate(
            program,
            self.shared.scenarios,
            models=self.job.models,
            name=name,
            store=self.shared.store,
            concurrency=self.job.concurrency,
            progress=self.shared.progress,
            data_hash=self.shared.data_hash,
        )

    def curves(self, evaluations: Sequence[Evaluation]) -> list[Curve]:
        """One curve a program, beside context-rich on the same scenarios."""
        rich = next((found for found in evaluations if found.name == "context-rich"), None)
        rich = rich or self.evaluate("context-rich, for comparison", ContextRich())
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
