"""Stopping in good order: once asked to, no call to a model begins; those under way are finished and stored.

There is one ``STOP``, since the signals that ask for it are the process's.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LOOK = 0.1
"""Seconds between looks while a task waits."""


class Stopped(KeyboardInterrupt):
    """Raised instead of a call, or of going on to wait, once the process was asked to stop.

    An interrupt rather than an ``Exception``, since DSPy and its optimizers catch those and go on.
    """


class Stop:
    """Whether to stop, and how many calls are under way. Safe for threads and tasks."""

    def __init__(self) -> None:
        self._asked, self._lock, self._calls = threading.Event(), threading.Lock(), 0

    @property
    def asked(self) -> bool:
        """Whether somebody asked to stop."""
        return self._asked.is_set()

    @property
    def calls(self) -> int:
        """Calls under way."""
        return self._calls

    def ask(self) -> None:
        """Begin no further call."""
        self._asked.set()

    def withdraw(self) -> None:
        """As if nobody had asked."""
        self._asked.clear()

    def check(self) -> None:
        """Raises ``Stopped`` once somebody asked to stop."""
        if self._asked.is_set():
            raise Stopped

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call, with the storing of its reply; raises ``Stopped`` instead of beginning one after the request."""
        self.check()
        with self._lock:
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1

    def sleep(self, seconds: float) -> None:
        """Wait; raises ``Stopped`` as soon as somebody asks to stop."""
        if self._asked.wait(seconds):
            raise Stopped

    async def asleep(self, seconds: float) -> None:
        """The async twin of ``sleep``."""
        while seconds > 0 and not self._asked.is_set():
            await asyncio.sleep(min(seconds, LOOK))
            seconds -= LOOK
        self.check()


STOP = Stop()
