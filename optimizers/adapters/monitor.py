"""What DSPy's optimizers do not do: count every conversation, keep every candidate's scores, see failures, end in time.

They catch exceptions and go on with a score of 0.0, know no budget, and return one program. A monitor hears of every
conversation, and alone can end a search, with an exception that they do not catch.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dspy

from benchmark import Scenario, Verdict
from modules import RAISE
from modules.calls import FATAL
from optimizers.adapters.records import CandidateRecord, record_of
from optimizers.front import hypervolume
from optimizers.scoring import FEW, ConversationScorer, ScoredConversation
from optimizers.task import Task
from signatures import RaiseError


class StopSearch(BaseException):
    """Ends a search from within. DSPy's optimizers catch every ``Exception`` and score it 0.0; this one they let by."""


class SearchMonitor:
    """Counts, keeps and stops, for one search. Safe to use from threads.

    Attributes:
        scorer: of conversations.
        worst: the score of a candidate that is not to be tried.
        candidates: their records by state, in the order met; the first is the uncompiled program.
        spent: the limit that ended the search; empty if none did.
    """

    def __init__(self, task: Task, scorer: ConversationScorer, worst: float) -> None:
        self.task, self.scorer, self.worst = task, scorer, worst
        self.candidates: dict[str, CandidateRecord] = {}
        self.spent = ""
        self._error: Exception | None = None
        self._lock = threading.RLock()
        self._active = 0
        self._idle = threading.Condition(self._lock)

    def __deepcopy__(self, memo: dict[int, Any]) -> "SearchMonitor":
        return self

    # Going on, or not.

    def admit(self) -> None:
        """To be called before anything that costs.

        Raises:
            StopSearch: if the search is over: a limit is met, or something happened that no further call could survive.
        """
        with self._lock:
            self.spent = self.spent or self.task.budget.reason()
            if self.spent or self._error:
                raise StopSearch(self.spent or str(self._error))

    def fail(self, error: Exception) -> StopSearch:
        """Note ``error`` as the end of the search; the result is to be raised."""
        with self._lock:
            self._error = self._error or error
            return StopSearch(str(error))

    @contextmanager
    def conversation(self) -> Iterator[None]:
        """To be held during a conversation.

        Raises:
            StopSearch: as ``admit``.
        """
        with self._lock:
            self.admit()
            self._active += 1
        try:
            yield
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()

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
        self.scorer.check()

    # Candidates and their conversations.

    def meet(self, state: str, program: Callable[[], RAISE]) -> None:
        """Keep a candidate if it is new.

        Args:
            state: its ``state_of``.
            program: gives it as it is now.
        """
        with self._lock:
            if state not in self.candidates:
                self._note_gain()
                met = program()
                self.candidates[state] = CandidateRecord(met, self.task.prompt_limit.reason(met))
                if self.candidates[state].refused:
                    self.scorer.note("candidates over the limit on prompt tokens, which were not tried")
                number = min(len(self.candidates) - 1, self.task.trials)
                self.task.report("trying candidates", number, self.task.trials)

    def refused(self, state: str) -> str:
        """Why the candidate of that state is not to be tried; empty if it is."""
        with self._lock:
            return self.candidates[state].refused if state in self.candidates else ""

    def score(self, scenario: Scenario, prediction: dspy.Prediction) -> ScoredConversation:
        """The verdict and the score of a conversation; asks the judge once.

        Raises:
            StopSearch: if the judge refuses for good, or too much could not be scored.
        """
        record = record_of(prediction)
        if record.refused:
            nothing = Verdict(None, unscored=record.refused, attempts=0)
            return ScoredConversation(nothing, self.worst, failure=record.refused)
        if record.scored is None:
            try:
                record.scored = self.scorer.score(scenario, prediction, record.failure)
                self.keep(record.candidate, {scenario.id: record.scored})
                self.scorer.check(FEW)
            except (RaiseError, *FATAL) as error:
                raise self.fail(error) from error
        return record.scored

    def keep(self, state: str, conversations: Mapping[str, ScoredConversation]) -> None:
        """Keep what conversations of a candidate were worth, by scenario id."""
        with self._lock:
            if state in self.candidates:
                self.candidates[state].conversations.update(conversations)

    def _note_gain(self) -> None:
        """Tell the budget what the candidates so far are worth together, as far as they were measured on all of dev."""
        dev = [scenario.id for scenario in self.task.dev]
        done = [record for record in self.candidates.values() if all(i in record.conversations for i in dev)]
        self.task.budget.note(hypervolume([point for record in done if (point := record.point()) is not None]))
