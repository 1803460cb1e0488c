"""What DSPy's optimizers do not tell: every conversation is counted, every candidate's worth kept, every failure seen.

They catch exceptions and go on with a score of 0.0, know no budget, and return one program. So the program that they
work on is a ``Watched`` one: it reports to a ``Watch``, which alone can end a search, with an exception that they do
not catch.
"""

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

import dspy

from benchmark import Evaluation, Judge, Scenario, Verdict
from benchmark.evaluation.results import MAX_UNSCORED
from lms import Role
from modules import RAISE
from modules.calls import FATAL, User
from optimizers.demos import PROTECTED
from optimizers.front import hypervolume
from optimizers.metric import Worth
from optimizers.task import Task
from signatures import SCORE_DIMENSIONS, RaiseError, UserContext

PATIENCE = 20
"""Before so many conversations a few failures end nothing; above, ``MAX_UNSCORED`` of all so far do."""


class Halt(BaseException):
    """Ends a search from within. DSPy's optimizers catch every ``Exception`` and score it 0.0; this one they let by."""


@dataclass
class Tried:
    """A candidate and what its conversations were worth.

    Attributes:
        program: as it was when it was first met, with the triage of the uncompiled program.
        worth: scenario id -> worth, None where it could not be had.
        points: scenario id -> (safety, questions), of those that could be graded.
    """

    program: RAISE
    worth: dict[str, float | None] = field(default_factory=dict)
    points: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Graded:
    """A conversation with its verdict.

    Attributes:
        worth: None if it could not be had.
        failed: why the conversation itself failed; empty if it did not.
    """

    verdict: Verdict
    worth: float | None
    failed: str = ""


def state_of(program: dspy.Module) -> str:
    """A hash of what optimizers change: instructions and demonstrations. Quick: every conversation takes one."""
    state = [(n, p.signature.instructions, [dict(d) for d in p.demos]) for n, p in program.named_predictors()]
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


class Watch:
    """Counts, keeps and stops, for one search. Safe to use from threads.

    Attributes:
        tried: candidates by state, in the order met.
        neutral: worth told to an optimizer where there is none, so that a failure is neither praise nor blame: the mean
            of the uncompiled program.
        threshold: worth from which a conversation may become a demonstration.
        account: what went wrong and was lived with, by kind.
        spent: the limit that ended the search; empty if none did.
    """

    def __init__(self, task: Task, worth: Worth) -> None:
        self.task, self.worth = task, worth
        self.judge = Judge(task.models[Role.JUDGE])
        self.tried: dict[str, Tried] = {}
        self.neutral = self.threshold = 0.0
        self.account: Counter[str] = Counter()
        self.spent = ""
        self._reasons: Counter[str] = Counter()
        self._graded = self._unscored = 0
        self._error: Exception | None = None
        self._lock = threading.RLock()
        self._active = 0
        self._idle = threading.Condition(self._lock)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Watch":
        return self

    # Going on, or not.

    def admit(self) -> None:
        """To be called before anything that costs.

        Raises:
            Halt: if the search is over: a limit is met, or something happened that no further call could survive.
        """
        with self._lock:
            self.spent = self.spent or self.task.budget.reason()
            if self.spent or self._error:
                raise Halt(self.spent or str(self._error))

    def fail(self, error: Exception) -> Halt:
        """Note ``error`` as the end of the search; the result is to be raised."""
        with self._lock:
            self._error = self._error or error
            return Halt(str(error))

    def note(self, kind: str, count: int = 1) -> None:
        """Add to the account."""
        with self._lock:
            self.account[kind] += count

    def settle(self) -> None:
        """Wait for conversations that other threads have begun, so that what they cost is counted here.

        Raises:
            Exception: what ended the search, if it was not a limit.
            RaiseError: if too much could not be scored.
        """
        with self._idle:
            self._idle.wait_for(lambda: not self._active)
            if self._error:
                raise self._error
            if self._unscored > MAX_UNSCORED * self._graded:
                raise self._too_much()

    def _too_much(self) -> RaiseError:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in self._reasons.most_common(2))
        return RaiseError(
            f"{self._unscored} of {self._graded} conversations could not be scored while optimizing: {reasons}."
        )

    # Conversations.

    def converse(self, program: "Watched", talk: Callable[[], dspy.Prediction]) -> dspy.Prediction:
        """``talk``, marked with the candidate whose it is; one that fails gives an empty answer, marked with why."""
        with self._conversation():
            # SIMBA's rehearsals set models of other rollouts: they show what could be, not what the candidate is worth
            own = all(predictor.lm is None for predictor in program.predictors())
            state = self.meet(program) if own else ""
            try:
                answer = talk()
            except (RaiseError, *FATAL) as error:
                raise self.fail(error) from error
            except Exception as error:  # noqa: BLE001  the boundary: recorded here, since DSPy would score it 0.0
                answer = dspy.Prediction(response="", asked=[], questions=[], n_queries=0, turns=[], stop_reason="")
                answer._failed = f"{type(error).__name__}: {str(error)[:200]}"
        answer._state = state
        return answer

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        with self._lock:
            self.admit()
            self._active += 1
        try:
            yield
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()

    def meet(self, program: "Watched") -> str:
        """The state of ``program``, which is kept if it is new."""
        state = state_of(program)
        with self._lock:
            if state not in self.tried:
                self._note_gain()
                self.tried[state] = Tried(program.plain())
                self.task.progress("trying candidates", min(len(self.tried) - 1, self.task.trials), self.task.trials)
            return state

    def _note_gain(self) -> None:
        """Tell the budget what the candidates so far are worth together, as far as they were measured on all of dev."""
        dev = [scenario.id for scenario in self.task.dev]
        done = [t.points for t in self.tried.values() if t.points and all(i in t.worth for i in dev)]
        points = [(fmean(s for s, _ in p.values()), fmean(q for _, q in p.values())) for p in done]
        self.task.budget.note(hypervolume(points))

    def grade(self, scenario: Scenario, answer: dspy.Prediction) -> Graded:
        """The verdict and the worth of a conversation; asks the judge once."""
        known = getattr(answer, "_graded", None)
        if isinstance(known, Graded):
            return known
        graded = self._grade(scenario, answer)
        answer._graded = graded
        state = getattr(answer, "_state", "")
        with self._lock:
            self._count(graded.verdict if graded.worth is None else None)
            if state in self.tried:
                self.tried[state].worth[scenario.id] = graded.worth
                if graded.verdict.safety is not None:
                    self.tried[state].points[scenario.id] = (graded.verdict.safety, float(answer.n_queries))
            if self._unscored > MAX_UNSCORED * max(self._graded, PATIENCE):
                raise self.fail(self._too_much())
        return graded

    def _count(self, unscored: Verdict | None) -> None:
        self._graded += 1
        if unscored:
            self._unscored += 1
            self._reasons[unscored.unscored] += 1

    def _grade(self, scenario: Scenario, answer: dspy.Prediction) -> Graded:
        if failed := getattr(answer, "_failed", ""):
            self.note("conversations that failed")
            return Graded(Verdict(None, unscored=failed, attempts=0), None, failed)
        try:
            with dspy.context(trace=[]):
                verdict = self.judge(scenario.query, scenario.profile, answer.response)
        except (RaiseError, *FATAL) as error:
            raise self.fail(error) from error
        except Exception as error:  # noqa: BLE001  the judge could not be reached: unscored, with the reason
            verdict = Verdict(None, unscored=f"{type(error).__name__}: {str(error)[:200]}")
        if verdict.safety is None:
            self.note("responses that could not be graded")
            return Graded(verdict, None)
        worth = self._valued(scenario, answer, verdict)
        if isinstance(worth, str):
            return Graded(replace(verdict, scores=None, unscored=worth), None)
        return Graded(verdict, worth)

    def _valued(self, scenario: Scenario, answer: dspy.Prediction, verdict: Verdict) -> float | str:
        """What the metric says, or why it says nothing."""
        try:
            worth = float(self.worth(scenario, answer, verdict))
            if not math.isfinite(worth):
                raise ValueError(f"it gave {worth}")
        except Exception as error:  # noqa: BLE001  anybody's metric may fail in any way
            self.note("metric failures")
            return f"the metric failed: {type(error).__name__}: {str(error)[:200]}"
        return worth

    def take(self, state: str, evaluation: Evaluation, scenarios: Sequence[Scenario]) -> None:
        """Keep what ``evaluation`` measured of a candidate on ``scenarios``."""
        people, tried = {scenario.id: scenario for scenario in scenarios}, self.tried[state]
        for row in evaluation.frame.to_dict(orient="records"):
            scenario = people[row["scenario_id"]]
            worth: float | str = str(row["unscored"])
            if isinstance(row["safety"], float) and math.isfinite(row["safety"]):
                verdict = Verdict({name: int(row[name]) for name in SCORE_DIMENSIONS}, row["reasons"])
                worth = self._valued(scenario, dspy.Prediction(row), verdict)
                tried.points[scenario.id] = (row["safety"], float(row["n_queries"]))
            tried.worth[scenario.id] = None if isinstance(worth, str) else worth
            self._count(Verdict(None, unscored=worth) if isinstance(worth, str) else None)


