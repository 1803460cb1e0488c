"""The simulated user: a person with a profile who answers what is asked, one message at a time, and invents nothing.

Contract, version 1: the program sees only the answers; the user sees only its own profile and the question.
"""

from dataclasses import dataclass, field

import dspy
from dspy.utils.exceptions import AdapterParseError

from signatures import AnswerAsUser, Profile

CONTRACT = 1
AT_A_LOSS = "I'm not sure how to answer that."
"""What is said when the user's model gives no readable reply; it tells nothing about the person."""
MAX_LOST = 1 / 3
"""Above this share of questions without a readable reply, a conversation says nothing about the program."""


@dataclass
class SimulatedUser:
    """Answers questions from ``profile`` with the user role's language model.

    Attributes:
        asked: questions so far.
        lost: those to which the model gave no readable reply.
    """

    profile: Profile
    lm: dspy.LM
    asked: int = 0
    lost: int = 0
    _answer: dspy.Predict = field(default_factory=lambda: dspy.Predict(AnswerAsUser), repr=False)

    @property
    def failure(self) -> str:
        """Why a conversation with this user cannot be scored; empty if it can."""
        if self.lost <= MAX_LOST * self.asked:
            return ""
        return f"the user's model gave no readable reply to {self.lost} of {self.asked} questions"

    def __call__(self, question: str) -> str:
        """The person's reply to ``question``."""
        try:
            reply = self._answer(profile=self.profile.as_text(), question=question, lm=self.lm)
        except AdapterParseError:
            return self._count(None)
        return self._count(reply)

    async def acall(self, question: str) -> str:
        """The async twin."""
        try:
            reply = await self._answer.acall(profile=self.profile.as_text(), question=question, lm=self.lm)
        except AdapterParseError:
            return self._count(None)
        return self._count(reply)

    def _count(self, reply: dspy.Prediction | None) -> str:
        """The answer of ``reply``, counted; an empty one is no reply."""
        text = "" if reply is None else str(reply.answer or "").strip()
        self.asked += 1
        self.lost += not text
        return text or AT_A_LOSS
