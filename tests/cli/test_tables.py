"""Tables keep their right border, in a pipe of no width and in a terminal of any."""

import io
import unicodedata
from typing import Any

import pytest
from rich.table import Table

from cli.console import Output, labelled_table
from cli.show.results import COUNTED, results_table

FIGURES = {
    "safety": 3.123, "safety_lo": 2.951, "safety_hi": 3.305, "risk_sensitivity": 3.1, "emotional_empathy": 3.2,
    "user_alignment": 3.3, "avg_queries": 12.12, "avg_queries_lo": 11.95, "avg_queries_hi": 12.66, "n": 7000,
    "unscored": 699, "injections": 12, "replies_per_conversation": 115.25,
}  # fmt: skip


def shown(table: Table, *, width: int, terminal: bool) -> list[str]:
    """The lines of ``table`` as a console of ``width`` shows it."""
    console = Output(file=io.StringIO(), width=width, force_terminal=terminal, markup=False, color_system=None)
    console.print(table)
    file: Any = console.file
    return [line.rstrip() for line in file.getvalue().splitlines()]


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize(
    "name", ["vanilla", "mlruns/programs/a-model-with-a-long-name/front/trial-17 (chosen)", "药物"]
)
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("terminal", [True, False])
def test_every_row_ends_with_the_border(name: str, width: int, terminal: bool) -> None:
    lines = shown(results_table([(name, FIGURES)], "Results", simulated=False), width=width, terminal=terminal)
    rows = [line for line in lines if line[:1] in tuple("┏┃┡│└")]
    assert len(rows) >= 5
    assert {line[-1] for line in rows} <= set("┓┃┩│┘")
    assert len({columns(line) for line in rows}) == 1
    if not terminal:
        assert "3.12 [2.95, 3.31]" in "".join(lines)


def test_a_terminal_is_not_written_beyond_its_edge_where_words_fit() -> None:
    lines = shown(results_table([("vanilla", FIGURES)], "Results", simulated=False), width=110, terminal=True)
    assert max(map(len, lines)) <= 110


def test_a_table_that_fits_is_as_it_was() -> None:
    table = labelled_table("Small", simulated=True)
    table.add_column("name", no_wrap=True)
    table.add_row("one")
    assert max(map(len, shown(table, width=30, terminal=False))) <= 30


@pytest.mark.parametrize(("field", "heading"), COUNTED.items())
def test_what_a_target_did_wrong_has_a_column_if_there_is_any(field: str, heading: str) -> None:
    for count in (0, 17):
        entry = {**FIGURES, field: count}
        lines = shown(results_table([("raise", entry)], "Results", simulated=False), width=200, terminal=True)
        assert any(heading in line for line in lines) == (count > 0)
        assert any(" 17 " in line for line in lines) == (count > 0)
