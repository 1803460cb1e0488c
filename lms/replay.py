"""Work done again from stored replies alone, to see which LM calls it makes; no model is asked, nothing is counted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import dspy
from dspy.lm15 import Request
from dspy.utils.exceptions import LMConfigurationError

from lms.roles import Role
from lms.store import Reply
from lms.whole import problem_of


class NotStoredError(LMConfigurationError):
    """A replay needs a reply that is not stored.

    It is one of dspy's errors so that it passes through dspy unchanged, and of the kind that ends a run.
    """


@dataclass(frozen=True)
class ReplayedCall:
    """One LM call.

    Attributes:
        predictor: name of the predictor that made it; empty for one without a name.
    """

    role: Role
    request: Request
    reply: Reply
    predictor: str


@dataclass
class Replay:
    """The calls of a replay.

    Attributes:
        names: id of a predictor -> its name.
        calls: in the order in which they were made; those of several threads in any order.
    """

    names: Mapping[int, str]
    calls: list[ReplayedCall] = field(default_factory=list)

    def take(self, role: Role, request: Request, stored: Reply | None) -> Reply:
        """Note a call, and answer it with what is stored.

        Raises:
            NotStoredError: if nothing is stored that can be used.
        """
        if stored is None or problem_of(stored, request):
            raise NotStoredError(f"a reply of {request.model} is not stored")
        callers = dspy.settings.caller_modules or [None]
        self.calls.append(ReplayedCall(role, request, stored, self.names.get(id(callers[-1]), "")))
        return stored


_replay: ContextVar[Replay | None] = ContextVar("raise_replay", default=None)


def current_replay() -> Replay | None:
    """The replay that this code is part of, if it is."""
    return _replay.get()


@contextmanager
def replaying(predictors: Mapping[str, dspy.Predict]) -> Iterator[Replay]:
    """Within the block, in this thread and those that take over its context, every call is answered from the store.

    Callbacks of DSPy are off: a user's own tracing is not told of calls that nobody makes.

    Args:
        predictors: by the names that calls are to be told by.
    """
    replay = Replay({id(predictor): name for name, predictor in predictors.items()})
    token = _replay.set(replay)
    try:
        with dspy.context(callbacks=[]):
            yield replay
    finally:
        _replay.reset(token)