class Watched(RAISE):
    """The agent while an optimizer works on it: it talks as ever, and ``watch`` hears of it.

    The crisis floor is none of an optimizer's business: DSPy does not see ``PROTECTED`` predictors here, so they get no
    demonstrations, no instructions, and no calls spent on them.
    """

    def __init__(self, watch: Watch) -> None:
        student = watch.task.student  # kept there: as an attribute, its predictors would be taken for ours
        super().__init__(student.paths, student.settings)
        self.watch = watch
        _take_over(student, self, [name for name, _ in student.named_predictors()])

    def __deepcopy__(self, memo: dict[int, Any]) -> "Watched":
        copy = Watched(self.watch)
        for name, predictor in self.named_predictors():
            setattr(copy, name, predictor.deepcopy())
        return copy

    def named_parameters(self) -> list[tuple[str, Any]]:
        """As of any module, without ``PROTECTED``."""
        return [(name, parameter) for name, parameter in super().named_parameters() if name not in PROTECTED]

    def forward(self, query: str, user: User, context: UserContext | None = None, origin: str = "") -> dspy.Prediction:
        """As ``RAISE.forward``; never raises an ``Exception``."""
        return self.watch.converse(self, lambda: RAISE.forward(self, query, user, context, origin))

    def plain(self) -> RAISE:
        """The agent as it is now, unwatched, with the student's own ``PROTECTED`` predictors."""
        student = self.watch.task.student
        agent = RAISE(student.paths, student.settings)
        _take_over(student, agent, PROTECTED)
        _take_over(self, agent, [name for name, _ in self.named_predictors()])
        agent.set_lm(None)
        return agent


def _take_over(source: RAISE, into: RAISE, names: Any) -> None:
    """Give ``into`` copies of the predictors ``names`` of ``source``."""
    for name in names:
        setattr(into, name, getattr(source, name).deepcopy())


# MIPROv2 and SIMBA show teachers the source of the program's class; that of the agent is what explains it.
Watched.__module__, Watched.__qualname__ = RAISE.__module__, RAISE.__qualname__
