"""The append-only store of finished work, episodes or planned queries: a killed run goes on where it stopped."""

import json
import os
import threading
from pathlib import Path
from typing import Any

from modules.files import parse_json
from signatures import RaiseError
from signatures.private import private_file, private_folder

SCHEMA = 2
Row = dict[str, Any]


class Journal:
    """Rows by key in a file of JSON Lines; each is on disk before it is used.

    Args:
        folder: made if needed, like the file for its owner alone; None keeps rows in memory.
        name: of the file.

    Raises:
        RaiseError: if the file has another schema, or is somebody else's.
    """

    def __init__(self, folder: Path | None = None, name: str = "episodes.jsonl") -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._file = None
        if folder is not None:
            path = private_folder(folder) / name
            self._read(path)
            private_file(path)
            self._file = path.open("a", encoding="utf-8")

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        text = path.read_text(encoding="utf-8", errors="replace")  # a kill can cut a line inside a letter
        for number, line in enumerate(text.split("\n"), 1):
            try:
                entry = parse_json(line)
            except ValueError:
                continue  # the process was killed in the middle of this line; its work is done again
            if not isinstance(entry, dict):
                raise RaiseError(f"{path}, line {number} is not of a journal of raise: name another file or folder.")
            if entry.get("schema") != SCHEMA:
                raise RaiseError(
                    f"{path} was written by another version (schema {entry.get('schema')}, not {SCHEMA}): move it "
                    "away, or use another folder; replies stay in replies.db and are not paid for again."
                )
            if not isinstance(entry.get("key"), str) or not isinstance(entry.get("row"), dict):
                raise RaiseError(f"{path}, line {number} has no key and row: remove it; its work is done again.")
            self._rows[entry["key"]] = entry["row"]
        if text and not text.endswith("\n"):
            with path.open("a", encoding="utf-8") as out:
                out.write("\n")  # close the broken line, so that the next one stands alone

    def get(self, key: str) -> Row | None:
        """The row stored under ``key``, or None."""
        with self._lock:
            return self._rows.get(key)

    def rows(self) -> list[tuple[str, Row]]:
        """All keys with their rows, in the order in which the keys were first written."""
        with self._lock:
            return list(self._rows.items())

    def put(self, key: str, row: Row) -> None:
        """Write a row down."""
        line = json.dumps({"schema": SCHEMA, "key": key, "row": row}, ensure_ascii=False)
        with self._lock:
            self._rows[key] = row
            if self._file is not None:
                try:
                    self._file.write(line + "\n")
                    self._file.flush()
                except OSError as error:
                    raise RaiseError(f"{self._file.name} cannot be written ({error}): nothing more is run.") from error

    def sync(self) -> None:
        """Force what was written through to the disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
