"""What the workers of a run may spend together: a limit is handed out in small parts, and what is left is given back.

A run is over when its last worker has left, or has given no sign of life for ``LEASE`` seconds; the same limit set again
afterwards is a new one, as on one machine.
"""

import threading

from sqlalchemy import text

from lms.shared.database import Database
from lms.shared.schema import SCHEMA

LEASE = 30.0
"""Seconds without a sign of life after which a worker counts as gone."""
PARTS = 50
"""A limit is handed out in so many parts, at most."""
OPEN = text(f"""
INSERT INTO {SCHEMA}.allowances AS a (name, granted, members, seen) VALUES (:name, 0, 1, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET
    granted = CASE WHEN {{over}} THEN 0 ELSE a.granted END,
    members = CASE WHEN {{over}} THEN 1 ELSE a.members + 1 END, seen = clock_timestamp()""".replace(
    "{over}", "a.members < 1 OR a.seen < clock_timestamp() - make_interval(secs => :lease)"
))  # noqa: S608
TAKE = text(f"""
WITH before AS (SELECT granted FROM {SCHEMA}.allowances WHERE name = :name FOR UPDATE)
UPDATE {SCHEMA}.allowances a SET granted = least(:most, a.granted + :part), seen = clock_timestamp()
FROM before WHERE a.name = :name RETURNING a.granted - before.granted""")  # noqa: S608
LEAVE = text(f"""
UPDATE {SCHEMA}.allowances SET granted = granted - :left, members = members - 1, seen = clock_timestamp()
WHERE name = :name""")  # noqa: S608
SEEN = text(f"UPDATE {SCHEMA}.allowances SET seen = clock_timestamp() WHERE name = :name")  # noqa: S608


class Allowance:
    """This worker's part of a limit.

    Args:
        name: of the limit; workers of one run give the same.
        limit: of all of them together, in whatever it counts.
    """

    def __init__(self, database: Database, name: str, limit: float) -> None:
        self._database, self._name, self._limit = database, name, limit
        self._granted, self._lock = 0.0, threading.Lock()
        self._over = threading.Event()
        self._do(OPEN, lease=LEASE)
        threading.Thread(target=self._show_life, name="signs of life", daemon=True).start()

    def covers(self, spent: float) -> bool:
        """Whether this worker, which has spent so much, may spend more; takes a further part if there is one."""
        with self._lock:
            if spent >= self._granted:
                self._granted += self._take()
            return spent < self._granted

    def leave(self, spent: float) -> None:
        """Give back what is left; this worker spends no more."""
        self._over.set()
        with self._lock:
            self._do(LEAVE, left=max(0.0, self._granted - spent))

    def _take(self) -> float:
        values = {"name": self._name, "most": self._limit, "part": self._limit / PARTS}
        return float(self._database.run(lambda connection: connection.execute(TAKE, values).scalar_one()))
