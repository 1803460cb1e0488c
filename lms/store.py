"""The durable reply store: every LM reply is written down before it is used, so that no answered call is made twice.

SQLite in write-ahead mode: a killed process loses nothing that was answered.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from signatures import RaiseError

SCHEMA = 1


class Reply(BaseModel):
    """One reply.

    Attributes:
        text: the answer, without reasoning.
        finish_reason: why the model stopped, in dspy's words.
        only_reasoning: whether there was reasoning but no answer.
    """

    model_config = ConfigDict(frozen=True)
    text: str
    finish_reason: str = "stop"
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    only_reasoning: bool = False


class ReplyStore:
    """Replies by key; safe for threads, and for several processes on one file.

    Args:
        file: the SQLite file, made with its folder if needed; None keeps replies in memory.

    Raises:
        RaiseError: if the file is not a reply store of this schema.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, tuple[threading.Lock, int]] = {}
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(
                str(file or ":memory:"), check_same_thread=False, isolation_level=None, timeout=60
            )
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables - {"replies"}:
                raise RaiseError(f"{file} is not a reply store but another program's database: choose another folder.")
            if version not in (0, SCHEMA):
                raise RaiseError(f"{file} has schema {version}, not {SCHEMA}: move it away to start a new store.")
            self._db.execute(f"PRAGMA user_version={SCHEMA}")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply BLOB NOT NULL) WITHOUT ROWID"
            )
        except sqlite3.DatabaseError as error:
            raise RaiseError(f"{file} is not a reply store ({error}): move it away to start a new one.") from error

    def get(self, key: str) -> Reply | None:
        """The reply stored under ``key``, or None."""
        with self._lock:
            row = self._db.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return Reply.model_construct(**orjson.loads(row[0])) if row else None

    def put(self, key: str, reply: Reply) -> Reply:
        """Write ``reply`` down, so that it outlives this process; returns what is kept: the first reply of the key."""
        data = orjson.dumps(reply.__dict__)
        with self._lock:
            kept = self._db.execute("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, data)).rowcount
        return reply if kept else self.get(key) or reply

    def drop(self, key: str) -> None:
        """Forget the reply of ``key``, if there is one."""
        with self._lock:
            self._db.execute("DELETE FROM replies WHERE key = ?", (key,))

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM replies").fetchone()[0])

    @contextmanager
    def flight(self, key: str) -> Iterator[None]:
        """Only one thread at a time asks for ``key``; the others then find the reply stored."""
        with self._lock:
            gate, waiting = self._flights.get(key, (threading.Lock(), 0))
            self._flights[key] = (gate, waiting + 1)
        try:
            with gate:
                yield
        finally:
            with self._lock:
                gate, waiting = self._flights[key]
                if waiting == 1:
                    del self._flights[key]
                else:
                    self._flights[key] = (gate, waiting - 1)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
