"""A conversation recovered from the messages of a chat client, so that a server keeps nothing between two requests.

The first words of the person are the query. What the assistant said before any later words was a question of RAISE's,
if it is as short as one and asks something; what it asked about is told from its words, or else by making the move
again, which takes no call while the replies are stored. Anything else was an answer, and what follows it is asked in
addition. So any client that sends its messages again works, and a history that was edited,
reordered or cut gives a conversation with less in it, never an error.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import regex

from modules import RAISE
from modules.calls import Script, TurnUsage, arun, run
from modules.crisis.guard import language_in_danger, plainly_acute
from modules.languages.detection import language_of, language_to_speak
from modules.languages.texts import attribute_asked_plainly
from modules.reading.questions import fault_of
from signatures import Ask, Conversation, Move, RaiseError, Respond, StopReason, current_vocabulary

LONGEST_QUESTION = 400
"""Characters of the assistant's words that can be a question; answers are longer, or ask nothing."""
GENERAL = ("mental_health_status", "emotional_state")
"""Attributes that everyday words name ("how are you", "in mind"), the more telling first; a question whose words fit
another one, too, is about that."""
TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
"""Types of parts of a message's content that hold text."""
_ASKS = regex.compile(r"[?\uff1f\u061f\u037e]")

Message = Mapping[str, Any]
"""``role`` and ``content``, as in OpenAI's chat API."""


@dataclass(frozen=True)
class Exchange:
    """What the person said, after what.

    Attributes:
        before: the assistant's last words before; empty at the beginning.
        said: the person's words.
    """

    before: str
    said: str


@dataclass(frozen=True)
class Reached:
    """Where a conversation stands.

    Attributes:
        conversation: what was said and is known.
        move: what the agent says next.
        language: the code of the language in which to speak to the person (``modules.languages``).
    """

    conversation: Conversation
    move: Move
    language: str

    @property
    def is_help(self) -> bool:
        """Whether the move is help for a person in acute danger."""
        return isinstance(self.move, Respond) and self.move.reason is StopReason.CRISIS


@dataclass(frozen=True)
class Heard:
    """What a turn is made from if a chat client asks for it (see ``serving.turns.Occasion``).

    Attributes:
        exchanges: at least one.
        preferred: code of the language in which to speak where their words do not tell; empty for English.
    """

    exchanges: tuple[Exchange, ...]
    preferred: str = ""

    @property
    def said(self) -> Sequence[str]:
        """The person's words, oldest first."""
        return [exchange.said for exchange in self.exchanges]

    def is_acute(self) -> bool:
        """Whether the last of them plainly tell of acute danger."""
        return is_acute(self.exchanges)

    def reached(self, agent: RAISE) -> Script[Reached]:
        """The conversation, heard again, and the move that follows."""
        return reached(agent, self.exchanges, self.preferred)


def next_move(agent: RAISE, messages: Sequence[Message]) -> Move:
    """What the agent says next: a question, or the answer.

    Raises:
        RaiseError: if the messages are no chat, or hold no words of the person.
    """
    return reach(agent, exchanges_in(messages)).move


async def anext_move(agent: RAISE, messages: Sequence[Message]) -> Move:
    """The async twin of ``next_move``."""
    return (await areach(agent, exchanges_in(messages))).move


def reach(agent: RAISE, exchanges: Sequence[Exchange], preferred: str = "") -> Reached:
    """The conversation of these exchanges, and what the agent says next.

    Args:
        exchanges: at least one.
        preferred: code of the language in which to speak where the person's words do not tell; empty for English.
    """
    return run(reached(agent, exchanges, preferred))


async def areach(agent: RAISE, exchanges: Sequence[Exchange], preferred: str = "") -> Reached:
    """The async twin of ``reach``."""
    return await arun(reached(agent, exchanges, preferred))


def is_acute(exchanges: Sequence[Exchange]) -> bool:
    """Whether the person's last words plainly tell of acute danger, so that help comes without any call."""
    return plainly_acute(exchanges[-1].said)


