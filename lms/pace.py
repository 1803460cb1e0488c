"""How many calls to one endpoint may be under way, found by trying: additive increase, multiplicative decrease (AIMD).

Refused as too many, or timed out: fewer at once. Answered: slowly more, faster until the first refusal. What a call
answers does not depend on it.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from dspy.utils.exceptions import LMRateLimitError, LMTimeoutError

from lms.stopping import STOP

FIRST, MOST = 8, 128
"""Calls at once to begin with, and at most."""
FALL = 0.7
"""What is left of the limit after a refusal. Those of calls that began before the last fall say nothing new."""
QUICK = 0.25
"""Added for an answer as long as nothing was refused; after that, one is added for as many answers as the limit is."""
LOOK = 0.5
"""Seconds between looks whether to stop, while a thread waits."""
ASYNC_LOOK = 0.02
"""Seconds between tries to begin, while a task waits."""
OVERLOADED = (LMRateLimitError, LMTimeoutError)


class Pace:
    """The limit of one endpoint; none until ``adapt`` is called. Safe for threads and tasks."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._most, self._limit, self._flying = 0, 0.0, 0
        self._falls = 0

    def adapt(self, most: int = MOST) -> None:
        """Keep to a limit from now on, of at most ``most`` calls."""
        with self._changed:
            self._most, self._limit = most, float(min(FIRST, most))

    @property
    def limit(self) -> int | None:
        """Calls that may be under way now; None for no limit."""
        return int(self._limit) if self._most else None

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call, once there is room for it; how it ends changes the limit.

        Raises:
            Stopped: if somebody asks to stop meanwhile.
        """
        with self._changed:
            while not self._has_room():
                self._changed.wait(LOOK)
                STOP.check()
            falls = self._begin()
        with self._learning(falls):
            yield

    @asynccontextmanager
    async def acall(self) -> AsyncIterator[None]:
        """The async twin of ``call``."""
        while (falls := self._try()) is None:
            await asyncio.sleep(ASYNC_LOOK)
            STOP.check()
        with self._learning(falls):
            yield

    def _try(self) -> int | None:
        with self._changed:
            return self._begin() if self._has_room() else None

    def _has_room(self) -> bool:
        return not self._most or self._flying < int(self._limit)

    def _begin(self) -> int:
        self._flying += 1
        return self._falls

    @contextmanager
    def _learning(self, falls: int) -> Iterator[None]:
        """A call that began after so many falls."""
        try:
            yield
        except OVERLOADED:
            self._end(answered=False, falls=falls)
            raise
        except BaseException:
            self._end(answered=None, falls=falls)
            raise
        self._end(answered=True, falls=falls)

    def _end(self, *, answered: bool | None, falls: int) -> None:
        with self._changed:
            self._flying -= 1
            if not self._most:
                return
            if answered:
                self._limit = min(self._most, self._limit + (1 / self._limit if self._falls else QUICK))
            elif answered is False and falls == self._falls:
                self._falls += 1
                self._limit = max(1.0, self._limit * FALL)
            self._changed.notify(max(0, int(self._limit) - self._flying))
