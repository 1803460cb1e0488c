"""A rate limit that the processes of several machines keep together.

The database holds one moment for a limit: when its next call may begin. A process moves it on by as many places as it
needs, and gets these places; the database's clock is everybody's. While calls are waiting all the time, a process takes
the places of a tenth of a second at once, so that not every call takes a trip; places whose time has passed unused are
not used later, so nothing adds up to a burst.
"""

import threading
import time
from collections import deque

from sqlalchemy import text

from lms.shared.database import Database
from lms.shared.schema import SCHEMA

MARGIN = 0.02
"""Share of the limit that is left unused: a call may reach the endpoint a little after its place, the next in time."""
AHEAD = 0.1
"""Seconds whose places are taken at once."""
LATE = 0.3
"""Seconds after which a place is gone."""
TAKE = text(f"""
INSERT INTO {SCHEMA}.rates AS r (name, free) VALUES (:name, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (name) DO UPDATE SET free = greatest(r.free, clock_timestamp()) + make_interval(secs => :seconds)
RETURNING extract(epoch FROM free - clock_timestamp()) - :seconds""")  # noqa: S608


class SharedRate:
    """At most ``per_minute`` calls begin in any minute, over all processes.

    Args:
        name: of the limit; processes that give the same one share it.
        per_minute: above 0.
    """

    def __init__(self, database: Database, name: str, per_minute: float) -> None:
        self._database, self._name = database, name
        self._gap = 60.0 / (per_minute * (1 - MARGIN))
        self._ahead = max(1, int(AHEAD / self._gap))
        self._places: deque[float] = deque()
        self._used_up = False
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next place in the line and return the seconds to wait for it."""
        with self._lock:
            now = time.monotonic()
            while self._places and self._places[0] < now - LATE:
                self._places.popleft()
                self._used_up = False  # fewer calls than places
            if not self._places:
                self._take(self._ahead if self._used_up else 1)
            place = self._places.popleft()
            self._used_up = not self._places
            return max(0.0, place - time.monotonic())

    def _take(self, count: int) -> None:
        """Get ``count`` places; none is earlier here than by the database's clock, but later by its answer's way."""
        values = {"name": self._name, "seconds": count * self._gap}
        wait = float(self._database.run(lambda connection: connection.execute(TAKE, values).scalar_one()))
        first = time.monotonic() + max(0.0, wait)
        self._places.extend(first + number * self._gap for number in range(count))
