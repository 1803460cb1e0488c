"""The reply store of several machines, in a PostgreSQL database.

What the threads of a process want at the same time goes there in one statement, which is committed as a whole: replies,
claims and charges of 64 conversations cost a few hundred trips a second, not thousands.

A claim is a row that has no reply yet. It counts as long as its worker gives signs of life; workers are told apart by
the database's clock, and a restart of the database takes no claim away. A batch that was committed although the
connection broke before it said so is not counted again: each has a number, and the last one is kept.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import orjson
from sqlalchemy import text

from lms.flights import Flights
from lms.ledger import Tally, Usage
from lms.roles import Role
from lms.shared.allowances import SharedAllowance
from lms.shared.batches import Batches
from lms.shared.database import Database
from lms.shared.life import show_life
from lms.shared.rates import SharedRate
from lms.shared.schema import SCHEMA
from lms.store import CHARGED, Allowance, Charge, Reply
from lms.throttle import RateLimit, Throttle
from lms.workers import worker

LEASE = 30.0
"""Seconds without a sign of life after which a worker's claims count for nothing."""
SHORTEST = 0.05
"""Seconds between signs of life, at least."""
ASK = text(f"""
WITH wanted AS (SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:claims AS boolean[])) AS w (key, claim)),
there AS (SELECT r.key, r.reply FROM {SCHEMA}.replies r JOIN wanted USING (key) WHERE r.reply IS NOT NULL),
mine AS (
    INSERT INTO {SCHEMA}.replies AS r (key, worker)
    SELECT key, :me FROM wanted WHERE claim AND NOT EXISTS (SELECT FROM there t WHERE t.key = wanted.key) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET worker = excluded.worker
    WHERE r.reply IS NULL AND (r.worker = excluded.worker OR NOT EXISTS (
        SELECT FROM {SCHEMA}.workers w WHERE w.name = r.worker
        AND greatest(w.seen, pg_postmaster_start_time()) > clock_timestamp() - make_interval(secs => :lease)))
    RETURNING r.key)
SELECT key, reply FROM there UNION ALL SELECT key, NULL FROM mine""")  # noqa: S608
_SUMS = ", ".join(f"{name} = u.{name} + excluded.{name}" for name in CHARGED)
_WHOLE = "bigint"
_TYPES = {"cost_usd": "double precision"}
_COUNTS = ", ".join(f"CAST(:{name} AS {_TYPES.get(name, _WHOLE)}[])" for name in CHARGED)
WRITE = text(f"""
WITH alive AS (
    INSERT INTO {SCHEMA}.workers AS w (name, seen, batch) VALUES (:me, clock_timestamp(), :batch)
    ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, batch = excluded.batch WHERE w.batch < excluded.batch
    RETURNING w.name),
kept AS (
    INSERT INTO {SCHEMA}.replies AS r (key, reply, worker)
    SELECT key, reply, :me FROM unnest(CAST(:keys AS text[]), CAST(:replies AS bytea[])) AS p (key, reply) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET reply = excluded.reply, worker = excluded.worker WHERE r.reply IS NULL
    RETURNING r.key),
charged AS (
    INSERT INTO {SCHEMA}.usage AS u (job, role, worker, {", ".join(CHARGED)})
    SELECT job, role, :me, {", ".join(CHARGED)}
    FROM unnest(CAST(:jobs AS text[]), CAST(:roles AS text[]), {_COUNTS}) AS c (job, role, {", ".join(CHARGED)})
    WHERE EXISTS (SELECT FROM alive)
    ON CONFLICT (job, role, worker) DO UPDATE SET {_SUMS}),
freed AS (
    DELETE FROM {SCHEMA}.replies WHERE key = ANY (CAST(:freed AS text[])) AND worker = :me AND reply IS NULL)
SELECT key FROM kept""")  # noqa: S608
_TOTALS = ", ".join(f"CAST(sum({name}) AS {_TYPES.get(name, _WHOLE)}) AS {name}" for name in CHARGED)
USAGE = text(
    f"SELECT job, role, {_TOTALS} FROM {SCHEMA}.usage "  # noqa: S608
    "WHERE job = ANY (CAST(:jobs AS text[])) GROUP BY job, role"
)


@dataclass(frozen=True)
class _Asked:
    """A key that is looked up, and claimed if ``claim`` says so and it has no reply."""

    key: str
    claim: bool


@dataclass(frozen=True)
class _Answer:
    """What is stored under a key, and whether it is this process's claim now."""

    reply: bytes | None
    claimed: bool


@dataclass(frozen=True)
class _Write:
    """A reply, a charge, or a claim that is given up; nothing of it is a sign of life."""

    key: str = ""
    reply: bytes | None = None
    charge: Charge | None = None


