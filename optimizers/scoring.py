"""Conversations judged and scored, as DSPy's optimizers need it: one metric, one rule for what cannot be scored.

DSPy has no way to leave an example out, and turns an exception into 0.0, the worst score there is. Here a conversation
that cannot be scored counts as much as the mean of the uncompiled program, so that it is neither praise nor blame,
whatever the order in which threads finish; it is no demonstration, and it is counted.
"""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dspy
import numpy as np

from benchmark import Evaluation, Judge, Scenario, Verdict
from benchmark.evaluation.results import MAX_UNSCORED
from lms import LanguageModels, Role
from modules.calls import FATAL
from optimizers.metric import Metric
from signatures import RaiseError, current_rubric

GOOD = 0.6
"""Conversations of the best 40 % may become demonstrations: those at or above this quantile of the uncompiled."""
FEW = 20
"""Before so many conversations a few failures end nothing; above, ``MAX_UNSCORED`` of all so far do."""


@dataclass(frozen=True)
class ScoredConversation:
    """A conversation with its verdict.

    Attributes:
        score: None if it could not be had; ``verdict.unscored`` then says why.
        questions: how many were asked.
        failure: why the conversation itself failed; empty if it did not.
    """

    verdict: Verdict
    score: float | None
    questions: float = 0.0
    failure: str = ""


class ConversationScorer:
    """Judges conversations, scores them by one metric, and counts. Safe to use from threads.

    It is a DSPy metric itself: called with an example of ``optimizers.metric.example_of`` and a prediction, it gives
    the score; with a trace, as when demonstrations are sought, 1.0 or 0.0: whether it is good enough for one.

    Args:
        models: the judge is asked on the judge role.
        metric: of judged conversations.

    Attributes:
        neutral: what a conversation without a score counts.
        threshold: score from which a conversation may become a demonstration.
        scored, unscored: conversations so far.
        issues: what went wrong and was lived with, by kind.
    """

    def __init__(self, models: LanguageModels, metric: Metric) -> None:
        self.judge, self.metric = Judge(models[Role.JUDGE]), metric
        self.neutral, self.threshold = 0.0, -math.inf
        self.scored = self.unscored = 0
        self.issues: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
        """See the class."""
        return self.rate(self.score(example.user.scenario, prediction), trace)

    def rate(self, conversation: ScoredConversation, trace: Any = None) -> float:
        """What DSPy is told of a conversation; with a trace, whether it is good enough for a demonstration (1.0)."""
        score = conversation.score
        if trace is not None:
            return float(score is not None and score >= self.threshold)
        return self.neutral if score is None else score

    def score(self, scenario: Scenario, prediction: dspy.Prediction, failure: str = "") -> ScoredConversation:
        """Ask the judge once, and the metric.

        Args:
            failure: why the conversation itself failed, if it did; then nobody is asked.

        Raises:
            dspy.utils.exceptions.LMError: for what every call would meet, such as a wrong key.
        """
        if failure:
            verdict = Verdict(None, unscored=failure, attempts=0)
            return replace(self._leave_out(verdict, "conversations that failed"), failure=failure)
        try:
            with dspy.context(trace=[]):
                verdict = self.judge(scenario.query, scenario.profile, prediction.response)
        except (RaiseError, *FATAL):
            raise
        except Exception as error:  # noqa: BLE001  the judge could not be reached: unscored, with the reason
            verdict = Verdict(None, unscored=f"{type(error).__name__}: {str(error)[:200]}")
        if verdict.safety is None:
            return self._leave_out(verdict, "responses that could not be graded")
        return self._score(scenario, prediction, verdict)

    def score_rows(self, evaluation: Evaluation, scenarios: Sequence[Scenario]) -> dict[str, ScoredConversation]:
        """Scenario id -> its conversation in ``evaluation``; the judge has spoken already."""
        by_id, found = {scenario.id: scenario for scenario in scenarios}, {}
        for row in evaluation.frame.to_dict(orient="records"):
            scenario, verdict = by_id[row["scenario_id"]], verdict_of(row)
            if verdict.safety is None:
                found[scenario.id] = self._leave_out(verdict)
            else:
                found[scenario.id] = self._score(scenario, dspy.Prediction(row), verdict)
        return found

    def calibrate(self, uncompiled: Evaluation, scenarios: Sequence[Scenario]) -> dict[str, ScoredConversation]:
        """Learn from the uncompiled program what an average conversation is worth, and a good one.

        Returns:
            As ``score_rows``.

        Raises:
            RaiseError: if too much of it, or all, could not be scored.
        """
        found = self.score_rows(uncompiled, scenarios)
        self.check(FEW)
        scores = [conversation.score for conversation in found.values() if conversation.score is not None]
        if not scores:
            raise RaiseError("the metric could not score any conversation of the uncompiled program.")
        self.neutral, self.threshold = float(np.mean(scores)), float(np.quantile(scores, GOOD))
        return found

    def note(self, kind: str, count: int = 1) -> None:
        """Add to the issues."""
        with self._lock:
            self.issues[kind] += count

    def check(self, at_least: int = 1) -> None:
        """Refuse to go on when too much went unscored.

        Args:
            at_least: before so many conversations the limit is that of so many.

        Raises:
            RaiseError: above ``MAX_UNSCORED``; names the most frequent reasons.
        """
        with self._lock:
            asked = self.scored + self.unscored
            if self.unscored > MAX_UNSCORED * max(asked, at_least):
                reasons = "; ".join(f"{reason} ({count})" for reason, count in self._reasons.most_common(2))
                raise RaiseError(
                    f"{self.unscored} of {asked} conversations could not be scored while optimizing: {reasons}."
                )

    def _score(self, scenario: Scenario, prediction: dspy.Prediction, verdict: Verdict) -> ScoredConversation:
        try:
            score = float(self.metric(scenario, prediction, verdict))
            if not math.isfinite(score):
                raise ValueError(f"it gave {score}")
        except Exception as error:  # noqa: BLE001  anybody's metric may fail in any way
            reason = f"the metric failed: {type(error).__name__}: {str(error)[:200]}"
            return self._leave_out(replace(verdict, scores=None, unscored=reason), "metric failures")
        with self._lock:
            self.scored += 1
        return ScoredConversation(verdict, score, float(prediction.n_queries))

    def _leave_out(self, verdict: Verdict, kind: str = "") -> ScoredConversation:
        with self._lock:
            self.unscored += 1
            self._reasons[verdict.unscored] += 1
        if kind:
            self.note(kind)
        return ScoredConversation(verdict, None)


def verdict_of(row: Mapping[Any, Any]) -> Verdict:
    """The judge's verdict in a row of an evaluation."""
    scored = isinstance(row["safety"], float) and math.isfinite(row["safety"])
    scores = {name: int(row[name]) for name in current_rubric().names} if scored else None
    return Verdict(scores, row["reasons"], str(row["unscored"]))
