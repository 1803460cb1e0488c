"""RAISE, the agent: a step function from a conversation to the next move, and the loop around it (paper, section 5)."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import dspy
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator

from modules.abstention import HIGHEST, Abstention, Basic, Binary, Fused, Scale, Variant, Verdict, Vote
from modules.answers import PLAIN_QUESTIONS, facts_in, presentable, refuses
from modules.calls import Call, Meter, Script, Tell, Unreadable, User, arun, metered, readable, run, together
from modules.crisis.guard import help_first, plainly_acute, says_acute
from modules.embedding import TFIDF
from modules.files import write_whole
from modules.paths import PathIndex, PlannedPath
from modules.program import answering, prediction
from signatures import (
    ATTRIBUTES,
    Ask,
    AskKindly,
    ChooseAttribute,
    Conversation,
    Decision,
    Move,
    RaiseError,
    ReadAnswer,
    Respond,
    RespondSafely,
    StopReason,
    TriageRisk,
    Turn,
    UserContext,
    default_burdens,
    parse_attribute,
)

SCHEMA = 1
PREDICTORS = ("triage", "abstain", "plan", "ask", "read", "respond")
BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}
MEANINGS = "\n".join(f"- {attribute.name}: {attribute.meaning}" for attribute in ATTRIBUTES)


class AgentSettings(BaseModel):
    """What a RAISE program can be told besides its prompts.

    Attributes:
        abstention: how to decide whether enough is known: ``scale`` (the paper's best), ``binary``, ``basic``, ``vote``
            (several ratings), or ``fused`` (rating, choice and question in one call).
        threshold: completeness (0 to 5) from which the agent answers.
        votes: ratings that ``vote`` takes.
        agreement: share of them that must find enough.
        eager: choose the next attribute while it is still being judged whether enough is known; a call more at the end,
            a round of waiting less for every question.
        budget: what the questions of one conversation may cost, in units of burden.
        retrieved: how many planned paths the planner sees (the paper's k; 3 to 10 do alike).
        shortlist: how many attributes the planner chooses among, those that all planned paths together favour; 1
            follows them without a call, 0 leaves all open, as in the paper.
        embedder: what similarity of queries is measured by: ``tfidf``, a model string that ``dspy.Embedder`` takes, or
            ``sentence-transformers/all-MiniLM-L6-v2``, the paper's.
        burdens: cost of asking, by attribute; 1.0 each is the paper's uniform cost.
        never_ask: attributes that must not be asked about.
        country: ISO code for crisis contacts.
        contacts: country -> whom to call, in place of the contacts that come with RAISE.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    abstention: Variant = "scale"
    threshold: int = Field(default=4, ge=0, le=HIGHEST)
    votes: int = Field(default=3, ge=1)
    agreement: float = Field(default=0.6, gt=0, le=1)
    eager: bool = False
    budget: float = Field(default=5.0, ge=0)
    retrieved: int = Field(default=5, ge=0)
    shortlist: int = Field(default=0, ge=0)
    embedder: str = TFIDF
    burdens: dict[str, float] = Field(default_factory=default_burdens)
    never_ask: frozenset[str] = frozenset()
    country: str = ""
    contacts: dict[str, str] = Field(default_factory=dict)

    def way(self) -> Abstention:
        """How to decide whether enough is known."""
        ways: dict[Variant, Abstention] = {
            "scale": Scale(self.threshold),
            "binary": Binary(),
            "basic": Basic(),
            "vote": Vote(self.threshold, self.votes, self.agreement),
            "fused": Fused(self.threshold),
        }
        return ways[self.abstention]

    @field_validator("burdens")
    @classmethod
    def _complete(cls, given: dict[str, float]) -> dict[str, float]:
        _refuse_unknown(given)
        if any(burden < 0 for burden in given.values()):
            raise ValueError("a burden cannot be negative")
        return {**default_burdens(), **given}

    @field_serializer("never_ask")
    def _in_order(self, names: frozenset[str]) -> list[str]:
        return sorted(names)  # sets have no order of their own, and settings are hashed

    @field_validator("never_ask")
    @classmethod
    def _known(cls, given: frozenset[str]) -> frozenset[str]:
        _refuse_unknown(given)
        return given


def _entries(card: Path) -> dict[str, Any]:
    """What an existing card says; nothing if there is none or it cannot be read."""
    try:
        content = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _refuse_unknown(names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(BY_NAME))
    if unknown:
        raise ValueError(f"unknown attributes {unknown}")


def _as_examples(paths: Sequence[PlannedPath]) -> str:
    """Planned paths as prompts show them."""
    lines = [f'{i}. "{p.query}": {", ".join(p.path)} (safety {p.value:.1f})' for i, p in enumerate(paths, 1)]
    return "\n".join(lines) or "(none)"


def _nothing() -> Script[None]:
    yield from ()


class RAISE(dspy.Module):
    """Asks the few questions that matter, then answers.

    Six named predictors, each tunable by any DSPy optimizer: ``triage, abstain, plan, ask, read, respond``. An instance
    keeps no state between calls, so one serves many conversations at once.
    """

    sees_profile = False

    def __init__(self, paths: PathIndex | None = None, settings: AgentSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or AgentSettings()
        self.paths = (PathIndex() if paths is None else paths).embedded_by(self.settings.embedder)
        self.triage = dspy.Predict(TriageRisk)
        self.abstain = dspy.Predict(self.settings.way().signature)
        self.plan = dspy.Predict(ChooseAttribute)
        self.ask = dspy.Predict(AskKindly)
        self.read = dspy.Predict(ReadAnswer)
        self.respond = dspy.Predict(RespondSafely)

    # The loop and its parts, in sync and async.

    def forward(self, query: str, user: User, context: UserContext | None = None, origin: str = "") -> dspy.Prediction:
        """Answer ``query``, asking ``user`` what matters; fields of the result: ``modules.program.prediction``."""
        return run(self._converse(query, user, context, origin))

    async def aforward(
        self, query: str, user: User, context: UserContext | None = None, origin: str = ""
    ) -> dspy.Prediction:
        """The async twin of ``forward``; ``user`` may be a coroutine function."""
        return await arun(self._converse(query, user, context, origin))

    def step(self, conversation: Conversation) -> Move:
        """The next move: a question to put, or the answer."""
        return run(self._step(conversation, Meter()))

    async def astep(self, conversation: Conversation) -> Move:
        """The async twin of ``step``."""
        return await arun(self._step(conversation, Meter()))

    def hear(self, conversation: Conversation, answer: str, ask: Ask | None = None) -> Conversation:
        """The conversation after the person said ``answer``, to the question ``ask`` or unasked."""
        return run(self._hear(conversation, answer, ask, Meter()))

    async def ahear(self, conversation: Conversation, answer: str, ask: Ask | None = None) -> Conversation:
        """The async twin of ``hear``."""
        return await arun(self._hear(conversation, answer, ask, Meter()))

    # The logic, once.

    def _converse(self, query: str, user: User, context: UserContext | None, origin: str) -> Script[dspy.Prediction]:
        conversation = Conversation(query=readable(query), context=context or UserContext(), origin=origin)
        turns = [meter := Meter()]
        while isinstance(move := (yield from metered(self._step(conversation, meter), meter)), Ask):
            answer = yield Tell(user, move.question)
            conversation = yield from metered(self._hear(conversation, answer, move, meter), meter)
            turns.append(meter := Meter())
        return prediction(conversation, move, burden=self._spent(conversation), turns=turns)

    def _step(self, conversation: Conversation, meter: Meter) -> Script[Move]:
        """Danger, beside whether enough is known; then the budget; then what to ask, and how."""
        if plainly_acute(conversation.latest_words()):
            return self._help()
        ahead = self.settings.eager and self._affordable(conversation)
        eager = self._chosen(conversation, meter) if ahead else _nothing()
        danger, verdict, attribute = yield from together(
            self._in_danger(conversation, meter), self._enough(conversation, meter), eager
        )
        if danger:
            return self._help()
        reason = StopReason.SUFFICIENT if verdict.decision is Decision.ANSWER else self._cannot_ask(conversation)
        if reason is not None:
            return (yield from self._answer(conversation, reason))
        attribute = verdict.attribute or attribute or (yield from self._chosen(conversation, meter))
        return (yield from self._phrased(conversation, attribute, verdict.question, meter))

    def _help(self) -> Respond:
        return Respond(text=help_first(self.settings.country, self.settings.contacts), reason=StopReason.CRISIS)

    def _in_danger(self, conversation: Conversation, meter: Meter) -> Script[bool]:
        try:
            reply = yield Call(self.triage, {"query": conversation.query, "latest_words": conversation.latest_words()})
        except Unreadable:
            meter.unreadable.append("triage")
            return False  # the deterministic guard has spoken already
        return says_acute(reply.danger)

    def _enough(self, conversation: Conversation, meter: Meter) -> Script[Verdict]:
        candidates = self._choices(conversation)
        way = self.settings.way()
        try:
            verdict = yield from way.decide(
                self.abstain, conversation, candidates, lambda: _as_examples(self._planned(conversation))
            )
        except Unreadable:
            meter.unreadable.append("abstain")
            return Verdict(Decision.ASK)  # not knowing whether enough is known, ask while the budget lasts
        meter.unreadable += ["abstain"] * verdict.unread
        return verdict

    def _spent(self, conversation: Conversation) -> float:
        return sum(self.settings.burdens[attribute] for attribute in conversation.asked())

    def _remaining(self, conversation: Conversation) -> list[str]:
        """Attributes that are unknown, not yet asked about, not declined and not on the never-ask list."""
        closed = {*conversation.context.known(), *conversation.asked(), *conversation.declined}
        return [name for name in BY_NAME if name not in closed | self.settings.never_ask]

    def _affordable(self, conversation: Conversation) -> list[str]:
        left = self.settings.budget - self._spent(conversation)
        return [name for name in self._remaining(conversation) if self.settings.burdens[name] <= left]

    def _cannot_ask(self, conversation: Conversation) -> StopReason | None:
        if self._affordable(conversation):
            return None
        if self._remaining(conversation):
            return StopReason.BUDGET
        return StopReason.DECLINED if conversation.declined else StopReason.EXHAUSTED

    def _planned(self, conversation: Conversation) -> Sequence[PlannedPath]:
        """The paths planned for similar queries."""
        return self.paths.nearest(conversation.query, self.settings.retrieved, excluding=conversation.origin)

    def _choices(self, conversation: Conversation) -> list[str]:
        """Attributes that the model may choose: all that can be asked, or those of them that the plan favours."""
        allowed, most = self._affordable(conversation), self.settings.shortlist
        if not most or len(allowed) <= most:
            return allowed
        return self.paths.favoured(conversation.query, allowed, excluding=conversation.origin)[:most] or allowed

    def _chosen(self, conversation: Conversation, meter: Meter) -> Script[str]:
        """The attribute to ask about: the only choice, else the model's, else the best retrieved path's."""
        allowed = self._choices(conversation)
        if len(allowed) == 1:
            return allowed[0]
        found = self._planned(conversation)
        shown = {**conversation.shown(), "examples": _as_examples(found), "candidates": ", ".join(allowed)}
        chosen = None
        try:
            reply = yield Call(self.plan, shown)
            chosen = parse_attribute(str(reply.attribute), allowed)
        except Unreadable:
            meter.unreadable.append("plan")
        planned = [name for path in found for name in path.path if name in allowed]
        return chosen or (planned or allowed)[0]

    def _phrased(self, conversation: Conversation, attribute: str, question: str, meter: Meter) -> Script[Ask]:
        """The question about ``attribute``: ``question`` if there is one already, else the model's."""
        about = BY_NAME[attribute]
        asked = tuple(turn.question for turn in conversation.turns)
        if not question:
            subject = f"{about.label} ({about.meaning})" + ("; delicate" if about.sensitive else "")
            try:
                reply = yield Call(self.ask, {**conversation.shown(), "subject": subject})
                question = str(reply.question).strip()
            except Unreadable:
                meter.unreadable.append("ask")
        if not presentable(question, asked):
            question = PLAIN_QUESTIONS[attribute]
        return Ask(attribute=attribute, question=question, why=about.meaning)

    def _hear(self, conversation: Conversation, answer: str, ask: Ask | None, meter: Meter) -> Script[Conversation]:
        answer = readable(answer)
        question, attribute = (ask.question, ask.attribute) if ask else ("", None)
        heard: dict[str, str] = {}
        declined = refuses(answer)
        try:
            reply = yield Call(self.read, {"question": question, "answer": answer, "attributes": MEANINGS})
            heard = facts_in(reply.facts, answer)
            declined = declined or reply.declined is True
        except Unreadable:
            meter.unreadable.append("read")
        return conversation.after(
            Turn(
                attribute=attribute,
                question=question,
                answer=answer,
                heard=heard,
                declined=declined and attribute not in heard,
                why=ask.why if ask else "",
            )
        )

    def _answer(self, conversation: Conversation, reason: StopReason) -> Script[Respond]:
        text = yield from answering(self.respond, conversation.query, conversation.context)
        return Respond(text=text, reason=reason)

    # Persistence: a folder with program.json (DSPy state), paths.jsonl and card.json; no pickle.

    def save(self, path: Any, save_program: bool = False, modules_to_serialize: Any = None) -> None:
        """Write the program to the folder ``path``; settings go into ``card.json``, whose other entries are kept.

        Args:
            path: a folder, made if needed. A ``.json`` path saves DSPy's bare state, as in any DSPy module.
            save_program: refused, since it means pickle.

        Raises:
            RaiseError: for a pickle format.
        """
        folder = Path(path)
        if save_program or folder.suffix == ".pkl":
            raise RaiseError("RAISE programs are saved as JSON, not pickle: call save(folder).")
        if folder.suffix == ".json":
            super().save(folder)
            return
        folder.mkdir(parents=True, exist_ok=True)
        bare = self.deepcopy()
        bare.set_lm(None)  # programs are saved without models, which belong to whoever runs them
        dspy.Module.save(bare, folder / "program.json")
        self.paths.save(folder / "paths.jsonl")
        card = folder / "card.json"
        entries = {**_entries(card), "schema": SCHEMA, "settings": self.settings.model_dump(mode="json")}
        write_whole(card, json.dumps(entries, indent=2, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Any, **_: Any) -> Self:
        """Read a program folder that ``save`` wrote.

        Raises:
            RaiseError: if the folder is not a program or was written with another schema.
        """
        folder = Path(path)
        try:
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
            state = json.loads((folder / "program.json").read_text(encoding="utf-8"))
            if card.get("schema") != SCHEMA:
                raise RaiseError(
                    f"{folder} was saved with schema {card.get('schema')}, not {SCHEMA}: compile it again."
                )
            agent = cls(paths=PathIndex.load(folder / "paths.jsonl"), settings=AgentSettings(**card["settings"]))
            agent.load_state(state)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            raise RaiseError(f"{folder} is not a compiled program: {type(error).__name__}: {error}") from error
        return agent
