"""Rows of a table file, one at a time: Parquet, JSON, JSON Lines, CSV. A row that cannot be read says why."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from modules.files import HEAD, parse_json, read_text, refuse_foreign
from signatures import RaiseError
from signatures.masking import masked

Row = dict[str, Any]
Numbered = tuple[int, Row | str]
"""A row's number in its file, from 1, and the row, or the reason why it cannot be read."""
SEPARATORS = {".csv": ",", ".tsv": "\t"}
LINES = (".jsonl", ".ndjson")
FORMATS = (".parquet", ".json", *LINES, *SEPARATORS)
EXAMPLES = 5
"""Rows named for each reason."""


@dataclass
class Refusals:
    """Rows that were not taken, by reason."""

    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, number: int, reason: str) -> None:
        """Count a row out."""
        self.rows[reason].append(number)

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    def report(self) -> list[dict[str, Any]]:
        """Reasons with the number of rows and the first few row numbers, the most frequent first."""
        ordered = sorted(self.rows.items(), key=lambda entry: (-len(entry[1]), entry[0]))
        return [{"reason": reason, "rows": len(rows), "first": rows[:EXAMPLES]} for reason, rows in ordered]


def read_rows(file: Path) -> Iterator[Numbered]:
    """All rows of ``file``, in order; the name's ending tells the format.

    Raises:
        RaiseError: if there is no such file, its format is not known, or it cannot be read at all.
    """
    ending = file.suffix.lower()
    if ending not in FORMATS:
        raise RaiseError(f"{file}: the ending does not tell a format that can be read: {', '.join(FORMATS)}.")
    try:
        if ending == ".parquet":
            yield from _parquet(file)
            return
        with file.open("rb") as handle:
            refuse_foreign(file, handle.read(HEAD))
        if ending == ".json":
            yield from _json(file)
        elif ending in LINES:
            yield from _json_lines(file)
        else:
            yield from _csv(file, SEPARATORS[ending])
    except OSError as error:
        raise RaiseError(f"cannot read {file}: {error.strerror or error}.") from error


def _parquet(file: Path) -> Iterator[Numbered]:
    try:
        table = pd.read_parquet(file, dtype_backend="pyarrow")  # else whole numbers with gaps turn to floats
    except ValueError as error:
        raise RaiseError(f"{file} is not a Parquet file that can be read: {short(error)}.") from error
    plain = table.astype(object).where(table.notna(), None)
    yield from enumerate(({str(k): v for k, v in row.items()} for row in plain.to_dict("records")), 1)


def _json_lines(file: Path) -> Iterator[Numbered]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, _object(line)


def _object(line: bytes) -> Row | str:
    try:
        value = parse_json(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "the line is not UTF-8"
    except ValueError:
        return "the line is not JSON"
    return value if isinstance(value, dict) else "the line is not a JSON object"


def _json(file: Path) -> Iterator[Numbered]:
    try:
        value = parse_json(read_text(file))
    except ValueError as error:
        raise RaiseError(f"{file} is not JSON that can be read: {short(error)}.") from error
    rows = _records(value)
    if rows is None:
        raise RaiseError(f"{file} holds no list of rows: a list of objects is needed, or one object of columns.")
    for number, row in enumerate(rows, 1):
        yield number, row if isinstance(row, dict) else "the entry is not a JSON object"


def _records(value: Any) -> list[Any] | None:
    """The rows in ``value``: a list, an object around one list (as the hub's viewer gives it), or columns of cells."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    lists = [part for part in value.values() if isinstance(part, list) and any(isinstance(row, dict) for row in part)]
    if len(lists) == 1:
        return [row["row"] if isinstance(row, dict) and isinstance(row.get("row"), dict) else row for row in lists[0]]
    columns = {name: _cells(part) for name, part in value.items()}
    lengths = {len(cells) for cells in columns.values() if cells is not None}
    if lists or not columns or None in columns.values() or len(lengths) != 1:
        return None
    return [{name: (cells or [])[i] for name, cells in columns.items()} for i in range(lengths.pop())]


def _cells(column: Any) -> list[Any] | None:
    if isinstance(column, dict):  # pandas writes row label -> cell
        return list(column.values())
    return column if isinstance(column, list) else None


def _csv(file: Path, separator: str) -> Iterator[Numbered]:
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        rows = csv.reader(lines, delimiter=separator)
        try:
            header = next(rows, None)
        except csv.Error as error:
            raise RaiseError(f"{file} has no header that can be read: {error}.") from error
        number = 0
        while header:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield number, f"the row is not CSV ({error})"
                continue
            if not cells:
                continue
            number += 1
            yield number, _row(header, cells)


def _row(header: list[str], cells: list[str]) -> Row | str:
    if len(cells) != len(header):
        return "the row has more or fewer cells than the header"
    if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):  # bytes kept by surrogateescape
        return "the row is not UTF-8"
    return dict(zip(header, cells, strict=True))


def short(error: Exception) -> str:
    """An error's message as one short phrase, without secrets."""
    return masked(" ".join(str(error).split()))[:200].rstrip(".")
