"""Figure 15: safety along a planned path."""

import pandas as pd
import plotly.graph_objects as go

from benchmark.published import published
from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.table import models_of, table


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Safety after 0, 1, 2, 3 attributes of the path."""
    models = models_of(rows)
    steps = rows["condition"].str.extract(r"^prefix (\d+)$")[0]
    rows = rows.assign(known=steps)[steps.notna().to_numpy()]
    goals = published()["path_prefix"]
    keys = {"known": sorted(rows["known"].unique(), key=int), "target": models}
    return table(rows, keys, paper=lambda cell: goals.get(cell["known"]) if cell["target"] == models[-1] else None)


def figure(cells: pd.DataFrame) -> go.Figure:
    """The mean of the models in colour, each model in grey."""
    drawn = by_category(cells, "known", "target", headline=cells["target"].iloc[-1])
    return drawn.update_layout(xaxis_title="attributes known")


FIGURE = PaperFigure(
    name="figure15",
    title="Figure 15: safety step by step along a planned path",
    paper="50 users; the answer after no, one, two and three attributes of the path that guided search found.",
    ours="The same, with the path of the largest budget of Figure 14, answered and judged again at every step. Users "
    "are spread over the models; grey points are single models.",
    published="Printed over the bars, set beside the mean of models; which model answered is not said.",
    study="searches",
    conditions=frozenset({"prefixes"}),
    cells=("condition",),
    across="target",
    frame=frame,
    figure=figure,
)
