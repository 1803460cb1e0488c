"""Keeping to a provider's rate limit: calls are spaced evenly, across threads and tasks."""

import threading
import time
from typing import Protocol


class RateLimit(Protocol):
    """Says how long a call has to wait. Safe for threads."""

    def reserve(self) -> float:
        """Take the next place in the line and return the seconds to wait for it."""
        ...


class Throttle:
    """Spaces calls so that at most ``per_minute`` start in a minute; None never waits."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def reserve(self, now: float | None = None) -> float:
        """Take the next place in the line and return the seconds to wait for it."""
        if not self._gap:
            return 0.0
        now = time.monotonic() if now is None else now
        with self._lock:
            start = max(now, self._next)
            self._next = start + self._gap
        return start - now
