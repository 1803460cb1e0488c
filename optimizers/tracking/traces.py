"""Conversations as MLflow traces: the whole, a span a turn, the LM calls in it, and the judge's scores.

They are written when all is done. MLflow's functions for traces that are under way would give each another id every
time, drop some under load, and take several times as long; so this writes finished ones to its tracking store
(``tests/contracts/test_mlflow_traces.py`` tells when that changes).
"""

import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from mlflow.entities import AssessmentError, AssessmentSource, Feedback, Span, SpanType, TraceInfo, TraceState
from mlflow.entities.trace_location import TraceLocation
from mlflow.tracing.client import TracingClient
from mlflow.tracing.constant import AssessmentMetadataKey, SpanAttributeKey, TraceMetadataKey, TraceTagKey

from benchmark.evaluation.episode import Episode, TurnUsageRecord
from benchmark.evaluation.results import MISTAKES
from benchmark.judging.judge import safety_of
from lms import Role
from optimizers.tracking.calls import CallRecord, ConversationRecord
from optimizers.tracking.record import MlflowRun, RunRecord
from optimizers.tracking.spans import LONGEST_PREVIEW, Spans, calls_name, usage_attributes, write_traces
from optimizers.tracking.store import Tracker
from signatures import StopReason, Turn, current_rubric

LONGEST_TAG = 250
TOOK = ("input_tokens", "output_tokens", "cached_tokens", "seconds", "usd")
"""What is told of a single call."""
TOGETHER = 100
"""Traces whose spans are sent at once."""
PAGE = 500


def log_conversations(tracker: Tracker, run: MlflowRun, record: RunRecord, known: Collection[str] = ()) -> int:
    """Log the record's conversations as traces of ``run``; returns how many.

    Args:
        known: ids of traces that are there already, and are left as they are.
    """
    wanted = {trace_id(run, episode): episode for episode in record.conversations}
    now = time.time_ns()
    traces = [_trace(run, record, episode, now) for name, episode in wanted.items() if name not in known]
    client = TracingClient(tracker.client.tracking_uri)
    for start in range(0, len(traces), TOGETHER):
        write_traces(client, run.experiment_id, traces[start : start + TOGETHER])
    return len(traces)


def trace_id(run: MlflowRun, episode: Episode) -> str:
    """The id of the episode's trace in ``run``; the same each time it is logged."""
    return f"tr-{uuid.uuid5(uuid.NAMESPACE_OID, f'{run.run_id} {episode.scenario.id}').hex}"


def logged_traces(tracker: Tracker, run: MlflowRun) -> set[str]:
    """The ids of the traces that ``run`` has."""
    found: set[str] = set()
    token = None
    while True:
        page = tracker.client.search_traces(
            locations=[run.experiment_id], run_id=run.run_id, include_spans=False, max_results=PAGE, page_token=token
        )
        found |= {trace.info.trace_id for trace in page}
        if not (token := page.token):
            return found


def forget_conversations(tracker: Tracker, run: MlflowRun) -> None:
    """Delete the traces of ``run``: MLflow would go on showing those of a deleted run."""
    known = sorted(logged_traces(tracker, run))
    for start in range(0, len(known), TOGETHER):
        tracker.client.delete_traces(run.experiment_id, trace_ids=known[start : start + TOGETHER])


def _trace(run: MlflowRun, record: RunRecord, episode: Episode, now: int) -> tuple[TraceInfo, list[Span]]:
    """The episode as a trace that ended ``now`` (ns since the epoch)."""
    spans = Spans(trace_id(run, episode), _duration(episode, record.calls.of(episode)), now)
    _add_spans(spans, episode, record)
    title = f"{record.params.get('program', record.name)}: {episode.scenario.id}"
    info = TraceInfo(
        trace_id=spans.trace_id,
        trace_location=TraceLocation.from_experiment_id(run.experiment_id),
        request_time=spans.begin // 10**6,
        state=TraceState.ERROR if episode.response is None else TraceState.OK,
        request_preview=episode.scenario.query[:LONGEST_PREVIEW],
        response_preview=(episode.response or "")[:LONGEST_PREVIEW],
        client_request_id=episode.scenario.id[:50],
        execution_duration=(spans.end - spans.begin) // 10**6,
        trace_metadata={
            TraceMetadataKey.SOURCE_RUN: run.run_id,
            TraceMetadataKey.TRACE_SESSION: session_of(run, record),
        },
        tags={TraceTagKey.TRACE_NAME: title[:LONGEST_TAG], **_tags(episode, record)},
        assessments=list(_assessments(run, record, episode)),
    )
    return info, spans.spans


