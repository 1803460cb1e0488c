"""One turn as it is traced: what of it may be told, and when."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lms import is_simulated
from optimizers.tracking.served_turn import ServedTurn
from serving.tracing import Traces
from serving.wire import ApiError, Reply


@dataclass(frozen=True)
class Tracing:
    """A turn that is being made.

    Attributes:
        session: empty if the conversation is not traced.
        request: id of the request.
        model: id of the program.
        target: the language model.
        said: the person's words, which go into the trace only if contents are wanted.
    """

    traces: Traces
    session: str
    request: str
    model: str
    target: str
    said: Sequence[str]
    began: float = field(default_factory=time.perf_counter)

    def done(self, reply: Reply) -> None:
        """Offer the turn that ended with ``reply``."""
        told, took = reply.told(), reply.took
        self._offer(
            move=reply.kind,
            attribute=told["attribute"],
            stop_reason=told["stop_reason"],
            questions=len(told["asked"]),
            calls=took.calls,
            input_tokens=took.input_tokens,
            output_tokens=took.output_tokens,
            reply=reply.text if self.traces.contents else None,
        )

    def failed(self, error: ApiError) -> None:
        """Offer the turn that ended with ``error``."""
        self._offer(error=error.code)

    def _offer(self, **fields: Any) -> None:
        if not self.session:
            return
        self.traces.offer(
            ServedTurn(
                session=self.session,
                request=self.request,
                model=self.model,
                target=self.target,
                simulated=is_simulated(self.target),
                seconds=time.perf_counter() - self.began,
                ended=time.time_ns(),
                said=tuple(self.said) if self.traces.contents else None,
                **fields,
            )
        )
