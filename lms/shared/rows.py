"""Rows of finished work in a shared database: what one process has done, the others need not do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from lms.shared.batches import Batches
from lms.shared.database import Database
from lms.shared.schema import SCHEMA

GET = text(
    f"SELECT key, content FROM {SCHEMA}.rows WHERE journal = :journal AND key = ANY (CAST(:keys AS text[]))"  # noqa: S608
)
ALL = text(f"SELECT key, content FROM {SCHEMA}.rows WHERE journal = :journal ORDER BY key")  # noqa: S608
PUT = text(f"""
INSERT INTO {SCHEMA}.rows (journal, key, content)
SELECT :journal, key, content FROM unnest(CAST(:keys AS text[]), CAST(:contents AS bytea[])) AS r (key, content)
ORDER BY key ON CONFLICT (journal, key) DO UPDATE SET content = excluded.content""")  # noqa: S608


@dataclass(frozen=True)
class _Put:
    """A row as it is written down."""

    key: str
    content: bytes


class SharedRows:
    """Rows of one journal, by key.

    Args:
        journal: its name in the database.
    """

    def __init__(self, database: Database, journal: str) -> None:
        self._database, self._journal = database, journal
        self._gets: Batches[str, bytes | None] = Batches(self._get)
        self._puts: Batches[_Put, None] = Batches(self._put)

    def get(self, key: str) -> dict[str, Any] | None:
        """The row stored under ``key``, or None."""
        content = self._gets.fulfil(key)
        row: dict[str, Any] | None = None if content is None else json.loads(content)
        return row

    def items(self) -> list[tuple[str, dict[str, Any]]]:
        """All keys with their rows, by key."""
        values = {"journal": self._journal}
        found = self._database.run(lambda connection: connection.execute(ALL, values).tuples().all())
        return [(key, json.loads(content)) for key, content in found]

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Write a row down; the last one of a key counts."""
        self._puts.fulfil(_Put(key, json.dumps(row, ensure_ascii=False).encode()))

    def sync(self) -> None:
        """Nothing is left to do: every row is committed when it is put."""

    def _get(self, keys: Sequence[str]) -> list[bytes | None]:
        values = {"journal": self._journal, "keys": list(set(keys))}
        found: dict[str, bytes] = self._database.run(
            lambda connection: dict(connection.execute(GET, values).tuples().all())
        )
        return [found.get(key) for key in keys]

    def _put(self, rows: Sequence[_Put]) -> list[None]:
        last = {row.key: row.content for row in rows}
        values = {"journal": self._journal, "keys": [*last], "contents": [*last.values()]}
        self._database.run(lambda connection: connection.execute(PUT, values))
        return [None] * len(rows)
