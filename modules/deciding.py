"""RAISE for programs that answer in their own words: it decides and asks as ever, and its answers hold no text."""

from typing import Self

from modules.agent import PREDICTORS, RAISE
from modules.calls import Script, TurnUsage, given
from signatures import Conversation, Respond, StopReason


class Deciding(RAISE):
    """Asks what matters; once it would answer it says why, and writes nothing."""

    @classmethod
    def like(cls, agent: RAISE) -> Self:
        """One that decides and asks as ``agent`` does."""
        deciding = cls(agent.paths, agent.settings)
        for name in PREDICTORS:
            setattr(deciding, name, getattr(agent, name))
        return deciding

    def _answer(
        self, conversation: Conversation, reason: StopReason, usage: TurnUsage, written: str = ""
    ) -> Script[Respond]:
        return given(Respond(text="", reason=reason))
