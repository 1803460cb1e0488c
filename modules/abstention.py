"""Abstention: is enough known to answer safely? A family of ways to find out (paper, section 5 and appendix D.1).

Each says which signature its predictor has and turns the model's reply into a ``Sufficiency``. Whatever cannot be read
is an ``Unreadable`` to the agent, which then asks while the budget lasts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import dspy

from modules.calls import Call, ParallelCalls, Script, Unreadable
from signatures import (
    Conversation,
    DecideAndAsk,
    Decision,
    EnoughBasic,
    EnoughBinary,
    EnoughScale,
    parse_attribute,
)

Variant = Literal["scale", "binary", "basic", "vote", "fused", "turn"]
VARIANTS: tuple[Variant, ...] = ("scale", "binary", "basic", "vote", "fused", "turn")
Examples = Callable[[], str]
HIGHEST = 5
"""Top of the completeness scale."""


@dataclass(frozen=True)
class Sufficiency:
    """Whether enough is known, as one of the variants found.

    Attributes:
        decision: ask or answer.
        attribute: what it would ask about, if it says so.
        question: how it would ask, if it says so.
        rating: completeness from 0 to 5, if it rates; of several readable samples the mean.
        invalid: it should have chosen an attribute and chose none of the candidates.
        unread: samples that could not be read, where there are several.
    """

    decision: Decision
    attribute: str | None = None
    question: str = ""
    unread: int = 0
    rating: float | None = None
    invalid: bool = False


class Abstention(Protocol):
    """A way to decide whether enough is known."""

    @property
    def signature(self) -> type[dspy.Signature]:
        """What its predictor is asked."""
        ...

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """Judge ``conversation`` with ``predictor``.

        Args:
            predictor: has this variant's signature.
            conversation: what is known.
            candidates: attributes that may be asked.
            examples: gives the planned paths, as the planner sees them; retrieved only if asked for.

        Raises:
            Unreadable: if the reply does not say.
        """
        ...


def _read_rating(reply: dspy.Prediction | Unreadable, threshold: int) -> Decision | None:
    """A rating's decision; None if there is no rating from 0 to 5."""
    if isinstance(reply, Unreadable) or reply.completeness not in range(HIGHEST + 1):
        return None
    return Decision.ANSWER if reply.completeness >= threshold else Decision.ASK


def _require_rating(reply: dspy.Prediction, threshold: int) -> Decision:
    """A rating's decision.

    Raises:
        Unreadable: if there is no rating from 0 to 5.
    """
    decision = _read_rating(reply, threshold)
    if decision is None:
        raise Unreadable(f"completeness {reply.completeness}")
    return decision


@dataclass(frozen=True)
class Scale:
    """Completeness from 0 to 5; enough at or above ``threshold``. The paper's default, and its best."""

    threshold: int = 4
    signature: type[dspy.Signature] = EnoughScale

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """One rating."""
        reply = yield Call(predictor, conversation.prompt_inputs())
        return Sufficiency(_require_rating(reply, self.threshold), rating=reply.completeness)


@dataclass(frozen=True)
class Vote:
    """Several ratings of the same knowledge; enough if ``agreement`` of all samples reach ``threshold``.

    A sample that cannot be read counts against answering.
    """

    threshold: int = 4
    samples: int = 3
    agreement: float = 0.6
    signature: type[dspy.Signature] = EnoughScale

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """All samples at the same time."""
        calls = [Call(predictor, conversation.prompt_inputs(), rollout) for rollout in range(1, self.samples + 1)]
        replies = yield ParallelCalls(tuple(calls))
        decisions = [_read_rating(reply, self.threshold) for reply in replies]
        enough = sum(decision is Decision.ANSWER for decision in decisions)
        decision = Decision.ANSWER if enough >= self.agreement * self.samples else Decision.ASK
        read = [reply.completeness for reply, one in zip(replies, decisions, strict=True) if one is not None]
        mean = sum(read) / len(read) if read else None
        return Sufficiency(decision, unread=len(decisions) - len(read), rating=mean)


@dataclass(frozen=True)
class Binary:
    """Yes or no."""

    signature: type[dspy.Signature] = EnoughBinary

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """One word."""
        reply = yield Call(predictor, conversation.prompt_inputs())
        word = str(reply.enough).strip().strip(".!*\"'").lower()
        if word not in ("yes", "no"):
            raise Unreadable(word)
        return Sufficiency(Decision.ANSWER if word == "yes" else Decision.ASK)


@dataclass(frozen=True)
class Basic:
    """Answer, or name the attribute that is needed."""

    signature: type[dspy.Signature] = EnoughBasic

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """One word or one attribute; an attribute wins over the word."""
        reply = yield Call(predictor, {**conversation.prompt_inputs(), "candidates": ", ".join(candidates)})
        said = str(reply.next_move)
        attribute = parse_attribute(said, candidates)
        if attribute:
            return Sufficiency(Decision.ASK, attribute)
        if said.strip().strip(".!*\"'").lower() != "answer":
            raise Unreadable(said)
        return Sufficiency(Decision.ANSWER)


@dataclass(frozen=True)
class Fused:
    """Rating, choice and question in one call: one round of waiting less, or two, for every question."""

    threshold: int = 4
    signature: type[dspy.Signature] = DecideAndAsk

    def decide(
        self, predictor: dspy.Predict, conversation: Conversation, candidates: Sequence[str], examples: Examples
    ) -> Script[Sufficiency]:
        """One call; what it names beyond ``candidates`` is left to the planner."""
        shown = {"examples": examples(), "candidates": ", ".join(candidates)}
        reply = yield Call(predictor, {**conversation.prompt_inputs(), **shown})
        decision = _require_rating(reply, self.threshold)
        attribute = parse_attribute(str(reply.attribute), candidates)
        return Sufficiency(
            decision,
            attribute,
            str(reply.question or "").strip() if attribute else "",
            rating=reply.completeness,
            invalid=decision is Decision.ASK and bool(candidates) and attribute is None,
        )
