"""The reply store of one machine, a file.

SQLite in write-ahead mode: a killed process loses nothing that was answered. What several threads want written at the
same time is committed together (group commit); each goes on only when that commit is done.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import orjson

from lms.flights import Flights
from lms.ledger import Tally, Usage
from lms.roles import Role
from lms.store import CHARGED, Charge, Reply, StoreError
from lms.throttle import RateLimit, Throttle
from lms.workers import alive, worker
from signatures import RaiseError
from signatures.private import private_file, private_folder

T = TypeVar("T")
SCHEMA = 1
CLAIM = "INSERT OR IGNORE INTO claims SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM replies WHERE key = ?)"
"""A claim on a key that has no reply yet."""
_SUMS = ", ".join(f"{name} = {name} + excluded.{name}" for name in CHARGED)
ADD = f"INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, role) DO UPDATE SET {_SUMS}"  # noqa: S608
LEASE = 1800.0
"""Seconds after which a claim counts for nothing, for owners on machines that cannot be asked whether they live."""


@dataclass
class _Write:
    """Something to be written, and what became of it."""

    write: Callable[[sqlite3.Connection], Any]
    result: Any = None
    error: BaseException | None = None
    done: bool = False


class ReplyStore:
    """A store in a file; safe for threads, and for several processes of one machine.

    Args:
        file: the SQLite file, made with its folder if needed, for its owner alone; None keeps replies in memory.

    Raises:
        RaiseError: if the file is not a reply store of this schema.
    """

    distant = False

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock, self._flights = threading.Lock(), Flights()
        self._owner = worker()
        self._waiting: deque[_Write] = deque()
        self._claimed: set[str] = set()
        if file is not None:
            private_folder(file.parent)
            private_file(file)  # SQLite gives its -wal and -shm the same access
        try:
            self._db = sqlite3.connect(
                str(file or ":memory:"), check_same_thread=False, isolation_level=None, timeout=60
            )
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables - {"replies", "claims", "usage"}:
                raise RaiseError(f"{file} is not a reply store but another program's database: choose another folder.")
            if version not in (0, SCHEMA):
                raise RaiseError(f"{file} has schema {version}, not {SCHEMA}: move it away to start a new store.")
            self._db.execute(f"PRAGMA user_version={SCHEMA}")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply BLOB NOT NULL) WITHOUT ROWID"
            )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, since REAL NOT NULL) "
                "WITHOUT ROWID"
            )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS usage (job TEXT NOT NULL, role TEXT NOT NULL, calls INTEGER NOT NULL, "
                "input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cost_usd REAL NOT NULL, "
                "unpriced INTEGER NOT NULL, PRIMARY KEY (job, role)) WITHOUT ROWID"
            )
        except sqlite3.OperationalError as error:
            raise RaiseError(
                f"{file} cannot be opened ({error}): see to its permissions, or name another folder."
            ) from error
        except sqlite3.DatabaseError as error:
            raise RaiseError(f"{file} is not a reply store ({error}): move it away to start a new one.") from error

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The database, for this thread alone.

        Raises:
            StoreError: if it cannot be read or written.
        """
        with self._lock:
            try:
                yield self._db
            except sqlite3.DatabaseError as error:
                raise StoreError(
                    f"{self._file or 'the reply store'} cannot be used ({error}): free space on the disk, or move the "
                    "file away if it is damaged, and run the same command again."
                ) from error

    def get(self, key: str) -> Reply | None:
        """The reply stored under ``key``, or None."""
        with self._opened() as db:
            row = db.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return Reply.model_construct(**orjson.loads(row[0])) if row else None

    def put(self, key: str, reply: Reply, charge: Charge | None = None) -> Reply:
        """See ``Store``."""
        data = orjson.dumps(reply.__dict__)

        def write(db: sqlite3.Connection) -> int:
            kept = db.execute("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, data)).rowcount
            _add(db, charge)
            if key in self._claimed:
                db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner))
            return kept

        kept = self._commit(write)
        self._claimed.discard(key)
        return reply if kept else self.get(key) or reply

    def charge(self, charge: Charge) -> None:
        """Write down what a call took whose reply is not kept."""
        self._commit(lambda db: _add(db, charge))

    def _commit(self, write: Callable[[sqlite3.Connection], T]) -> T:
        """What ``write`` returns, once it is committed, together with what other threads want written meanwhile.

        Whoever gets the database first writes for all that wait for it.

        Raises:
            StoreError: if it could not be committed; then nothing of what was to be committed with it is.
        """
        mine = _Write(write)
        self._waiting.append(mine)
        with self._opened() as db:
            if not mine.done:
                self._write_waiting(db)
            if mine.error:
                raise mine.error
        result: T = mine.result
        return result

    def _write_waiting(self, db: sqlite3.Connection) -> None:
        """Write all that waits in one transaction."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with _transaction(db):
                for each in batch:
                    each.result = each.write(db)
        except BaseException as error:
            for each in batch:
                each.error = error
            raise
        finally:
            for each in batch:
                each.done = True

    def usage_of(self, job: str) -> Tally:
        """What all calls for ``job`` took, in whichever process and run they were made."""
        with self._opened() as db:
            rows = db.execute(f"SELECT role, {', '.join(CHARGED)} FROM usage WHERE job = ?", (job,)).fetchall()  # noqa: S608
        return Tally({Role(role): Usage(**dict(zip(CHARGED, counts, strict=True))) for role, *counts in rows})

    def claim(self, key: str) -> bool:
        """See ``Store``; very old claims are taken over, too."""
        if self._file is not None and not self._file.exists():
            raise StoreError(f"{self._file} has been deleted or moved while it was in use: start again.")
        claimed = self._commit(lambda db: self._claim(db, key))
        if claimed:
            self._claimed.add(key)
        return claimed

    def _claim(self, db: sqlite3.Connection, key: str) -> bool:
        claim = (key, self._owner, time.time(), key)
        if db.execute(CLAIM, claim).rowcount:
            return True
        row = db.execute("SELECT owner, since FROM claims WHERE key = ?", (key,)).fetchone()
        if row is None or (row[1] >= time.time() - LEASE and alive(row[0])):
            return False
        db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, row[0]))
        return bool(db.execute(CLAIM, claim).rowcount)

    def release(self, key: str) -> None:
        """Give up this process's claim on ``key``, if it still has one."""
        if key not in self._claimed:
            return  # it ended with the reply
        with self._opened() as db:
            db.execute("DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner))
        self._claimed.discard(key)

    def drop(self, key: str) -> None:
        """Forget the reply of ``key``, if there is one."""
        with self._opened() as db:
            db.execute("DELETE FROM replies WHERE key = ?", (key,))

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM replies").fetchone()[0])

    def flight(self, key: str) -> AbstractContextManager[None]:
        """See ``Store``."""
        return self._flights.one(key)

    def rate_limit(self, name: str, per_minute: float | None) -> RateLimit:
        """A rate limit of this process alone."""
        return Throttle(per_minute)

    def allowance(self, name: str, limit: float, part: float) -> None:
        """Each process keeps its limits for itself."""

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """What is written in the block is written as a whole or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _add(db: sqlite3.Connection, charge: Charge | None) -> None:
    """Add ``charge`` to what its jobs took so far."""
    if charge is None or not charge.jobs:
        return
    counts = [getattr(charge.usage, name) for name in CHARGED]
    db.executemany(ADD, [(job, charge.role.value, *counts) for job in charge.jobs])
