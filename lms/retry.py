"""One retry policy for every call to a real model: what passes by itself is waited for, the rest is raised at once.

An endpoint that has answered nothing and refuses one request after the other as invalid ends the run, in its own words.

Rate limits, time-outs, server and transport errors, and bodies that are no JSON object are tried again up to
``retries`` times, with the server's ``Retry-After`` or exponential waits. An endpoint that was answering and is gone,
or is still loading its model, pauses the run instead of using its attempts up: calls wait for it up to ``OUTAGE``
seconds, or less where somebody waits for the answer.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from dspy.utils.exceptions import (
    ContextWindowExceededError,
    LMConfigurationError,
    LMError,
    LMInvalidRequestError,
    LMLockTimeoutError,
    LMProviderError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    LMTransportError,
    LMUnexpectedError,
)
from tenacity import AsyncRetrying, RetryCallState, Retrying

from lms.stopping import STOP
from lms.whole import EmptyReplyError

T = TypeVar("T")
PASSING = (LMRateLimitError, LMTimeoutError, LMServerError, LMTransportError, LMLockTimeoutError)
AWAY = frozenset({None, 502, 503, 504, 529})
"""Statuses of an endpoint that is not there; None: no connection. A plain 500 may be this one request's fault."""
OUTAGE = 300.0
"""Seconds that a call waits for an endpoint to come back, unless its policy says otherwise."""
LONGEST_WAIT = 60.0
"""Seconds; a ``Retry-After`` beyond it is not believed."""
MOST_INVALID = 3
"""Requests refused as invalid, by an endpoint that never answered, after which the run ends."""
TOLD_FROM = 5.0
"""Waits of so many seconds are announced."""
logger = logging.getLogger(__name__)


def passes(error: BaseException | None) -> bool:
    """Whether the same call may succeed a little later."""
    if isinstance(error, PASSING):
        return True
    if isinstance(error, LMProviderError) and error.status == 200:
        return True  # a gateway's page instead of JSON
    return isinstance(error, LMUnexpectedError) and isinstance(error.__cause__, TypeError)  # JSON, but no object


def wait_before(error: BaseException | None, attempt: int) -> float:
    """Seconds to wait after ``attempt`` failed attempts: what the server asks for, else 1, 2, 4, ...

    After a reply without text there is nothing to wait for.
    """
    if isinstance(error, EmptyReplyError):
        return 0.0
    asked = getattr(error, "retry_after", None)
    return min(LONGEST_WAIT, float(asked) if asked is not None else 2.0 ** (attempt - 1))


class RetryPolicy:
    """Retries the calls to one endpoint. Safe for threads and tasks.

    Args:
        retries: further attempts at a call.
        clock: seconds, for tests.
        outage: seconds that a call waits for an endpoint that is gone.
    """

    def __init__(self, retries: int, clock: Callable[[], float] = time.monotonic, *, outage: float = OUTAGE) -> None:
        self._retries, self._clock, self._outage = retries, clock, outage
        self._last_answer: float | None = None
        self._invalid = 0

    def call(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns, in the end.

        Raises:
            dspy.utils.exceptions.LMError: the last error, if it does not pass.
        """
        began = self._clock()
        with self._watching_refusals():
            result: T = Retrying(sleep=STOP.sleep, **self._rules(began))(ask)
        self._last_answer = self._clock()
        return result

    async def acall(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The async twin of ``call``."""
        began = self._clock()
        with self._watching_refusals():
            result: T = await AsyncRetrying(sleep=STOP.asleep, **self._rules(began))(ask)
        self._last_answer = self._clock()
        return result

    def _rules(self, began: float) -> dict[str, Any]:
        """When a call that began then is tried again, for both kinds of retrying."""
        return {
            "stop": lambda state: self._is_over(state, began),
            "wait": _wait,
            "before_sleep": _announce,
            "reraise": True,
        }

    @contextmanager
    def _watching_refusals(self) -> Iterator[None]:
        """Turns an invalid request that shows that all are into an error that ends the run."""
        try:
            yield
        except LMInvalidRequestError as error:
            if self._last_answer is None and not isinstance(error, ContextWindowExceededError):
                self._invalid += 1
                if self._invalid >= MOST_INVALID:
                    raise LMConfigurationError(
                        f"{error.message or error} (the endpoint refuses every request; it has answered none)",
                        model=error.model,
                        status=error.status,
                    ) from error
            raise

    def _is_over(self, state: RetryCallState, began: float) -> bool:
        error = _error_of(state)
        if not passes(error):
            return True
        if state.attempt_number <= self._retries:
            return False
        return not self._is_away(error, began) or self._clock() - began > self._outage

    def _is_away(self, error: BaseException | None, began: float) -> bool:
        """Whether the endpoint, rather than this request, has a problem that time may mend."""
        if not isinstance(error, LMServerError | LMTransportError):
            return False
        if "loading" in str(error).lower():
            return True
        if self._last_answer is None or self._last_answer > began:
            return False  # it never was there, or answers others meanwhile
        return getattr(error, "status", None) in AWAY


def _error_of(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait(state: RetryCallState) -> float:
    return wait_before(_error_of(state), state.attempt_number)


def _announce(state: RetryCallState) -> None:
    seconds = state.next_action.sleep if state.next_action else 0.0
    level = logging.WARNING if seconds >= TOLD_FROM else logging.INFO
    error = _error_of(state)
    said = str(error) if isinstance(error, LMError) else type(error).__name__
    logger.log(level, "waiting %.0f s before asking again: %s", seconds, " ".join(said.split())[:200])
