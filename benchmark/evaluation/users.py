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


@dataclass(frozen=True)
class SimulatedUser:
    """Answers questions from ``profile`` with the user role's language model."""

    profile: Profile
    lm: dspy.LM
    _answer: dspy.Predict = field(default_factory=lambda: dspy.Predict(AnswerAsUser), repr=False)

    def __call__(self, question: str) -> str:
        """The person's reply to ``question``."""
        try:
            reply = self._answer(profile=self.profile.as_text(), question=question, lm=self.lm)
        except AdapterParseError:
            return AT_A_LOSS
        return str(reply.answer)

    async def acall(self, question: str) -> str:
        """The async twin."""
        try:
            reply = await self._answer.acall(profile=self.profile.as_text(), question=question, lm=self.lm)
        except AdapterParseError:
            return AT_A_LOSS
        return str(reply.answer)
