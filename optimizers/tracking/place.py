"""A local MLflow store that was moved or copied: its database names the place of each artifact, the former one.

MLflow keeps these places for good, as absolute addresses; here those under the former folder are rewritten to the one
beside the database. Places elsewhere, such as a bucket, are left alone.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)
"""Where MLflow keeps places of artifacts."""
OURS = "PENGUIN %"
"""Names of our experiments, in SQL."""


def relocate(database: Path, artifacts: Path) -> list[str]:
    """Let a store that was moved find its artifacts again.

    Args:
        database: its SQLite file.
        artifacts: the folder of artifacts beside it, absolute.

    Returns:
        Former places that were rewritten; empty if the store is where it was, or new.

    Raises:
        sqlite3.DatabaseError: if the file is no database.
    """
    if not database.is_file() or not database.stat().st_size:
        return []
    with closing(sqlite3.connect(database, timeout=60)) as db, db:
        former = _former_places(db, artifacts)
        for place in former:
            _rewrite(db, place, artifacts.as_uri())
    return former


def _former_places(db: sqlite3.Connection, artifacts: Path) -> list[str]:
    """Artifact roots of our experiments that are folders of the same name elsewhere."""
    if not _columns(db, "experiments"):
        return []
    rows = db.execute("SELECT DISTINCT artifact_location FROM experiments WHERE name LIKE ?", (OURS,)).fetchall()
    local = [str(place) for (place,) in rows if str(place).startswith("file:")]
    return [place for place in local if place != artifacts.as_uri() and place.endswith(f"/{artifacts.name}")]


def _rewrite(db: sqlite3.Connection, former: str, now: str) -> None:
    """Put ``now`` in place of ``former`` wherever an address begins with it."""
    for table, column in COLUMNS:
        if column in _columns(db, table):
            moved = f"{column} = ? || substr({column}, ?)"
            below = f"{column} = ? OR {column} LIKE ? ESCAPE '!'"
            places = (now, len(former) + 1, former, f"{_literal(former)}/%")
            db.execute(f"UPDATE {table} SET {moved} WHERE {below}", places)  # noqa: S608  names of our own table


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")}


def _literal(text: str) -> str:
    """``text`` in a pattern of SQL, escaped with an exclamation mark."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
