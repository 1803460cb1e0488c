"""What another agent tells of a person, as a conversation, for agents with a loop of their own (``mcp_tools``)."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from modules import RAISE
from modules.calls import Script, TurnUsage
from modules.crisis.guard import language_in_danger, plainly_acute
from modules.deciding import Deciding
from modules.languages.detection import ENGLISH, language_to_speak
from modules.languages.texts import texts_in
from serving.replay import Reached
from signatures import Conversation, RaiseError, Turn, UserContext, current_vocabulary

DECLINED = texts_in(ENGLISH).page["decline"]
"""Stands for the answer to a question after which nothing more was known."""


@dataclass(frozen=True)
class Told:
    """What is known of a person who asks something.

    Attributes:
        query: what they ask, in their words.
        known: attribute -> what they said of it; None or blank: nothing.
        asked: attributes they were asked about; those of them that are not known they would rather not tell.

    Raises:
        RaiseError: if the query is blank, or for an attribute that does not exist, naming those that do; not in acute
            danger, when help comes first.
    """

    query: str
    known: Mapping[str, str | None]
    asked: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.is_acute():
            return
        if not self.query.strip():
            raise RaiseError("the query is blank: send what the person asks, in their words.")
        for name in (*self.known, *self.asked):
            current_vocabulary().require(name)

    @property
    def said(self) -> Sequence[str]:
        """The person's words."""
        return [self.query, *filter(None, self.known.values())]

    def is_acute(self) -> bool:
        """Whether any of them plainly tell of acute danger."""
        return bool(self._acute)

    @cached_property
    def _acute(self) -> str:
        """The words that do; empty if none do."""
        return next(filter(plainly_acute, self.said), "")

    def conversation(self) -> Conversation:
        """The conversation in which this was told."""
        context = UserContext(**self.known)
        known = context.known()
        asked = tuple(dict.fromkeys(self.asked))
        return Conversation(
            query=self.query,
            context=context,
            declined=frozenset(asked) - known.keys(),
            turns=tuple(_turn(name, known.get(name)) for name in asked),
        )

    def reached(self, agent: RAISE) -> Script[Reached]:
        """The next question, or the answer."""
        conversation = Conversation(query=self._acute) if self._acute else self.conversation()
        move = yield from agent.stepped(conversation, TurnUsage())
        speaking = language_in_danger if self._acute else language_to_speak
        return Reached(conversation, move, speaking(conversation.said()))


class Decided(Told):
    """The same, if the answer is not wanted: nothing is written once enough is known."""

    def reached(self, agent: RAISE) -> Script[Reached]:
        """The next question, or an answer without text."""
        return (yield from super().reached(Deciding.like(agent)))


class Answered(Told):
    """The same, if the answer is wanted now, however little is known."""

    def reached(self, agent: RAISE) -> Script[Reached]:
        """The answer."""
        silent = copy.copy(agent)
        silent.settings = agent.settings.model_copy(update={"never_ask": frozenset(current_vocabulary().names)})
        return (yield from super().reached(silent))


def _turn(attribute: str, answer: str | None) -> Turn:
    heard = {} if answer is None else {attribute: answer}
    return Turn(attribute=attribute, question="", answer=answer or DECLINED, heard=heard, declined=answer is None)
