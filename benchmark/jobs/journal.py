"""The append-only store of finished work, episodes or planned queries: a killed run goes on where it stopped.

Of a file only the places of its rows are kept in memory, so that it may be larger than that.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

from modules.files import parse_json
from signatures import RaiseError
from signatures.private import private_file, private_folder

SCHEMA = 2
Row = dict[str, Any]


class Rows(Protocol):
    """Where the rows of a journal are kept. Safe for threads."""

    def get(self, key: str) -> Row | None:
        """The row stored under ``key``, or None."""
        ...

    def items(self) -> Iterable[tuple[str, Row]]:
        """All keys with their rows: of a file in the order in which the keys were first written."""
        ...

    def put(self, key: str, row: Row) -> None:
        """Write a row down, so that it outlives this process."""
        ...

    def sync(self) -> None:
        """Force what was written through to the disk."""
        ...


class Journal:
    """Rows by key; each is written down before it is used.

    Args:
        folder: of the file, made if needed, like the file for its owner alone; None keeps rows in memory.
        name: of the file, JSON Lines.
        rows: where rows are kept instead, such as a database.

    Raises:
        RaiseError: if the file has another schema, or is somebody else's.
    """

    def __init__(self, folder: Path | None = None, name: str = "episodes.jsonl", *, rows: Rows | None = None) -> None:
        self._rows = rows or (RowsInMemory() if folder is None else RowsInFile(private_folder(folder) / name))

    @property
    def in_memory(self) -> bool:
        """Whether rows take this process's memory, and end with it."""
        return isinstance(self._rows, RowsInMemory)

    def get(self, key: str) -> Row | None:
        """The row stored under ``key``, or None."""
        return self._rows.get(key)

    def rows(self) -> list[tuple[str, Row]]:
        """All keys with their rows: of a file in the order in which the keys were first written."""
        return list(self._rows.items())

    def put(self, key: str, row: Row) -> None:
        """Write a row down."""
        self._rows.put(key, row)

    def sync(self) -> None:
        """Force what was written through to the disk."""
        self._rows.sync()


class RowsInMemory:
    """Rows that end with the process."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def get(self, key: str) -> Row | None:
        """See ``Rows``."""
        return self._rows.get(key)

    def items(self) -> Iterable[tuple[str, Row]]:
        """See ``Rows``."""
        return list(self._rows.items())

    def put(self, key: str, row: Row) -> None:
        """See ``Rows``."""
        self._rows[key] = row

    def sync(self) -> None:
        """See ``Rows``."""


class RowsInFile:
    """Rows in a file of JSON Lines, which several processes may append to.

    What others append is found when a row is asked for that was not there before.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._places: dict[str, int] = {}
        self._found, self._lines = 0, 0
        self._find(path)
        private_file(path)
        self._written = FileIO(path, "a")
        self._read = FileIO(path, "r")

    def _find(self, path: Path) -> None:
        """Note where each row begins, and close a line that a kill left broken."""
        if path.exists() and not self._read_on(path):
            with path.open("ab") as out:
                out.write(b"\n")  # so that the next line stands alone
            self._read_on(path)

    def _read_on(self, path: Path) -> bool:
        """Note where each row begins that was not read so far; whether the last line is whole."""
        with path.open("rb") as file:
            file.seek(self._found)
            for line in file:
                if not line.endswith(b"\n"):
                    return False
                self._lines += 1
                key = _key_in(line, path, self._lines)
                if key is not None:
                    self._places[key] = self._found
                self._found += len(line)
        return True

    def get(self, key: str) -> Row | None:
        """See ``Rows``."""
        with self._lock:
            if key not in self._places and os.fstat(self._read.fileno()).st_size > self._found:
                self._read_on(self._path)
            place = self._places.get(key)
            if place is None:
                return None
            self._read.seek(place)
            line = _read_line(self._read)
        row: Row = json.loads(line.decode(errors="replace"))["row"]
        return row

    def items(self) -> Iterator[tuple[str, Row]]:
        """See ``Rows``."""
        for key in list(self._places):
            if (row := self.get(key)) is not None:
                yield key, row

    def put(self, key: str, row: Row) -> None:
        """See ``Rows``."""
        line = f"{json.dumps({'schema': SCHEMA, 'key': key, 'row': row}, ensure_ascii=False)}\n".encode()
        with self._lock:
            try:
                if self._written.write(line) != len(line):
                    raise OSError("the disk is full")
            except OSError as error:
                raise RaiseError(f"{self._path} cannot be written ({error}): nothing more is run.") from error
            end = self._written.tell()
            self._places[key] = end - len(line)
            if self._found == self._places[key]:  # nobody else has written since
                self._found, self._lines = end, self._lines + 1

    def sync(self) -> None:
        """See ``Rows``."""
        os.fsync(self._written.fileno())


PIECE = 16_384
"""Bytes that are read at a time."""


def _read_line(file: FileIO) -> bytes:
    """From where ``file`` is to the end of the line."""
    pieces = []
    while piece := file.read(PIECE):
        end = piece.find(b"\n")
        pieces.append(piece if end < 0 else piece[:end])
        if end >= 0:
            break
    return b"".join(pieces)


def _key_in(line: bytes, path: Path, number: int) -> str | None:
    """The key of a row; None if the line is broken: its process was killed, and its work is done again.

    Raises:
        RaiseError: for what is no line of a journal of this version.
    """
    try:
        entry = parse_json(line.decode(errors="replace").rstrip("\r\n"))  # a kill can cut a line inside a letter
    except ValueError:
        return None
    if not isinstance(entry, dict):
        raise RaiseError(f"{path}, line {number} is not of a journal of raise: name another file or folder.")
    if entry.get("schema") != SCHEMA:
        raise RaiseError(
            f"{path} was written by another version (schema {entry.get('schema')}, not {SCHEMA}): move it "
            "away, or use another folder; replies stay in replies.db and are not paid for again."
        )
    if not isinstance(entry.get("key"), str) or not isinstance(entry.get("row"), dict):
        raise RaiseError(f"{path}, line {number} has no key and row: remove it; its work is done again.")
    return str(entry["key"])