def session_of(run: MlflowRun, record: RunRecord) -> str:
    """The session in which MLflow shows the conversations of a run."""
    return f"{record.name[:200]} ({run.run_id[:8]})"


def _tags(episode: Episode, record: RunRecord) -> dict[str, str]:
    scenario, verdict = episode.scenario, episode.verdict
    tags = {
        "program": record.params.get("program", record.name),
        "target": record.params.get("target", ""),
        "stage": record.stage,
        "simulated": record.tags.get("simulated", ""),
        "source": scenario.source,
        "domain": scenario.domain,
        "situation": scenario.situation,
        "stop_reason": str(episode.stop_reason or ""),
        "crisis": _yes(episode.stop_reason is StopReason.CRISIS),
        "unscored": _yes(verdict.safety is None),
        "questions": "" if episode.n_queries is None else str(episode.n_queries),
        "calls_left_out": record.calls.of(episode).left_out,
    }
    return {name: value[:LONGEST_TAG] for name, value in tags.items() if value}


def _yes(true: bool) -> str:
    return str(true).lower()


def _assessments(run: MlflowRun, record: RunRecord, episode: Episode) -> Iterator[Feedback]:
    """The judge's scores with their reasons; for an unscored conversation, why there are none.

    Each has an id of its own, so that logging it twice does not double it.
    """
    verdict, judge = episode.verdict, record.params.get("judge", "judge")
    source = AssessmentSource(source_type="LLM_JUDGE", source_id=judge[:LONGEST_TAG])
    rubric = current_rubric()
    whole = "The mean of the three dimensions." if rubric.is_default else f"By the weights of the rubric {rubric.name}."
    for name in ("safety", *rubric.names):
        given = {member: str(scores[name]) for member, scores in verdict.panel.items() if name in scores}
        metadata = {AssessmentMetadataKey.SOURCE_RUN_ID: run.run_id, **given}
        if verdict.scores is None:
            error = AssessmentError("UNSCORED", verdict.unscored)
            found = Feedback(name=name, error=error, source=source, metadata=metadata)
        else:
            score = safety_of(verdict) if name == "safety" else verdict.scores[name]
            reason = whole if name == "safety" else verdict.reasons.get(name)
            found = Feedback(name=name, value=round(score, 2), rationale=reason, source=source, metadata=metadata)
        found.assessment_id = f"a-{uuid.uuid5(uuid.NAMESPACE_OID, f'{run.run_id} {episode.scenario.id} {name}').hex}"
        yield found


def _duration(episode: Episode, calls: ConversationRecord) -> int:
    """How long the conversation took, in ns; replies that were stored count as long as they once took."""
    each = [call for turn in (*calls.turns, calls.judge) for call in turn]
    return max(int(episode.seconds * 10**9), sum(map(_waited, episode.spent)), sum(map(_waited, each)))


def _waited(took: TurnUsageRecord | CallRecord | None) -> int:
    """How long one had to wait, in ns; at least one, so that calls whose time is not known keep their order."""
    return max(1, int((took.seconds or 0.0) * 10**9)) if took else 0


def _add_spans(spans: Spans, episode: Episode, record: RunRecord) -> None:
    verdict, scenario = episode.verdict, episode.scenario
    failure = verdict.unscored if episode.response is None else ""
    root = spans.add(
        "conversation",
        SpanType.AGENT,
        spans.begin,
        spans.length,
        inputs={"query": scenario.query},
        outputs={"response": episode.response, "stop_reason": episode.stop_reason},
        error=failure,
        attributes={"asked": episode.asked, "n_queries": episode.n_queries, **_mistakes(episode)},
    )
    at, made, took = spans.begin, _Made.of(episode, record), _by_turn(episode)
    for i, (turn, spent) in enumerate(zip(episode.turns, took, strict=True)):
        name, length = f"turn {i + 1}: {turn.attribute or 'unasked'}", made.waited(i, spent)
        inner = spans.add(name, SpanType.CHAIN, at, length, parent=root, inputs=_asked(turn), outputs=_heard(turn))
        made.add_to(spans, i, spent, at, parent=inner)
        at += length
    if episode.response is not None:
        last, i = episode.spent[-1] if episode.spent else None, len(episode.turns)
        answer = spans.add(
            "answer",
            SpanType.CHAIN,
            at,
            made.waited(i, last),
            parent=root,
            inputs={"query": scenario.query, "known": _known(episode)},
            outputs={"response": episode.response},
        )
        made.add_to(spans, i, last, at, parent=answer)
        at += made.waited(i, last)
        judge = spans.add(
            "judge",
            SpanType.EVALUATOR,
            at,
            spans.end - at,
            parent=root,
            inputs={"query": scenario.query, "profile": scenario.profile.known(), "response": episode.response},
            outputs={"scores": verdict.scores, "reasons": verdict.reasons, "safety": verdict.safety},
            error=verdict.unscored,
            attributes={"judge": record.params.get("judge"), "injection": verdict.injection, "absent": verdict.absent},
        )
        made.add_calls(spans, made.calls.judge, at, parent=judge)


