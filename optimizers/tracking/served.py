"""Conversations of a server as MLflow traces: one trace a turn, one session a conversation.

What the person said is in a trace only if it is given, which the server does not do unless it is told to.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import Span, SpanType, TraceInfo, TraceState
from mlflow.entities.trace_location import TraceLocation
from mlflow.tracing.client import TracingClient
from mlflow.tracing.constant import TraceMetadataKey, TraceTagKey

from optimizers.tracking.conversations import REDACTED
from optimizers.tracking.served_turn import ServedTurn
from optimizers.tracking.spans import LONGEST_PREVIEW, Spans, calls_name, usage_attributes, write_traces
from optimizers.tracking.store import Experiment

EXPERIMENT = "RAISE served"


class ServedTraces:
    """Where the turns of a server are written.

    Args:
        root: the local store's folder; ``MLFLOW_TRACKING_URI`` names another store.

    Raises:
        RaiseError: if the store cannot be opened.
    """

    def __init__(self, root: Path) -> None:
        self._experiment = Experiment(root, EXPERIMENT)
        self._client = TracingClient(self._experiment.client.tracking_uri)

    def write(self, turns: Sequence[ServedTurn]) -> None:
        """Write turns as traces; raises whatever MLflow does if the store cannot be had."""
        place = self._experiment.experiment_id
        write_traces(self._client, place, [_trace(turn, place) for turn in turns])


def _trace(turn: ServedTurn, experiment: str) -> tuple[TraceInfo, list[Span]]:
    length = max(1, int(turn.seconds * 10**9))
    spans = Spans(f"tr-{uuid.uuid4().hex}", length, turn.ended or time.time_ns())
    said = REDACTED if turn.said is None else "\n\n".join(turn.said)
    reply = REDACTED if turn.reply is None else turn.reply
    root = spans.add(
        "turn",
        SpanType.AGENT,
        spans.begin,
        length,
        inputs={"said": said},
        outputs={"reply": reply, "move": turn.move, "attribute": turn.attribute, "stop_reason": turn.stop_reason},
        error=turn.error,
        attributes={"questions": turn.questions, "calls": turn.calls},
    )
    if turn.calls:
        name = calls_name(turn.target, turn.calls)
        usage = usage_attributes(turn.target, turn.input_tokens, turn.output_tokens, None)
        spans.add(name, SpanType.LLM, spans.begin, length, parent=root, attributes={"calls": turn.calls, **usage})
    info = TraceInfo(
        trace_id=spans.trace_id,
        trace_location=TraceLocation.from_experiment_id(experiment),
        request_time=spans.begin // 10**6,
        state=TraceState.ERROR if turn.error else TraceState.OK,
        request_preview=said[-LONGEST_PREVIEW:],
        response_preview=reply[:LONGEST_PREVIEW],
        client_request_id=turn.request or None,
        execution_duration=length // 10**6,
        trace_metadata={TraceMetadataKey.TRACE_SESSION: turn.session},
        tags={TraceTagKey.TRACE_NAME: f"{turn.model}: {turn.move or turn.error}", **_tags(turn)},
    )
    return info, spans.spans


def _tags(turn: ServedTurn) -> Mapping[str, str]:
    tags: dict[str, Any] = {
        "program": turn.model,
        "target": turn.target,
        "stage": "served",
        "simulated": str(turn.simulated).lower(),
        "move": turn.move,
        "attribute": turn.attribute,
        "stop_reason": turn.stop_reason,
        "crisis": str(turn.move == "help").lower(),
        "questions": str(turn.questions),
        "request_id": turn.request,
        "error": turn.error,
    }
    return {name: value for name, value in tags.items() if value}
