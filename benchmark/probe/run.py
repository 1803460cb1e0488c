"""Runs the probe: every step within a limit of calls, what failed recorded, how long was waited kept for later runs.

Outcomes are worked out anew from the replies in the store, which cost nothing: a second run asks no model.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmark.evaluation.users import CONTRACT
from benchmark.jobs.budget import Budget, BudgetSpent, MaxCalls, SoFar, Stopper
from benchmark.jobs.journal import Journal
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.jobs.resume import Failure, Unstarted, attempt
from benchmark.judging.panel import judge_of
from benchmark.probe import choose, grade, play, rate, read, respond, triage
from benchmark.probe.limits import CHECKS, MOST_CALLS
from benchmark.probe.steps import Outcome, Step, add_up
from benchmark.probe.verdicts import Finding, Verdict, judge_role, overall
from lms import LanguageModels, Role
from lms.ledger import Tally
from modules import RAISE
from signatures import adopt_vocabulary, default_vocabulary
from signatures.identity import content_id

Result = Outcome | Failure | Unstarted


def target_steps(models: LanguageModels) -> Iterator[Step]:
    """Everything that is asked of the target, with the uncompiled program."""
    program = RAISE()
    for part in (read, rate, choose, triage, respond):
        yield from part.steps(program)


STEPS: dict[Role, Callable[[LanguageModels], Iterator[Step]]] = {
    Role.TARGET: target_steps,
    Role.USER: lambda models: play.steps(models[Role.USER]),
    Role.JUDGE: lambda models: grade.steps(judge_of(models)),
}
"""In the order in which roles are probed: a judge that cannot be read takes the most calls."""


@dataclass(frozen=True)
class Probed:
    """What was found about the model of one role.

    Attributes:
        findings: check -> counts.
        examples: check -> what the model said where it was wrong.
        problems: why items have no outcome -> how many.
        seconds: waited for a call, on average over each item.
    """

    role: Role
    model: str
    simulated: bool
    findings: dict[str, Finding]
    examples: dict[str, tuple[str, ...]]
    problems: dict[str, int]
    seconds: tuple[float, ...]

    def verdicts(self) -> dict[str, Verdict]:
        """Check -> verdict."""
        return judge_role(self.role, self.findings)

    def overall(self) -> Verdict:
        """The verdict on the role."""
        return overall(self.verdicts())

    @property
    def silent(self) -> bool:
        """Whether no item has an outcome."""
        return all(found.missing == found.items for found in self.findings.values())

    def waiting(self) -> dict[str, float | None]:
        """Seconds waited for a call: the median, and what one in ten calls exceeds; None if that was never measured."""
        if not self.seconds:
            return {"median": None, "p90": None}
        tenths = statistics.quantiles(self.seconds, n=10, method="inclusive") if len(self.seconds) > 1 else self.seconds
        return {"median": round(statistics.median(self.seconds), 3), "p90": round(tenths[-1], 3)}


@dataclass(frozen=True)
class Probe:
    """A finished probe.

    Attributes:
        roles: in the order in which they were asked for.
        charged: what all its calls took, those of earlier runs too, by role.
        limits: see ``Budget.account``.
    """

    roles: tuple[Probed, ...]
    charged: Tally
    limits: dict[str, dict[str, float]]


def probe(
    models: LanguageModels,
    roles: Sequence[Role],
    *,
    journal: Journal | None = None,
    limits: Sequence[Stopper] = (),
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
) -> Probe:
    """Put the fixed items to the models of ``roles``, with at most ``MOST_CALLS`` calls over all runs.

    Args:
        journal: how long was waited in earlier runs.
        limits: on what this run may spend.
        concurrency: items at once.

    Raises:
        RaiseError, dspy.utils.exceptions.LMError: for what every further item would meet again, such as a wrong key.
    """
    adopt_vocabulary(default_vocabulary(), "the probe")
    kept = journal or Journal()
    job = content_id("probe", *(_identity(models, role) for role in roles))
    budget, own = Budget(models.ledger, limits), Budget(models.ledger, [_left(models, job, concurrency)])
    found = {}
    with models.ledger.charged_to(job), budget.enforced(), own.enforced():
        for role in (role for role in STEPS if role in roles):
            found[role] = _probe_role(models, role, kept, concurrency, progress)
    kept.sync()
    return Probe(tuple(found[role] for role in roles), models.store.usage_of(job), budget.account())


class _WholeProbe(MaxCalls):
    """What is left of the calls of a probe over all its runs."""

    def __call__(self, so_far: SoFar) -> str:
        return f"the {MOST_CALLS} LM calls of a probe are spent" if super().__call__(so_far) else ""


def _left(models: LanguageModels, job: str, concurrency: int) -> MaxCalls:
    under_way = concurrency - 1  # what is being asked for is not counted yet
    return _WholeProbe(max(0, MOST_CALLS - models.store.usage_of(job).total().calls - under_way))


def _probe_role(models: LanguageModels, role: Role, kept: Journal, concurrency: int, progress: OnProgress) -> Probed:
    identity = _identity(models, role)
    steps = list(STEPS[role](models))
    results = run_in_order(
        lambda step: _do(models, step, kept, content_id(identity, step.check, step.about)),
        steps,
        concurrency,
        progress,
        f"probing the {role.value}",
    )
    by_check: dict[str, list[Result]] = {check: [] for check in CHECKS[role]}
    for step, result in zip(steps, results, strict=True):
        by_check[step.check].append(result)
    outcomes = {check: [r for r in found if isinstance(r, Outcome)] for check, found in by_check.items()}
    return Probed(
        role,
        str(models.roles[role].model),
        models.simulated(role),
        {
            check: Finding(add_up(outcomes[check]), len(found), len(found) - len(outcomes[check]))
            for check, found in by_check.items()
        },
        {check: tuple(line for outcome in found for line in outcome.wrong) for check, found in outcomes.items()},
        dict(Counter(result.reason for result in results if not isinstance(result, Outcome)).most_common()),
        tuple(o.seconds for found in outcomes.values() for o in found if o.seconds is not None),
    )


def _do(models: LanguageModels, step: Step, kept: Journal, key: str) -> Result:
    """The outcome of a step, with what was waited for each of its calls, now or in an earlier run."""
    started = time.perf_counter()
    with models.ledger.scope() as tally, models.context(Role.TARGET):
        try:
            done = attempt(step.work)
        except BudgetSpent as spent:
            return Unstarted(str(spent))
    if isinstance(done, Failure):
        return done
    if calls := tally.total().calls:
        kept.put(key, {"seconds": round((time.perf_counter() - started) / calls, 4)})
    seconds = (kept.get(key) or {}).get("seconds")
    return done.model_copy(update={"seconds": float(seconds)}) if isinstance(seconds, int | float) else done


def _identity(models: LanguageModels, role: Role) -> str:
    """All that the replies of a role depend on besides the items."""
    if role is Role.JUDGE:
        return judge_of(models).identity()
    asked_by = RAISE().identity() if role is Role.TARGET else f"contract {CONTRACT}"
    return f"{asked_by} {models.identity(role)}"
