"""One call a turn: a single reply reads the last answer, sees danger, rates, and prepares the question or the answer.

Small models leave things out, so every part of the reply may be missing; the agent gets what is missing by the step
that is there for it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dspy
from dspy.adapters.utils import parse_value
from pydantic import ValidationError

from modules.abstention import HIGHEST, Examples, Scale, Sufficiency
from modules.answers import REFUSAL, facts_in
from modules.calls import Call, Script
from modules.crisis.guard import says_acute
from modules.reading.grounds import Grounded
from modules.reading.statements import Statements
from signatures import Conversation, Decision, EnoughScale, TakeTurn, current_vocabulary

NONE = "(none)"
"""How prompts show that there is nothing."""
_NOTHING = re.compile(r"\W*(?:none|empty|null|nothing|n/?a)?\W*", re.IGNORECASE)
_TOP = re.compile(rf"\s*(?:/|out of|of)\s*{HIGHEST}\b")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_YES = re.compile(r"\W*(?:true|yes)\b", re.IGNORECASE)
_DANGER = re.compile(r"\b(?:acute|none|no|not)\b", re.IGNORECASE)


Believe = Callable[[dict[str, str], dict[str, object], Statements, str | None, str], Grounded]
"""The check of facts: facts, quotes, what was said, the attribute asked about and the question."""


@dataclass(frozen=True)
class TurnReply:
    """What one reply says of a turn.

    Attributes:
        facts: attribute -> value, as far as that was said; None if the reply does not say what it read.
        dropped: attributes of facts that were not said.
        declined: the model sees a refusal.
        acute: the model sees acute danger; None if it does not say.
        rating: completeness, 0 to 5; None if it does not say.
        attribute: what it would ask about.
        question: how.
        response: its answer to the query; empty if it asks.
        complete: it says what was read, of danger and of completeness; what comes later may be left out on purpose.
    """

    facts: dict[str, str] | None = None
    dropped: tuple[str, ...] = ()
    declined: bool = False
    acute: bool | None = None
    rating: int | None = None
    attribute: str = ""
    question: str = ""
    response: str = ""
    complete: bool = False

    def sufficiency(self, threshold: int) -> Sufficiency:
        """What the rating means; to ask, if there is none."""
        enough = self.rating is not None and self.rating >= threshold
        return Sufficiency(Decision.ANSWER if enough else Decision.ASK, rating=self.rating)


@dataclass(frozen=True)
class OneCall:
    """One call a turn; enough from completeness ``threshold`` on.

    The agent makes the call. ``decide`` is the step for a reply without a rating: the rating alone, as ``Scale`` asks
    for it.
    """

    threshold: int = 4
    signature: type[dspy.Signature] = TakeTurn

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """One rating, by the model that ``predictor`` has."""
        scale = dspy.Predict(EnoughScale)
        scale.lm = predictor.lm
        return (yield from Scale(self.threshold).decide(scale, conversation, candidates, examples))


def take_turn(
    predictor: dspy.Predict,
    conversation: Conversation,
    threshold: int,
    *,
    candidates: Sequence[str],
    examples: str,
    believe: Believe,
) -> Script[TurnReply]:
    """Make the call about ``conversation``, and check what it read in the person's latest words.

    An answer written with facts in mind that were dropped, or that nobody can check, is dropped, too, and so is a
    rating that finds enough known because of them.

    Raises:
        Unreadable: if the model says nothing at all.
    """
    last = conversation.turns[-1] if conversation.turns else None
    shown = {
        "attributes": current_vocabulary().meanings,
        "threshold": str(threshold),
        "examples": examples,
        "candidates": ", ".join(candidates) or NONE,
        **conversation.prompt_inputs(),
        "last_question": (last.question if last else "") or NONE,
        "reply": (last.answer if last else "") or NONE,
    }
    reply = yield Call(predictor, shown)
    taken, read, words = _read_turn(reply), _read_object(reply.facts), conversation.latest_words()
    if read is None:
        return replace(taken, response="", complete=False) if last else taken
    asked, question = (last.attribute, last.question) if last else (None, "")
    known = conversation.told().known()
    facts = {n: v for n, v in facts_in(read, words).items() if n == asked or not _is_old(v, known.get(n))}
    believed = believe(facts, _read_object(reply.quotes) or {}, Statements(words, REFUSAL), asked, question)
    taken = replace(taken, facts=believed.facts, dropped=believed.dropped)
    if not believed.dropped:
        return taken
    hollow = taken.sufficiency(threshold).decision is Decision.ANSWER
    return replace(taken, response="", rating=None if hollow else taken.rating)


def _is_old(value: str, known: str | None) -> bool:
    """Whether ``value`` says nothing but what is ``known``; the prompt shows that, and models repeat it as a fact."""
    return known is not None and (value.casefold() == known.casefold() or Statements(known, REFUSAL).hold(value))


def _read_turn(reply: dspy.Prediction) -> TurnReply:
    """The parts of ``reply`` that can be read, facts aside."""
    danger = str(reply.danger or "")
    acute = says_acute(danger) if _DANGER.search(danger) else None
    rating = _read_rating(str(reply.completeness or ""))
    return TurnReply(
        declined=bool(_YES.match(str(reply.declined or ""))),
        acute=acute,
        rating=rating,
        complete=acute is not None and rating is not None,
        attribute=str(reply.attribute or ""),
        question=_read_text(reply.question),
        response=_read_text(reply.response),
    )


def _read_object(text: object) -> dict[str, object] | None:
    """A JSON object, or what comes close to one; None if it is none."""
    if text is None:
        return None
    if _NOTHING.fullmatch(str(text)):
        return {}
    try:
        return dict(parse_value(str(text), dict[str, Any]))
    except (ValidationError, ValueError, RecursionError):
        return None


def _read_rating(text: str) -> int | None:
    """The one whole number from 0 to 5 in ``text``, "4" or "4/5"."""
    numbers = _NUMBER.findall(_TOP.sub("", text))
    allowed = [str(rating) for rating in range(HIGHEST + 1)]
    return int(numbers[0]) if len(numbers) == 1 and numbers[0] in allowed else None


def _read_text(text: object) -> str:
    """What is to be said to the person; "none" is nothing."""
    said = str(text or "").strip()
    return "" if _NOTHING.fullmatch(said) else said
