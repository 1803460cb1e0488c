"""The single LM calls of the conversations that are logged as traces, as they are kept in the record of a run.

Prompts repeat each other, above all their instructions, so each text is kept once. Secrets are masked in all of them.
"""

from collections.abc import Sequence

import dspy
from pydantic import BaseModel, ConfigDict

from benchmark.evaluation.episode import Episode
from benchmark.evaluation.replay import ConversationCalls, replay_calls
from benchmark.jobs.resume import Failure
from benchmark.judging.judge import Scorer
from lms import LanguageModels, Role
from lms.replay import ReplayedCall
from lms.role_lm import rollout_of
from modules import RAISE
from optimizers.leaks import PRIVATE_SOURCES
from optimizers.tracking.conversations import REDACTED, Logged, is_private
from signatures.masking import masked


class CallRecord(BaseModel):
    """One LM call.

    Attributes:
        predictor: name of the predictor that made it; empty for the user's.
        rollout: DSPy's; another number, another sample of the reply.
        messages: role and text of each; texts are places in ``CallsRecord.texts``.
        reply: place of its text.
        input_tokens, output_tokens, cached_tokens, seconds, usd: see ``signatures.usage.Spent``; None if not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Role
    predictor: str
    model: str
    rollout: int
    messages: tuple[tuple[str, int], ...]
    reply: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    seconds: float | None
    usd: float | None


class ConversationRecord(BaseModel):
    """The calls of one conversation.

    Attributes:
        turns: those of the target and the user's model, turn by turn, the answer last.
        judge: those of the judge.
        left_out: why there are none; empty if there are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    turns: tuple[tuple[CallRecord, ...], ...] = ()
    judge: tuple[CallRecord, ...] = ()
    left_out: str = ""


class CallsRecord(BaseModel):
    """The calls of a run's conversations.

    Attributes:
        texts: all messages and replies, each once.
        conversations: by scenario id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    texts: tuple[str, ...] = ()
    conversations: dict[str, ConversationRecord] = {}

    def of(self, episode: Episode) -> ConversationRecord:
        """The calls of ``episode``; none, without a reason, in a record of an earlier version."""
        return self.conversations.get(episode.scenario.id, ConversationRecord())


class _Texts:
    """Texts, each kept once, by its place."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._places: dict[str, int] = {}
        self.kept: list[str] = []

    def place(self, text: str) -> int:
        """Where ``text`` is; it is added if it is new."""
        if text not in self._places:
            self._places[text] = len(self.kept)
            self.kept.append(masked(text, self._secrets))
        return self._places[text]


def calls_of(
    conversations: Sequence[Episode], program: dspy.Module, models: LanguageModels, judge: Scorer, logged: Logged
) -> CallsRecord:
    """The calls of conversations, from stored replies; what real people said is left out unless that is allowed.

    Args:
        conversations: as they were had, with all that was said.
        program, models, judge: which they are of.
    """
    roles = models.roles.values()
    texts = _Texts([secret for role in roles for entry in (role, *role.panel) for secret in entry.secrets()])
    shown = logged.contents or not _has_private_paths(program)
    records = {}
    for episode in conversations:
        found = replay_calls(program, episode, models, judge)
        show = shown and (logged.contents or not is_private(episode.scenario))
        records[episode.scenario.id] = _record(found, texts, show=show)
    return CallsRecord(texts=tuple(texts.kept), conversations=records)


def _has_private_paths(program: dspy.Module) -> bool:
    """Whether its prompts may show queries of real people, as examples of planned paths."""
    return isinstance(program, RAISE) and any(path.source in PRIVATE_SOURCES for path in program.paths.paths)


def _record(found: ConversationCalls | Failure, texts: _Texts, *, show: bool) -> ConversationRecord:
    if isinstance(found, Failure):
        return ConversationRecord(left_out=found.reason)

    def record(call: ReplayedCall) -> CallRecord:
        said = [("system", call.request.system)] if isinstance(call.request.system, str) else []
        said += [(message.role, message.text or "") for message in call.request.messages]
        spent = call.reply.spent()
        return CallRecord(
            role=call.role,
            predictor=call.predictor,
            model=call.request.model,
            rollout=rollout_of(call.request),
            messages=tuple((role, texts.place(text if show else REDACTED)) for role, text in said),
            reply=texts.place(call.reply.text if show else REDACTED),
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            cached_tokens=spent.cached_tokens,
            seconds=spent.seconds,
            usd=spent.usd,
        )

    return ConversationRecord(
        turns=tuple(tuple(map(record, turn)) for turn in found.turns), judge=tuple(map(record, found.judge))
    )
