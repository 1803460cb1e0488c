"""The agent while a DSPy optimizer works on it: it talks as ever, and a monitor hears of it."""

from collections.abc import Iterable
from typing import Any

import dspy

from modules import RAISE
from modules.calls import FATAL, User
from optimizers.adapters.monitor import SearchMonitor
from optimizers.adapters.records import ConversationRecord, RecordedPrediction, state_of
from optimizers.demos import PROTECTED
from signatures import RaiseError, UserContext


class InstrumentedRAISE(RAISE):
    """Reports its conversations to ``monitor``.

    The crisis floor is none of an optimizer's business: DSPy does not see ``PROTECTED`` predictors here, so they get no
    demonstrations, no instructions, and no calls spent on them.
    """

    __wrapped__ = RAISE
    """MIPROv2 and SIMBA show teachers the source of the program's class: as of any wrapper, that of the wrapped one."""

    def __init__(self, monitor: SearchMonitor) -> None:
        student = monitor.task.student  # kept there: as an attribute, its predictors would be taken for ours
        super().__init__(student.paths, student.settings)
        self.monitor = monitor
        _copy_predictors(student, self, [name for name, _ in student.named_predictors()])

    def __deepcopy__(self, memo: dict[int, Any]) -> "InstrumentedRAISE":
        copy = InstrumentedRAISE(self.monitor)
        for name, predictor in self.named_predictors():
            setattr(copy, name, predictor.deepcopy())
        return copy

    def named_parameters(self) -> list[tuple[str, Any]]:
        """As of any module, without ``PROTECTED``."""
        return [(name, parameter) for name, parameter in super().named_parameters() if name not in PROTECTED]

    def forward(self, query: str, user: User, context: UserContext | None = None, origin: str = "") -> dspy.Prediction:
        """As ``RAISE.forward``, but one that fails gives an empty answer, recorded with why: DSPy would score it 0.0.

        So does one of a candidate that is not to be tried, without a call.

        Raises:
            StopSearch: if the search is over.
        """
        with self.monitor.conversation():
            # SIMBA's rehearsals set models of other rollouts: they show what could be, not what the candidate is worth
            own = all(predictor.lm is None for predictor in self.predictors())
            record = ConversationRecord(self.report() if own else "", refused=self.monitor.refused(state_of(self)))
            answer = dspy.Prediction(response="", asked=[], questions=[], n_queries=0, turns=[], stop_reason="")
            if not record.refused:
                try:
                    answer = super().forward(query, user, context, origin)
                except (RaiseError, *FATAL) as error:
                    raise self.monitor.fail(error) from error
                except Exception as error:  # noqa: BLE001  the boundary: recorded
                    record.failure = f"{type(error).__name__}: {str(error)[:200]}"
        return RecordedPrediction(answer, record)

    def report(self) -> str:
        """Show the monitor this candidate; returns its state."""
        state = state_of(self)
        self.monitor.meet(state, self.plain)
        return state

    def plain(self) -> RAISE:
        """The agent as it is now, not instrumented, with the student's own ``PROTECTED`` predictors."""
        student = self.monitor.task.student
        agent = RAISE(student.paths, student.settings)
        _copy_predictors(student, agent, PROTECTED)
        _copy_predictors(self, agent, [name for name, _ in self.named_predictors()])
        agent.set_lm(None)
        return agent


def _copy_predictors(source: RAISE, into: RAISE, names: Iterable[str]) -> None:
    for name in names:
        setattr(into, name, getattr(source, name).deepcopy())
