"""What the workers of a run may spend together: a limit is handed out in small parts, and what is left is given back.

A run is over when its last worker has left, or has given no sign of life for ``LEASE`` seconds; the same limit set
again afterwards is a new one, as on one machine.
"""

import threading
from typing import Any

from sqlalchemy import CursorResult, TextClause, text

from lms.shared.database import Database
from lms.shared.life import show_life
from lms.shared.schema import SCHEMA

LEASE = 30.0
"""Seconds without a sign of life after which a worker counts as gone."""
_OVER = "a.members < 1 OR a.seen < clock_timestamp() - make_interval(secs => :lease)"
OPEN = text(f"""
INSERT INTO {SCHEMA}.allowances AS a (name, granted, members, seen) VALUES (:name, 0, 1, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET
    granted = CASE WHEN {_OVER} THEN 0 ELSE a.granted END,
    members = CASE WHEN {_OVER} THEN 1 ELSE a.members + 1 END, seen = clock_timestamp()""")  # noqa: S608
TAKE = text(f"""
WITH before AS (SELECT granted FROM {SCHEMA}.allowances WHERE name = :name FOR UPDATE)
UPDATE {SCHEMA}.allowances a SET granted = least(:most, before.granted + :part), seen = clock_timestamp()
FROM before WHERE a.name = :name RETURNING a.granted - before.granted""")  # noqa: S608
LEAVE = text(f"""
UPDATE {SCHEMA}.allowances SET granted = granted - :left, members = members - 1, seen = clock_timestamp()
WHERE name = :name""")  # noqa: S608
SEEN = text(f"UPDATE {SCHEMA}.allowances SET seen = clock_timestamp() WHERE name = :name")  # noqa: S608


class SharedAllowance:
    """This worker's part of a limit.

    Args:
        name: of the limit; workers of one run give the same.
        limit: of all of them together, in whatever it counts.
        part: that is taken at once; what a worker has taken and not spent, the others cannot have until it leaves.
    """

    def __init__(self, database: Database, name: str, limit: float, part: float) -> None:
        self._database, self._name, self._limit, self._part = database, name, limit, part
        self._granted, self._lock = 0.0, threading.Lock()
        self._over = threading.Event()
        self._do(OPEN, lease=LEASE)
        show_life(lambda: self._do(SEEN), LEASE / 4, self._over)

    def covers(self, spent: float) -> bool:
        """Whether this worker, which has spent so much, may spend more; takes a further part if there is one."""
        with self._lock:
            if spent >= self._granted and self._granted < self._limit:
                wanted = spent - self._granted + self._part  # a call can cost more than a part
                self._granted += float(self._do(TAKE, most=self._limit, part=wanted).scalar_one())
            return spent < self._granted

    def leave(self, spent: float) -> None:
        """Give back what is left, or own up to what was too much; this worker spends no more."""
        self._over.set()
        with self._lock:
            self._do(LEAVE, left=self._granted - spent)

    def _do(self, statement: TextClause, **values: float) -> CursorResult[Any]:
        return self._database.run(lambda connection: connection.execute(statement, {"name": self._name, **values}))