def reached(agent: RAISE, exchanges: Sequence[Exchange], preferred: str) -> Script[Reached]:
    """The script of ``reach``: the conversation, heard again, and the move that follows."""
    conversation, said = Conversation(query=exchanges[0].said, language=preferred), [each.said for each in exchanges]
    if is_acute(exchanges):  # help comes before the calls that hearing the history again may take
        language = language_in_danger(said, preferred)
        alone = Conversation(query=said[-1], language=language)
        return Reached(conversation, (yield from agent.stepped(alone, TurnUsage())), language)
    for exchange in exchanges[1:]:
        ask = None
        if not is_question(exchange.before):
            conversation = _ask_more(conversation, exchange.said)
        elif (ask := _told_by_words(conversation, exchange.before)) is None:
            ask = _if_same((yield from agent.stepped(conversation, TurnUsage())), exchange.before)
        conversation = yield from agent.heard(conversation, exchange.said, ask, TurnUsage())
    move = yield from _limited(agent, conversation, exchanges).stepped(conversation, TurnUsage())
    helps = isinstance(move, Respond) and move.reason is StopReason.CRISIS
    return Reached(conversation, move, (language_in_danger if helps else language_to_speak)(said, preferred))


def words_of(move: Move) -> str:
    """What the person gets to read."""
    return move.question if isinstance(move, Ask) else move.text


def exchanges_in(messages: Sequence[Message]) -> list[Exchange]:
    """The person's words, each with the assistant's before it, oldest first; the first is the query.

    Other roles are left out, and so is what the assistant said before the query or after the person's last words. Of
    several messages of the assistant in a row the last counts; those of the person are one.

    Raises:
        RaiseError: if a message has no role, its content is no text, or none is the person's.
    """
    found: list[Exchange] = []
    before: str | None = ""  # None: the person spoke last
    for number, message in enumerate(messages, 1):
        role, text = _read_message(message, number)
        if role == "assistant" and text:
            before = text
        elif role == "user" and text and before is None:
            found[-1] = replace(found[-1], said=f"{found[-1].said}\n{text}")
        elif role == "user" and text:
            found.append(Exchange(before or "" if found else "", text))
            before = None
    if not found:
        raise RaiseError("no message has the role user and some text: send what the person asked.")
    return found


def attribute_of(question: str, query: str) -> str | None:
    """What ``question`` is about; None if its words do not tell, or fit several attributes."""
    if plain := attribute_asked_plainly(question):
        return plain
    language = language_of(question)
    found = [name for name in current_vocabulary().names if fault_of(question, name, query, language) is None]
    special = [name for name in found if name not in GENERAL] or [name for name in GENERAL if name in found][:1]
    return special[0] if len(special) == 1 else None


def is_question(text: str) -> bool:
    """Whether words of the assistant's are as short as a question and ask something."""
    return len(text) <= LONGEST_QUESTION and "\n\n" not in text and bool(_ASKS.search(text))


def _ask_more(conversation: Conversation, said: str) -> Conversation:
    """The conversation after something was asked in addition."""
    return conversation.model_copy(update={"query": f"{conversation.query}\n\n{said}"})


def _told_by_words(conversation: Conversation, question: str) -> Ask | None:
    """The question as the agent asked it, if its words tell what it was about."""
    attribute = attribute_of(question, conversation.query)
    return None if attribute is None else Ask(attribute=attribute, question=question)


def _if_same(move: Move, question: str) -> Ask | None:
    """``move``, made anew for the same conversation, if it is that question; stored replies make it so."""
    return move if isinstance(move, Ask) and move.question == question else None


def _limited(agent: RAISE, conversation: Conversation, exchanges: Sequence[Exchange]) -> RAISE:
    """The agent, whose budget also covers questions of which nobody can tell what they were about."""
    unclear = sum(is_question(exchange.before) for exchange in exchanges) - len(conversation.asked())
    if unclear <= 0:
        return agent
    limited = copy.copy(agent)
    limited.settings = agent.settings.model_copy(update={"budget": max(0.0, agent.settings.budget - unclear)})
    return limited


def _read_message(message: Message, number: int) -> tuple[str, str]:
    """Role and text of a message."""
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise RaiseError(f'message {number} is no object with a role: send {{"role": "user", "content": "..."}}.')
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message["role"], (content or "").strip()
    if not isinstance(content, Sequence):
        raise RaiseError(f"the content of message {number} is neither text nor a list of parts.")
    parts = [part for part in content if isinstance(part, Mapping) and part.get("type") in TEXT_PARTS]
    return message["role"], "\n".join(str(part.get("text") or "") for part in parts).strip()
