"""Several compiles in one go: targets at the same time, optimizers of one target in turn, at equal budgets."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dspy.utils.exceptions import LMError

from benchmark import ScenarioSet
from benchmark.jobs.budget import MaxReplies
from benchmark.jobs.parallel import run_side_by_side
from benchmark.jobs.progress import until_stopped
from lms import LanguageModels, Role
from optimizers.compile_settings import CompileSettings
from optimizers.compiler import Workspace, compile_target
from optimizers.results import TargetResult
from signatures import RaiseError


@dataclass(frozen=True)
class CompileJob:
    """One compile."""

    settings: CompileSettings
    models: LanguageModels
    workspace: Workspace

    @property
    def name(self) -> str:
        """Target and optimizer, for people."""
        return f"{self.models.roles[Role.TARGET].model} by {self.settings.optimizer}"


@dataclass(frozen=True)
class CompileOutcome:
    """What became of a job.

    Attributes:
        error: why it failed; empty if it did not, and then there is a result.
    """

    job: CompileJob
    result: TargetResult | None = None
    error: str = ""


def compile_all(
    targets: Sequence[Sequence[CompileJob]],
    data: ScenarioSet,
    report: Callable[[CompileOutcome], None] = lambda outcome: None,
) -> list[CompileOutcome]:
    """Run the jobs of each target in turn, all targets at the same time. A job that fails does not stop the others.

    Args:
        targets: the jobs of each target, one an optimizer. If there are several and no limit is set, those after the
            first stop at as many replies, paid or reused, as the first one's search took.
        report: told of each outcome as it comes.
    """
    if len(targets) == 1:
        return _in_turn(targets[0], data, report)
    found = run_side_by_side(
        lambda jobs, stop: _in_turn([_stoppable(job, stop) for job in jobs], data, report), targets
    )
    return [outcome for outcomes in found for outcome in outcomes]


def _in_turn(
    jobs: Sequence[CompileJob], data: ScenarioSet, report: Callable[[CompileOutcome], None]
) -> list[CompileOutcome]:
    outcomes: list[CompileOutcome] = []
    spent: int | None = None
    for job in jobs:
        limits = [
            *job.workspace.limits,
            *([MaxReplies(spent)] if spent is not None and not job.workspace.limits else []),
        ]
        try:
            result = compile_target(job.settings, data, job.models, replace(job.workspace, limits=limits))
        except (RaiseError, LMError) as error:
            if len(jobs) == 1 and threading.current_thread() is threading.main_thread():
                raise
            outcome = CompileOutcome(job, error=" ".join(str(error).split()))
        else:
            outcome = CompileOutcome(job, result)
            spent = result.figures["search_replies"] if spent is None else spent
        outcomes.append(outcome)
        report(outcome)
    return outcomes


def _stoppable(job: CompileJob, stop: threading.Event) -> CompileJob:
    progress = until_stopped(job.workspace.progress, stop, job.models.roles[Role.TARGET].model)
    return replace(job, workspace=replace(job.workspace, progress=progress))
