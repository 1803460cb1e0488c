"""What a server counts, in the form that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from serving.wire import Reply

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram of times."""
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counts of one server; labels are ids of models, routes and kinds, never contents."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "raise_requests", "Requests, by route and status.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "raise_request_seconds", "Seconds from request to the end of the reply.", ["route"],
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip
        self._moves = Counter(
            "raise_moves", "Moves made: ask, answer or help.", ["model", "move"], registry=self._registry
        )
        self._calls = Counter("raise_upstream_calls", "Calls to the language model.", registry=self._registry)
        self._tokens = Counter(
            "raise_upstream_tokens", "Tokens of those calls.", ["direction"], registry=self._registry
        )
        self._failures = Counter(
            "raise_upstream_failures", "Turns that the language model failed.", ["kind"], registry=self._registry
        )
        self._traces = Counter(
            "raise_traces", "Turns to be traced: written, dropped since too many waited, or failed.", ["outcome"],
            registry=self._registry,
        )  # fmt: skip
        self.turns = Gauge("raise_turns_in_progress", "Turns being made.", registry=self._registry)

    def count_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was replied to."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def count_reply(self, reply: Reply) -> None:
        """Count a move and what it took."""
        self._moves.labels(reply.member.id, reply.kind).inc()
        self._calls.inc(reply.took.calls)
        self._tokens.labels("input").inc(reply.took.input_tokens)
        self._tokens.labels("output").inc(reply.took.output_tokens)

    def count_failure(self, kind: str) -> None:
        """Count a turn that failed upstream."""
        self._failures.labels(kind).inc()

    def count_traces(self, outcome: str, turns: int) -> None:
        """Count turns that were to be traced."""
        self._traces.labels(outcome).inc(turns)

    def text(self) -> bytes:
        """All counts."""
        return generate_latest(self._registry)