class SharedReplies:
    """A ``Store`` in a database.

    Args:
        lease: seconds without a sign of life after which claims of a worker count for nothing.
    """

    distant = True

    def __init__(self, database: Database, *, lease: float = LEASE) -> None:
        self._database, self._lease = database, lease
        self._me, self._batch, self._seen = worker(), 0, 0.0
        self._flights, self._lock = Flights(), threading.Lock()
        self._claimed: set[str] = set()
        self._asks: Batches[_Asked, _Answer] = Batches(self._ask)
        self._writes: Batches[_Write, bool] = Batches(self._write)
        self._counts: Batches[str, Tally] = Batches(self._count)
        self._over = threading.Event()
        self._writes.fulfil(_Write())  # makes this worker known
        show_life(lambda: self._writes.fulfil(_Write()), max(self._lease / 4, SHORTEST), self._over)

    def get(self, key: str) -> Reply | None:
        """See ``Store``."""
        reply = self._asks.fulfil(_Asked(key, claim=False)).reply
        return Reply.model_construct(**orjson.loads(reply)) if reply is not None else None

    def put(self, key: str, reply: Reply, charge: Charge | None = None) -> Reply:
        """See ``Store``."""
        kept = self._writes.fulfil(_Write(key, orjson.dumps(reply.__dict__), charge))
        with self._lock:
            self._claimed.discard(key)
        return reply if kept else self.get(key) or reply

    def charge(self, charge: Charge) -> None:
        """See ``Store``."""
        self._writes.fulfil(_Write(charge=charge))

    def usage_of(self, job: str) -> Tally:
        """See ``Store``."""
        return self._counts.fulfil(job)

    def claim(self, key: str) -> bool:
        """See ``Store``."""
        with self._lock:
            if key in self._claimed:
                return False
            self._claimed.add(key)
        granted = False
        try:
            if time.monotonic() - self._seen > self._lease / 2:  # it was stopped, and would be taken for dead
                self._writes.fulfil(_Write())
            granted = self._asks.fulfil(_Asked(key, claim=True)).claimed
        finally:
            if not granted:
                with self._lock:
                    self._claimed.discard(key)
        return granted

    def release(self, key: str) -> None:
        """See ``Store``."""
        with self._lock:
            if key not in self._claimed:
                return  # it ended with the reply
        self._writes.fulfil(_Write(key))
        with self._lock:
            self._claimed.discard(key)

    def drop(self, key: str) -> None:
        """See ``Store``."""
        statement = text(f"DELETE FROM {SCHEMA}.replies WHERE key = :key AND reply IS NOT NULL")  # noqa: S608
        self._database.run(lambda connection: connection.execute(statement, {"key": key}))

    def __len__(self) -> int:
        statement = text(f"SELECT count(*) FROM {SCHEMA}.replies WHERE reply IS NOT NULL")  # noqa: S608
        return int(self._database.run(lambda connection: connection.execute(statement).scalar_one()))

    def flight(self, key: str) -> AbstractContextManager[None]:
        """See ``Store``."""
        return self._flights.one(key)

    def rate_limit(self, name: str, per_minute: float | None) -> RateLimit:
        """A rate limit that all workers on the database keep together."""
        return SharedRate(self._database, name, per_minute) if per_minute else Throttle(None)

    def allowance(self, name: str, limit: float, part: float) -> Allowance:
        """See ``Store``."""
        return SharedAllowance(self._database, name, limit, part)

    def close(self) -> None:
        """End the signs of life; the database belongs to whoever opened it."""
        self._over.set()

    def _ask(self, wanted: Sequence[_Asked]) -> list[_Answer]:
        claims: dict[str, bool] = {}
        for each in wanted:
            claims[each.key] = claims.get(each.key, False) or each.claim
        values = {"keys": [*claims], "claims": [*claims.values()], "me": self._me, "lease": self._lease}
        found: dict[str, bytes | None] = self._database.run(
            lambda connection: dict(connection.execute(ASK, values).tuples().all())
        )
        return [_Answer(found.get(each.key), each.claim and found.get(each.key, b"") is None) for each in wanted]

    def _write(self, writes: Sequence[_Write]) -> list[bool]:
        """Write all; whether each one's reply is the first of its key."""
        self._batch += 1
        replies: dict[str, bytes] = {}
        for each in writes:
            if each.reply is not None:
                replies.setdefault(each.key, each.reply)
        charged = _added_up(each.charge for each in writes if each.charge)
        values = {
            "me": self._me,
            "batch": self._batch,
            "keys": [*replies],
            "replies": [*replies.values()],
            "freed": [each.key for each in writes if each.key and each.reply is None],
            "jobs": [job for job, _ in charged],
            "roles": [role.value for _, role in charged],
            **{name: [getattr(usage, name) for usage in charged.values()] for name in CHARGED},
        }
        kept = self._database.run(lambda connection: {row[0] for row in connection.execute(WRITE, values)})
        self._seen = time.monotonic()
        return [each.key in kept and each.reply is replies.get(each.key) for each in writes]

    def _count(self, jobs: Sequence[str]) -> list[Tally]:
        rows = self._database.run(
            lambda connection: connection.execute(USAGE, {"jobs": [*dict.fromkeys(jobs)]}).fetchall()
        )
        found: dict[str, dict[Role, Usage]] = {}
        for row in rows:
            usage = Usage(**{name: getattr(row, name) for name in CHARGED})
            found.setdefault(row.job, {})[Role(row.role)] = usage
        return [Tally({role: replace(usage) for role, usage in found.get(job, {}).items()}) for job in jobs]


def _added_up(charges: Iterable[Charge]) -> dict[tuple[str, Role], Usage]:
    """What ``charges`` add to each job and role."""
    sums: dict[tuple[str, Role], Usage] = {}
    for charge in charges:
        for job in charge.jobs:
            sums.setdefault((job, charge.role), Usage()).add(charge.usage)
    return sums
