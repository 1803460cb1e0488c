"""Tables as people read them: one key heads the columns, the figure first, then its interval, then the paper's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmark.reproduce.drawing import LABELS
from benchmark.reproduce.table import CELL_COLUMNS


@dataclass(frozen=True)
class Shown:
    """One cell in words.

    Attributes:
        value: the figure; ``n/a`` where nothing could be scored.
        interval: in brackets; empty if there is none.
        paper: the published figure and how far off this one is; empty if there is none.
        note: anything a reader must know about this cell.
    """

    value: str
    interval: str = ""
    paper: str = ""
    note: str = ""


@dataclass(frozen=True)
class Grid:
    """A table laid out: headings, and lines of labels and cells (None where there is no cell)."""

    labels: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], tuple[Shown | None, ...]], ...]


def grid(frame: pd.DataFrame, across: str) -> Grid:
    """``frame`` with the values of ``across`` as columns and its other keys as labels."""
    keys = [name for name in frame.columns if name not in CELL_COLUMNS]
    labels = [name for name in keys if name != across]
    columns = list(dict.fromkeys(frame[across]))
    lines: dict[tuple[str, ...], dict[str, Shown]] = {}
    for entry in frame.to_dict(orient="records"):
        line = tuple(str(entry[name]) for name in labels)
        lines.setdefault(line, {})[entry[across]] = describe_cell({str(key): value for key, value in entry.items()})
    return Grid(
        tuple(plain(name) for name in labels),
        tuple(plain(name) for name in columns),
        tuple((tuple(map(plain, line)), tuple(map(cells.get, columns))) for line, cells in lines.items()),
    )


def plain(name: str) -> str:
    """A name of a column or an attribute as people write it."""
    return "program" if name == "condition" else LABELS.get(name, name)


def describe_cell(entry: Mapping[str, Any]) -> Shown:
    """The words of one cell."""
    note = str(entry["note"] or "")
    if entry["unscored"] and not note:
        note = f"{entry['unscored']} of {entry['n']} unscored"
    percent = any(isinstance(value, str) and value.endswith(", %") for value in entry.values())
    form = "{:.1f}" if percent else "{:.2f}"
    paper = "" if entry["published"] is None else f"paper {form.format(entry['published'])}"
    if entry["value"] is None:
        return Shown("n/a", paper=paper, note=note)
    interval = "" if entry["lo"] is None else f"[{form.format(entry['lo'])}, {form.format(entry['hi'])}]"
    if entry["deviation"] is not None:
        paper += f" ({form.replace(':', ':+').format(entry['deviation'])})"
    return Shown(form.format(entry["value"]), interval, paper, note)


def markdown(table: Grid) -> str:
    """The grid as a Markdown table."""
    head = [*table.labels, *table.columns]
    lines = [head, ["---"] * len(head)]
    for labels, cells in table.lines:
        lines.append([*labels, *("" if cell is None else _markdown(cell) for cell in cells)])
    return "\n".join("| " + " | ".join(entry.replace("|", "\\|") for entry in line) + " |" for line in lines)


def _markdown(cell: Shown) -> str:
    parts: Sequence[str] = [f"{cell.value} {cell.interval}".strip(), cell.paper, cell.note]
    return "<br>".join(part for part in parts if part)
