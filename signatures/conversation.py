"""A conversation as a value, the two moves the agent can make in it, and why it stops."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, field_serializer

from signatures.context import UserContext
from signatures.identity import content_id


class Decision(StrEnum):
    """What abstention decides. It has no truth value on purpose: an inverted ``if`` must not compile to a decision."""

    ASK = "ask"
    ANSWER = "answer"

    def __bool__(self) -> bool:
        """Refuse to be used as a condition."""
        raise TypeError("a Decision is not true or false: compare it, as in `decision is Decision.ASK`")


class StopReason(StrEnum):
    """Why the agent answered instead of asking on."""

    SUFFICIENT = "sufficient"
    """Enough is known to answer safely."""
    BUDGET = "budget"
    """The next question would cost more than what is left of the budget."""
    CRISIS = "crisis"
    """Acute danger: help at once, no questionnaire."""
    EXHAUSTED = "exhausted"
    """Everything there is to ask has been asked."""
    DECLINED = "declined"
    """What is left to ask, the person would rather not say."""


class Ask(BaseModel):
    """Move: ask one question about one attribute.

    Attributes:
        why: what the question is for.
        rating: completeness, 0 to 5, of what was known when it was decided to ask; None if nothing rates it.
    """

    model_config = ConfigDict(frozen=True)
    attribute: str
    question: str
    why: str = ""
    rating: float | None = None


class Respond(BaseModel):
    """Move: answer the query."""

    model_config = ConfigDict(frozen=True)
    text: str
    reason: StopReason


Move = Ask | Respond


class Turn(BaseModel):
    """One question and what came back.

    Attributes:
        attribute: what the question was about; None when the person spoke unasked.
        heard: facts read out of the answer, volunteered ones included.
        declined: the person would rather not say.
        why: what the question was for.
        rating: see ``Ask``.
        contradicts: attributes of ``heard`` for which something else was said before.
    """

    model_config = ConfigDict(frozen=True)
    attribute: str | None
    question: str
    answer: str
    heard: dict[str, str] = {}
    declined: bool = False
    why: str = ""
    rating: float | None = None
    contradicts: tuple[str, ...] = ()

    @property
    def volunteered(self) -> dict[str, str]:
        """The facts that were not asked for."""
        return {name: value for name, value in self.heard.items() if name != self.attribute}


class Prepared(BaseModel):
    """A move that was prepared when the last answer was heard.

    Attributes:
        of: the state of the conversation that it was prepared for; it is good for no other.
    """

    model_config = ConfigDict(frozen=True)
    move: Ask | Respond
    of: str


class Conversation(BaseModel):
    """Everything the agent knows when it makes its next move.

    Attributes:
        query: the person's question.
        context: attribute values known so far, as they were first said.
        contradicted: attribute -> what was said of it later and excludes what is known. The next question about it
            settles which holds; there is at most one.
        declined: attributes the person would rather not talk about; never asked again.
        turns: questions and answers so far, oldest first.
        origin: where the query comes from (a benchmark situation), so that paths planned for it are not shown back to
            it; empty outside evaluation.
        language: ISO 639-1 code of the language in which to speak where the person's words do not tell; empty: English.
        prepared: the next move, if it was found while the last answer was read (``abstention="turn"``).
    """

    model_config = ConfigDict(frozen=True)
    query: str
    context: UserContext = UserContext()
    contradicted: dict[str, str] = {}
    declined: frozenset[str] = frozenset()
    turns: tuple[Turn, ...] = ()
    origin: str = ""
    language: str = ""
    prepared: Prepared | None = None

    @field_serializer("declined")
    def _in_order(self, names: frozenset[str]) -> list[str]:
        return sorted(names)  # sets have no order of their own, and states are hashed

    def with_move(self, move: Move) -> "Conversation":
        """The conversation with ``move`` prepared for it as it is now."""
        return self.model_copy(update={"prepared": Prepared(move=move, of=self._state())})

    def prepared_move(self) -> Move | None:
        """The move that was prepared, if nothing has changed since."""
        return self.prepared.move if self.prepared and self.prepared.of == self._state() else None

    def _state(self) -> str:
        return content_id(self.model_dump(mode="json", exclude={"prepared"}))

    def prompt_inputs(self) -> dict[str, str]:
        """What every prompt about this conversation shows: the query, and the context as text."""
        return {"query": self.query, "context": self.told().as_text()}

    def told(self) -> UserContext:
        """The context as prompts show it: with both sides of what was contradicted."""
        known = self.context.known()
        both = {name: f"{known[name]}; later said: {other}" for name, other in self.contradicted.items()}
        return self.context.model_copy(update=both)

    def asked(self) -> tuple[str, ...]:
        """Attributes asked about so far, in order."""
        return tuple(turn.attribute for turn in self.turns if turn.attribute is not None)

    def said(self) -> tuple[str, ...]:
        """All that the person said: the query, and the answers in order."""
        return (self.query, *(turn.answer for turn in self.turns))

    def latest_words(self) -> str:
        """The last thing the person said: the latest answer, or the query."""
        return self.turns[-1].answer if self.turns else self.query

    def falls_to(self, rating: float | None) -> bool:
        """Whether ``rating`` of what is known is lower than the one before, though since then more is known."""
        if rating is None or not self.turns:
            return False
        *earlier, last = self.turns
        learnt = set(last.heard) - {name for turn in earlier for name in turn.heard}
        return bool(learnt) and not last.contradicts and last.rating is not None and rating < last.rating

    def after(self, turn: Turn) -> "Conversation":
        """The conversation with ``turn`` added and its facts learned."""
        declined = self.declined | ({turn.attribute} if turn.declined and turn.attribute else set())
        settled = {name: turn.heard[name] for name in self.contradicted if name == turn.attribute in turn.heard}
        later = {name: turn.heard[name] for name in turn.contradicts}
        contradicted = {n: value for n, value in {**self.contradicted, **later}.items() if n not in settled}
        return self.model_copy(
            update={
                "context": self.context.learn(turn.heard).model_copy(update=settled),
                "contradicted": contradicted,
                "declined": frozenset(declined),
                "turns": (*self.turns, turn),
                "prepared": None,
            }
        )
