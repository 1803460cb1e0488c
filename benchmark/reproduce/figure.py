"""What one table or figure of the paper is, and how it is measured, laid out and drawn here."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go


@dataclass(frozen=True)
class PaperFigure:
    """One table or figure.

    Attributes:
        name: how ``--only`` calls it, and its files.
        title: what it shows.
        paper: what the paper did.
        ours: how it is done here, and where that differs.
        published: what the published column holds, and what is not published as a number.
        study: which study measures it.
        conditions: which of the study's conditions it needs; a name may stand for a family of them.
        cells: columns whose groups are the cells that must be narrow enough.
        column: what is averaged: ``safety`` or ``n_queries``.
        across: the key whose values head the columns when the table is shown; the others name the lines.
        frame: rows of the study, with a ``target`` column -> the table (``table.CELL_COLUMNS`` after its keys).
        figure: the table -> the drawing.
    """

    name: str
    title: str
    paper: str
    ours: str
    published: str
    study: str
    conditions: frozenset[str]
    cells: tuple[str, ...]
    across: str
    frame: Callable[[pd.DataFrame], pd.DataFrame]
    figure: Callable[[pd.DataFrame], go.Figure]
    column: str = "safety"
