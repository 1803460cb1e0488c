"""Tables as text for other programs and for papers: CSV, LaTeX, Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

Form = Literal["csv", "tex", "md"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True)
class Columns:
    """One table in two shapes.

    Attributes:
        numbers: one column a number, bounds in columns of their own; for programs.
        words: one column a figure with its interval; for people.
        note: what must stand with the table, such as that models were simulated; empty if nothing must.
    """

    numbers: pd.DataFrame
    words: pd.DataFrame
    note: str = ""


def table_text(table: Columns, form: Form) -> str:
    """The table as text that ends with a line feed.

    Args:
        form: ``csv`` has the numbers, without the note (it has columns of its own); ``tex`` (a plain tabular) and
            ``md`` have the words, and the note below.
    """
    if form == "csv":
        return str(table.numbers.to_csv(index=False, lineterminator="\n"))
    return _latex(table) if form == "tex" else _markdown(table)


def _latex(table: Columns) -> str:
    words = table.words.reset_index(drop=True)
    aligned = "l" + "r" * (words.shape[1] - 1)
    styled = words.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis=1)
    styled = styled.set_table_styles([{"selector": "midrule", "props": ":hline;"}])
    text = str(styled.to_latex(column_format=aligned))
    if not table.note:
        return text
    note = f"\\multicolumn{{{words.shape[1]}}}{{l}}{{{table.note}}} \\\\\n"
    return text.replace("\\end{tabular}", f"{note}\\end{{tabular}}")


def _markdown(table: Columns) -> str:
    head = [str(name) for name in table.words.columns]
    rows = [[str(cell) for cell in row] for row in table.words.itertuples(index=False)]
    ruler = [":---", *["---:"] * (len(head) - 1)]
    lines = [_markdown_line(head), "| " + " | ".join(ruler) + " |", *map(_markdown_line, rows)]
    return "\n".join([*lines, *(["", f"**{table.note}**"] if table.note else []), ""])


def _markdown_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("<", "&lt;").replace("|", "\\|").split()) for cell in cells) + " |"
