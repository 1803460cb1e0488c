"""Spans of a finished trace, in the form in which MLflow stores them, and what it sums up of LM calls."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlflow.entities import Span, TraceInfo
from mlflow.tracing.client import TracingClient
from mlflow.tracing.constant import SpanAttributeKey

from signatures.identity import content_id

LONGEST_PREVIEW = 1000
"""Characters of a query or response in MLflow's list of traces."""


def write_traces(client: TracingClient, experiment_id: str, traces: Sequence[tuple[TraceInfo, Sequence[Span]]]) -> None:
    """Write finished traces; their spans are sent at once."""
    for info, _ in traces:
        client.start_trace(info)
    client.log_spans(experiment_id, [span for _, spans in traces for span in spans])


def calls_name(model: str, calls: int) -> str:
    """The name of a span that stands for several calls."""
    return f"{model}, {calls} call{'s' * (calls > 1)}"


@dataclass
class Spans:
    """The spans of one trace, laid out in time one after the other.

    Attributes:
        length: of the whole, in ns.
        end: of the whole, in ns since the epoch.
    """

    trace_id: str
    length: int
    end: int
    spans: list[Span] = field(default_factory=list)

    @property
    def begin(self) -> int:
        """When the whole began, in ns since the epoch."""
        return self.end - self.length

    def add(
        self,
        name: str,
        kind: str,
        begin: int,
        length: int,
        *,
        parent: str = "",
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        error: str = "",
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        """Add a span; returns its id."""
        span_id = content_id(self.trace_id, len(self.spans))
        said = {
            SpanAttributeKey.REQUEST_ID: self.trace_id,
            SpanAttributeKey.SPAN_TYPE: kind,
            SpanAttributeKey.INPUTS: inputs,
            SpanAttributeKey.OUTPUTS: outputs,
            **(attributes or {}),
        }
        self.spans.append(
            Span.from_dict(
                {
                    "trace_id": self.trace_id,
                    "span_id": span_id,
                    "parent_span_id": parent,
                    "name": name,
                    "start_time_unix_nano": begin,
                    "end_time_unix_nano": begin + length,
                    "status": {"code": "STATUS_CODE_ERROR" if error else "STATUS_CODE_OK", "message": error},
                    "attributes": {key: json.dumps(value) for key, value in said.items() if value is not None},
                }
            )
        )
        return span_id


def usage_attributes(model: str, sent: int | None, said: int | None, usd: float | None) -> dict[str, Any]:
    """Tokens and price as MLflow sums them up; what is not known (None) is left out.

    MLflow looks the price of a model up, by a library that takes seconds to load, where it is given a model and tokens
    but no price. What we do not know a price of has none, so MLflow is told the model only beside its price.
    """
    found = dict[str, Any]()
    if sent is not None and said is not None:
        usage = {"input_tokens": sent, "output_tokens": said, "total_tokens": sent + said}
        found[SpanAttributeKey.CHAT_USAGE] = usage
    if usd is not None:
        found |= {SpanAttributeKey.MODEL: model, SpanAttributeKey.LLM_COST: {"total_cost": usd}}
    return found
