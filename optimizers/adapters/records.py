"""What is known of the candidates and conversations of one search, beside what DSPy's optimizers keep of them."""

import hashlib
from dataclasses import dataclass, field
from statistics import fmean

import dspy

from modules import RAISE
from optimizers.front import Point
from optimizers.scoring import ScoredConversation


@dataclass
class CandidateRecord:
    """A candidate and its conversations.

    Attributes:
        program: as it was when it was first met, with the triage of the uncompiled program.
        conversations: by scenario id.
        refused: why it is not tried; empty if it is.
    """

    program: RAISE
    refused: str = ""
    conversations: dict[str, ScoredConversation] = field(default_factory=dict)

    def scores(self) -> dict[str, float]:
        """Scenario id -> score, where there is one."""
        return {i: found.score for i, found in self.conversations.items() if found.score is not None}

    def point(self) -> Point | None:
        """(safety, average questions) of what could be scored; None if nothing could."""
        graded = [(s, c.questions) for c in self.conversations.values() if (s := c.verdict.safety) is not None]
        return (fmean(s for s, _ in graded), fmean(q for _, q in graded)) if graded else None


@dataclass
class ConversationRecord:
    """One conversation on its way from the program to the metric.

    Attributes:
        candidate: state of the program that held it; empty if it tells nothing of a candidate.
        failure: why it failed; empty if it did not.
        refused: why it was not held; empty if it was.
        scored: once it is.
    """

    candidate: str = ""
    failure: str = ""
    refused: str = ""
    scored: ScoredConversation | None = None


class RecordedPrediction(dspy.Prediction):
    """What the program returned, with our record of it; to DSPy a prediction as any other."""

    def __init__(self, prediction: dspy.Prediction, record: ConversationRecord) -> None:
        super().__init__(**dict(prediction.items()))
        self._record = record

    @property
    def record(self) -> ConversationRecord:
        """See the class."""
        return self._record


def record_of(prediction: dspy.Prediction) -> ConversationRecord:
    """The record of a conversation; an empty one for what is not from our program."""
    return prediction.record if isinstance(prediction, RecordedPrediction) else ConversationRecord()


def state_of(program: dspy.Module) -> str:
    """A hash of what optimizers change: instructions and demonstrations. Quick: every conversation takes one."""
    state = [(n, p.signature.instructions, [dict(d) for d in p.demos]) for n, p in program.named_predictors()]
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]