def _by_turn(episode: Episode) -> Sequence[TurnUsageRecord | None]:
    """What each turn took; None where only the answer's calls were counted."""
    found = list(episode.spent[:-1])
    return found if len(found) == len(episode.turns) else [None] * len(episode.turns)


def _asked(turn: Turn) -> dict[str, Any]:
    return {"attribute": turn.attribute, "question": turn.question, "why": turn.why, "rating": turn.rating}


def _heard(turn: Turn) -> dict[str, Any]:
    return {"answer": turn.answer, "known": turn.heard, "declined": turn.declined, "contradicts": turn.contradicts}


def _known(episode: Episode) -> dict[str, str]:
    """What the person has said, as it was first said."""
    known: dict[str, str] = {}
    for turn in episode.turns:
        known = {**turn.heard, **known}
    return known


def _mistakes(episode: Episode) -> dict[str, Any]:
    names = ("unreadable", "ungrounded", "off_target", "lost_answers", *MISTAKES)
    return {name: value for name in names if (value := getattr(episode, name))}


@dataclass(frozen=True)
class _Made:
    """The LM calls of one conversation, as spans: each of them, or, where these are not known, sums of the target's.

    Attributes:
        texts: of messages and replies.
        target: its model.
    """

    calls: ConversationRecord
    texts: Sequence[str]
    target: str

    @classmethod
    def of(cls, episode: Episode, record: RunRecord) -> Self:
        """Those of ``episode``."""
        return cls(record.calls.of(episode), record.calls.texts, record.params.get("target", ""))

    def _of_turn(self, turn: int) -> Sequence[CallRecord]:
        return self.calls.turns[turn] if turn < len(self.calls.turns) else ()

    def waited(self, turn: int, spent: TurnUsageRecord | None) -> int:
        """The length of a turn, in ns; calls that are told one by one are laid out one after the other."""
        return sum(map(_waited, self._of_turn(turn))) or _waited(spent)

    def add_to(self, spans: Spans, turn: int, spent: TurnUsageRecord | None, at: int, *, parent: str) -> None:
        """Add the calls of a turn."""
        if calls := self._of_turn(turn):
            self.add_calls(spans, calls, at, parent=parent)
        elif spent is not None and spent.calls:
            counts = {"calls": spent.calls, "rounds": spent.rounds, "cached_tokens": spent.cached_tokens}
            name = calls_name(self.target, spent.calls)
            attributes = {**counts, **usage_attributes(self.target, spent.input_tokens, spent.output_tokens, spent.usd)}
            spans.add(name, SpanType.LLM, at, _waited(spent), parent=parent, attributes=attributes)

    def add_calls(self, spans: Spans, calls: Sequence[CallRecord], at: int, *, parent: str) -> None:
        """Add each of ``calls``, in the form of OpenAI's chat API, which MLflow shows as messages.

        MLflow sums up tokens and prices of a trace. The sums are to be the target's alone, so those of other calls are
        only in ``took``; a plain ``input_tokens`` MLflow would take for a count of its own.
        """
        for call in calls:
            messages = [{"role": role, "content": self.texts[place]} for role, place in call.messages]
            reply = {"role": "assistant", "content": self.texts[call.reply]}
            spans.add(
                call.predictor or call.role,
                SpanType.LLM,
                at,
                _waited(call),
                parent=parent,
                inputs={"messages": messages},
                outputs={"choices": [{"message": reply}]},
                attributes={
                    SpanAttributeKey.MESSAGE_FORMAT: "openai",
                    "role": call.role,
                    "llm": call.model,
                    "rollout": call.rollout,
                    "took": {name: getattr(call, name) for name in TOOK},
                    **(_usage(call) if call.role is Role.TARGET else {}),
                },
            )
            at += _waited(call)


def _usage(call: CallRecord) -> dict[str, Any]:
    return usage_attributes(call.model, call.input_tokens, call.output_tokens, call.usd)
