"""RAISE, the agent: a step function from a conversation to the next move, and the loop around it (paper, section 5)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import dspy

from modules.abstention import Sufficiency
from modules.answers import REFUSAL, facts_in, refuses
from modules.asking import put_question
from modules.calls import (
    AskUser,
    Call,
    Script,
    TurnUsage,
    Unreadable,
    User,
    arun,
    clean_text,
    count_usage,
    gather,
    given,
    run,
)
from modules.crisis.concern import HISTORY, NOTE, asks_of_harm, is_at_risk, with_contacts
from modules.crisis.guard import help_first, language_in_danger, plainly_acute, says_acute, triage_counts
from modules.embedding import is_hosted
from modules.folder import read_program, write_program
from modules.paths import PathIndex, PlannedPath, as_examples, planned_first
from modules.program import identity_of, prediction
from modules.reading.grounds import Grounded, disagree, ground
from modules.reading.plain import read_plain
from modules.reading.statements import Statements
from modules.responding import respond_grounded
from modules.sealed import SealedPredict
from modules.settings import AgentSettings
from modules.turn import TurnReply, take_turn
from signatures import (
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
    current_vocabulary,
    parse_attribute,
)

PREDICTORS = ("triage", "abstain", "plan", "ask", "read", "respond")


class RAISE(dspy.Module):
    """Asks the few questions that matter, then answers.

    Predictors ``abstain, plan, ask, read, respond``, for any DSPy optimizer, and ``triage``, which none can change. An
    instance keeps no state between calls, so one serves many conversations at once.
    """

    sees_profile = False

    def __init__(self, paths: PathIndex | None = None, settings: AgentSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or AgentSettings()
        self.paths = (PathIndex() if paths is None else paths).with_embedder(self.settings.embedder)
        self.triage = SealedPredict(TriageRisk)
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
        return run(self.stepped(conversation, TurnUsage()))

    async def astep(self, conversation: Conversation) -> Move:
        """The async twin of ``step``."""
        return await arun(self.stepped(conversation, TurnUsage()))

    def hear(self, conversation: Conversation, answer: str, ask: Ask | None = None) -> Conversation:
        """The conversation after the person said ``answer``, to the question ``ask`` or unasked."""
        return run(self.heard(conversation, answer, ask, TurnUsage()))

    async def ahear(self, conversation: Conversation, answer: str, ask: Ask | None = None) -> Conversation:
        """The async twin of ``hear``."""
        return await arun(self.heard(conversation, answer, ask, TurnUsage()))

    def identity(self) -> str:
        """See ``modules.program.Program``; a subclass adds what its own behaviour depends on."""
        return identity_of(self, self.settings.model_dump(mode="json"), self.paths.identity())

    # The logic, once.

    def _converse(self, query: str, user: User, context: UserContext | None, origin: str) -> Script[dspy.Prediction]:
        conversation = Conversation(query=clean_text(query), context=context or UserContext(), origin=origin)
        turns = [usage := TurnUsage()]
        while isinstance(move := (yield from count_usage(self.stepped(conversation, usage), usage)), Ask):
            answer = yield AskUser(user, move.question)
            conversation = yield from count_usage(self.heard(conversation, answer, move, usage), usage)
            turns.append(usage := TurnUsage())
        return prediction(conversation, move, burden=self._burden(conversation), turns=turns)

    def stepped(self, conversation: Conversation, usage: TurnUsage) -> Script[Move]:
        """The script of ``step``: danger, beside whether enough is known; the budget; what to ask, and how."""
        if plainly_acute(conversation.latest_words(), self.settings.false_alarms):
            return self._help(conversation)
        if self.settings.abstention == "turn":
            if ready := self._prepared(conversation):
                return ready
            taken = yield from self._take_turn(conversation, usage)
            return (yield from self._follow(conversation, taken, usage))
        ahead = self.settings.eager and self._affordable(conversation)
        eager = self._choose(conversation, usage) if ahead else given(None)
        danger, enough, attribute = yield from gather(
            self._triage(conversation, usage), self._assess(conversation, usage), eager
        )
        enough = replace(enough, attribute=enough.attribute or attribute)
        return (yield from self._move(conversation, danger, enough, usage))

    def _move(
        self, conversation: Conversation, danger: bool, enough: Sufficiency, usage: TurnUsage, response: str = ""
    ) -> Script[Move]:
        """The move that follows; ``response`` is the answer, if it is written already."""
        if danger:
            return self._help(conversation)
        if self.settings.concern and asks_of_harm(conversation, self._affordable(conversation)):
            enough = Sufficiency(Decision.ASK, rating=enough.rating, attribute=HISTORY)
        reason = StopReason.SUFFICIENT if enough.decision is Decision.ANSWER else self._cannot_ask(conversation)
        if reason is not None:
            return (yield from self._answer(conversation, reason, usage, response))
        attribute = enough.attribute or (yield from self._choose(conversation, usage))
        ask = yield from self._phrase(conversation, attribute, enough.question, usage)
        return ask.model_copy(update={"rating": enough.rating})

    def _prepared(self, conversation: Conversation) -> Move | None:
        """The move that was prepared, unless another program did, whose settings allow what ours do not."""
        move = conversation.prepared_move()
        forbidden = isinstance(move, Ask) and move.attribute not in self._affordable(conversation)
        return None if forbidden else move

    def _take_turn(self, conversation: Conversation, usage: TurnUsage) -> Script[TurnReply]:
        """The one call of a turn; what the last answer told by plain words is known already."""
        examples, candidates = as_examples(self._retrieve(conversation)), self._choices(conversation)
        try:
            taken = yield from take_turn(
                self.abstain,
                conversation,
                self.settings.threshold,
                candidates=candidates,
                examples=examples,
                believe=self._believe,
            )
        except Unreadable:
            taken = TurnReply()
        usage.unreadable += ["abstain"] * (not taken.complete)
        usage.ungrounded += taken.dropped
        return taken

    def _follow(self, conversation: Conversation, taken: TurnReply, usage: TurnUsage) -> Script[Move]:
        """The move that ``taken`` proposes, if it may be made; what it does not say is asked for by its own step."""
        if taken.acute and triage_counts(conversation.latest_words(), self.settings.triage_from):
            return self._help(conversation)
        danger, enough = yield from gather(
            self._triage(conversation, usage) if taken.acute is None else given(False),
            self._assess(conversation, usage)
            if taken.rating is None
            else given(taken.sufficiency(self.settings.threshold)),
        )
        usage.falling += conversation.falls_to(taken.rating)
        allowed = self._choices(conversation)
        named = parse_attribute(taken.attribute, allowed)
        usage.invalid += named is None and bool(allowed) and enough.decision is Decision.ASK
        attribute = named or next(iter(planned_first(self._retrieve(conversation), allowed)), None)
        enough = replace(enough, attribute=attribute, question=taken.question if named else "")
        return (yield from self._move(conversation, danger, enough, usage, taken.response))

    def _help(self, conversation: Conversation) -> Respond:
        language = language_in_danger(conversation.said(), conversation.language)
        text = help_first(self.settings.country, self.settings.contacts, language)
        return Respond(text=text, reason=StopReason.CRISIS)

    def _triage(self, conversation: Conversation, usage: TurnUsage) -> Script[bool]:
        try:
            reply = yield Call(self.triage, {"query": conversation.query, "latest_words": conversation.latest_words()})
        except Unreadable:
            usage.unreadable.append("triage")
            return False  # the deterministic guard has read these words already
        return says_acute(reply.danger) and triage_counts(conversation.latest_words(), self.settings.triage_from)

    def _assess(self, conversation: Conversation, usage: TurnUsage) -> Script[Sufficiency]:
        candidates = self._choices(conversation)
        way = self.settings.way()
        try:
            found = yield from way.decide(
                self.abstain, conversation, candidates, lambda: as_examples(self._retrieve(conversation))
            )
        except Unreadable:
            usage.unreadable.append("abstain")
            return Sufficiency(Decision.ASK)  # not knowing whether enough is known, ask while the budget lasts
        usage.unreadable += ["abstain"] * found.unread
        usage.invalid += found.invalid
        usage.falling += conversation.falls_to(found.rating)
        return found

    def _burden(self, conversation: Conversation) -> float:
        return sum(self.settings.burdens[attribute] for attribute in conversation.asked())

    def _remaining(self, conversation: Conversation) -> list[str]:
        """Attributes that are unknown or contradicted, not yet asked about, not declined, not on the never-ask list."""
        certain = {*conversation.context.known()} - {*conversation.contradicted}
        closed = {*certain, *conversation.asked(), *conversation.declined}
        return [name for name in current_vocabulary().names if name not in closed | self.settings.never_ask]

    def _affordable(self, conversation: Conversation) -> list[str]:
        left = self.settings.budget - self._burden(conversation)
        return [name for name in self._remaining(conversation) if self.settings.burdens[name] <= left]

    def _cannot_ask(self, conversation: Conversation) -> StopReason | None:
        if self._affordable(conversation):
            return None
        if self._remaining(conversation):
            return StopReason.BUDGET
        return StopReason.DECLINED if conversation.declined else StopReason.EXHAUSTED

    def _retrieve(self, conversation: Conversation) -> Sequence[PlannedPath]:
        """The paths planned for similar queries."""
        return self.paths.nearest(conversation.query, self.settings.retrieved, excluding=conversation.origin)

    def _choices(self, conversation: Conversation) -> list[str]:
        """Attributes that the model may choose: all that can be asked, or those of them that the plan favours."""
        allowed, most = self._affordable(conversation), self.settings.shortlist
        if not most or len(allowed) <= most:
            return allowed
        return self.paths.rank(conversation.query, allowed, excluding=conversation.origin)[:most] or allowed

    def _choose(self, conversation: Conversation, usage: TurnUsage) -> Script[str]:
        """The attribute to ask about: the only choice, else the model's, else the best retrieved path's."""
        allowed = self._choices(conversation)
        if len(allowed) == 1:
            return allowed[0]
        found = self._retrieve(conversation)
        shown = {**conversation.prompt_inputs(), "examples": as_examples(found), "candidates": ", ".join(allowed)}
        chosen = None
        try:
            reply = yield Call(self.plan, shown)
            chosen = parse_attribute(str(reply.attribute), allowed)
            usage.invalid += chosen is None
        except Unreadable:
            usage.unreadable.append("plan")
        return chosen or (planned_first(found, allowed) or allowed)[0]

    def _phrase(self, conversation: Conversation, attribute: str, question: str, usage: TurnUsage) -> Script[Ask]:
        """The question about ``attribute``: ``question`` if there is one, else the model's, or the plain one."""
        if not question and self.settings.phrasing != "plain":
            try:
                shown = {**conversation.prompt_inputs(), "subject": current_vocabulary().by_name[attribute].subject}
                reply = yield Call(self.ask, shown)
                question = str(reply.question).strip()
            except Unreadable:
                usage.unreadable.append("ask")
        return put_question(question, attribute, conversation, self.settings.phrasing, usage)

    def heard(self, conversation: Conversation, answer: str, ask: Ask | None, usage: TurnUsage) -> Script[Conversation]:
        """The script of ``hear``."""
        answer = clean_text(answer)
        said = Statements(answer, REFUSAL)
        plain = read_plain(said, ask.attribute if ask else None, ask.question if ask else "")
        heard, declined = plain.facts if plain is not None else {}, refuses(answer)
        usage.plain += plain is not None
        taken = None
        if self.settings.abstention == "turn":
            told = self._after(conversation, answer, ask, heard, declined)
            if plainly_acute(answer, self.settings.false_alarms):
                return told  # help comes before any call
            taken = yield from self._take_turn(told, usage)
        if plain is None:
            heard, refused = yield from self._read(said, answer, ask, usage, taken)
            declined = declined or refused
        conversation = self._after(conversation, answer, ask, heard, declined)
        if taken is None:
            return conversation
        return conversation.with_move((yield from self._follow(conversation, taken, usage)))

    def _after(
        self, conversation: Conversation, answer: str, ask: Ask | None, heard: dict[str, str], declined: bool
    ) -> Conversation:
        attribute, known = ask.attribute if ask else None, conversation.context.known()
        return conversation.after(
            Turn(
                attribute=attribute,
                question=ask.question if ask else "",
                answer=answer,
                heard=heard,
                declined=declined and attribute not in heard,
                why=ask.why if ask else "",
                rating=ask.rating if ask else None,
                contradicts=tuple(n for n, value in heard.items() if n in known and disagree(n, known[n], value)),
            )
        )

    def _read(
        self, said: Statements, answer: str, ask: Ask | None, usage: TurnUsage, taken: TurnReply | None = None
    ) -> Script[tuple[dict[str, str], bool]]:
        """What the model reads in ``answer``, as far as that was said, and whether it sees a refusal.

        Args:
            taken: of the call that did all at once; its facts are checked already.
        """
        if taken is not None and taken.facts is not None:
            return taken.facts, taken.declined
        question, attribute = (ask.question, ask.attribute) if ask else ("", None)
        try:
            shown = {"question": question, "answer": answer, "attributes": current_vocabulary().meanings}
            reply = yield Call(self.read, shown)
        except Unreadable:
            usage.unreadable.append("read")
            return {}, False
        believed = self._believe(facts_in(reply.facts, answer), dict(reply.quotes), said, attribute, question)
        usage.ungrounded += believed.dropped
        return believed.facts, reply.declined is True

    def _believe(
        self, facts: dict[str, str], quotes: dict[str, object], said: Statements, asked: str | None, question: str
    ) -> Grounded:
        """Only what the person said; an experiment may replace this to see what the check is worth."""
        return ground(facts, quotes, said, asked, question)

    def _answer(
        self, conversation: Conversation, reason: StopReason, usage: TurnUsage, written: str = ""
    ) -> Script[Respond]:
        concern = self.settings.concern and is_at_risk(conversation)
        text = yield from respond_grounded(self.respond, conversation, usage, written, NOTE if concern else "")
        if text is None:
            return self._help(conversation)
        if concern:
            text = with_contacts(text, conversation, self.settings.country, self.settings.contacts)
        return Respond(text=text, reason=reason)

    def save(self, path: Any, save_program: bool = False, modules_to_serialize: Any = None) -> None:
        """Write the program to ``path``; ``load`` reads it back.

        Args:
            path: a folder, made if needed; settings go into its ``card.json``, whose other entries are kept. With the
                ending ``.json`` one file with state, settings and planned paths, for tools that save DSPy programs so.
            save_program: refused, since it means pickle.

        Raises:
            RaiseError: for a pickle.
        """
        if save_program:
            raise RaiseError("RAISE programs are saved as JSON, not pickle: call save(folder).")
        write_program(Path(path), self, self.settings, self.paths)

    @classmethod
    def load(cls, path: Any, *, hosted_embedder: bool = False, **_: Any) -> Self:
        """Read a program that ``save`` wrote, or one that MLflow has.

        Args:
            path: a folder, a file, or an address as in ``models:/raise-gpt-4o@champion``; the MLflow store is the one
                in ``MLFLOW_TRACKING_URI``, else in the folder ``RAISE_ROOT``, by default ``mlruns``.
            hosted_embedder: allow a program that compares queries by a hosted embedding model. That model is called
                with the user's key, and the calls are in no ledger.

        Raises:
            RaiseError: if the folder is not a program, was written with another schema, holds more than prompts,
                settings and paths, or needs a hosted embedder that is not allowed; if MLflow has no such program.
        """
        program = read_program(Path(path), lambda paths, settings: cls(paths=paths, settings=settings))
        if is_hosted(program.settings.embedder) and not hosted_embedder:
            raise RaiseError(
                f"{path} compares queries by the hosted model {program.settings.embedder!r}, which costs money outside "
                "the ledger: load it with hosted_embedder=True if that is wanted."
            )
        return program
