"""Takes in paths that were planned elsewhere: a query and a list of attribute labels in a row (paper, section 5).

The paper's pipeline writes ``User Query`` and ``Best Path``, a bracketed list of labels in words; its agent writes
``Attribute Path``, its search log ``path`` with arrows. What a path was worth is not taken over: the scales differ.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.scenarios.hub import rules
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.similarity import fold
from benchmark.scenarios.tables import Numbered, Refusals, Row, read_rows
from modules import PathIndex, PlannedPath
from signatures import RaiseError, current_vocabulary
from signatures.errors import meant

QUERIES = ("query", "user_query", "question")
PATHS = ("best_path", "attribute_path", "path")
ELSEWHERE = "hub"
"""Source of a path whose query is in no scenario: it may be a real person's, and is kept back as theirs are."""
_SEPARATOR = re.compile(r"\s*(?:->|→|[,;|])\s*")
_WRAPPED = re.compile(r"""\s*\{\s*['"]query_id['"]\s*:\s*(?P<quote>['"])(?P<query>.*?)(?P=quote)\s*[,}]""", re.DOTALL)
_QUOTES = " \"'`\u2018\u2019\u201c\u201d"


@dataclass(frozen=True)
class ImportedPaths:
    """Paths that were taken in, and the account of all rows.

    Attributes:
        paths: in file order; none has a value.
        matched: how many have the query of a scenario, and with it a situation for the leak guard.
        rows: in the file.
        refused: rows that were left out, by reason.
    """

    paths: PathIndex
    matched: int
    rows: int
    refused: Refusals

    def summary(self) -> dict[str, Any]:
        """For tables and machines."""
        return {
            "rows": self.rows,
            "imported": len(self.paths),
            "matched": self.matched,
            "refused": len(self.refused),
            "reasons": self.refused.report(),
        }


def import_paths(file: Path, scenarios: Iterable[Scenario] = ()) -> ImportedPaths:
    """Read paths planned elsewhere.

    Args:
        file: CSV, TSV, JSON, JSON Lines or Parquet, a query and a path in a row.
        scenarios: those that the paths will be used for. A path with the query of one of them belongs to its situation,
            so that it is not retrieved for that situation's own items in an evaluation.

    Raises:
        RaiseError: if the file cannot be read, lacks one of the columns, or no row is usable.
    """
    if not file.is_file():
        raise RaiseError(f"there is no file {file} to import paths from.")
    return take_paths(read_rows(file), scenarios, name=str(file))


def take_paths(rows: Iterable[Numbered], scenarios: Iterable[Scenario] = (), *, name: str = "rows") -> ImportedPaths:
    """``import_paths``, of rows.

    Raises:
        RaiseError: if the rows lack one of the columns, or none is usable.
    """
    known: dict[str, Scenario] = {}
    for scenario in scenarios:
        known.setdefault(fold(scenario.query), scenario)
    found: dict[str, PlannedPath] = {}
    refused, total = Refusals(), 0
    columns: dict[str, None] = {}
    for number, row in rows:
        total += 1
        if isinstance(row, str):
            refused.add(number, row)
            continue
        columns.update(dict.fromkeys(row))
        path = _path(row, known)
        if isinstance(path, str):
            refused.add(number, path)
        elif fold(path.query) in found:
            refused.add(number, "an earlier row has the same query")
        else:
            found[fold(path.query)] = path
    _check(name, list(columns))
    if not found:
        why = refused.report()[0]["reason"] if len(refused) else "it is empty"
        raise RaiseError(f"{name}: no row of {total} can be used ({why}).")
    matched = sum(bool(path.origin) for path in found.values())
    return ImportedPaths(PathIndex(found.values()), matched, total, refused)


def _check(name: str, columns: Sequence[str]) -> None:
    """Make sure that there was a query and a path.

    Raises:
        RaiseError: naming what was expected, and what there is.
    """
    for kind, names in (("the query", QUERIES), ("the path", PATHS)):
        if columns and not any(fold(column) in names for column in columns):
            wanted = " or ".join(repr(wanted.replace("_", " ").title()) for wanted in names)
            there = ", ".join(columns)[:300]
            raise RaiseError(f"{name} has no column of {kind} (expected {wanted}); its columns are {there}.")


def _path(row: Row, known: Mapping[str, Scenario]) -> PlannedPath | str:
    """The path of a row, or the reason why it has none."""
    query = _query(_cell(row, QUERIES))
    if not query:
        return "there is no query"
    labels = _labels(_cell(row, PATHS))
    if isinstance(labels, str):
        return labels
    names = [rules().column(label) for label in labels]
    attributes = current_vocabulary().names
    for label, name in zip(labels, names, strict=True):
        if name not in attributes:
            return f"the path names {label[:40]!r}, which is no attribute{meant(fold(label), attributes)}"
    path = tuple(dict.fromkeys(name for name in names if name))
    asker = known.get(fold(query))
    return PlannedPath(
        query=query,
        path=path,
        value=None,
        evaluations=0,
        origin=asker.situation if asker else "",
        domain=asker.domain if asker else "",
        source=asker.source if asker else ELSEWHERE,
    )


def _cell(row: Row, names: Sequence[str]) -> Any:
    """The value of the first of ``names`` that the row has."""
    by_name = {fold(column): value for column, value in row.items()}
    return next((by_name[name] for name in names if by_name.get(name) is not None), None)


def _query(cell: object) -> str:
    """A query as text; some files wrap it as ``{'query_id': '...'}``."""
    if isinstance(cell, dict):
        cell = cell.get("query_id") or cell.get("query")
    if not isinstance(cell, str):
        return ""
    wrapped = _WRAPPED.match(cell)
    return (wrapped["query"] if wrapped else cell).strip()


def _labels(cell: object) -> list[str] | str:
    """The labels of a path, or why there are none: a list, or text as ``['Age', 'Gender']`` or ``age -> gender``."""
    if cell is None:
        return "there is no path"
    if isinstance(cell, list):
        parts = [str(part) for part in cell]
    elif isinstance(cell, str):
        parts = _SEPARATOR.split(cell.strip().removeprefix("[").removesuffix("]"))
    else:
        return "the path is neither text nor a list"
    labels = [label for part in parts if (label := part.strip(_QUOTES))]
    return labels or "the path is empty"
