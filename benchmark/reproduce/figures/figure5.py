"""Figure 5: what the whole profile is worth, by model and domain."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmark.published import published
from benchmark.reproduce.drawing import SAFETY, add_points, colours, completed, drawing, short
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.figures.table2 import by_domain
from benchmark.reproduce.table import (
    ALL,
    MEAN,
    domains_of,
    gain,
    models_of,
    paper_models,
    sample_of,
    select_rows,
    table,
    to_table,
)

CONDITIONS = ("vanilla", "context-rich")
ACROSS = 3
"""Panels side by side."""


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Safety without and with context by model and domain, and the rise in per cent."""
    models = models_of(rows)
    effect = published()["context_effect"] if paper_models(models[:-1]) else {}
    means = {"vanilla": effect.get("context_free_mean"), "context-rich": effect.get("context_rich_mean")}

    def paper(cell: Mapping[str, str]) -> float | None:
        if cell["target"] == MEAN:
            return means[cell["condition"]] if cell["domain"] == ALL else None
        return by_domain(cell["target"], "vanilla", cell["domain"]) if cell["condition"] == "vanilla" else None

    parts = []
    for model in models:
        keys = {"target": [model], "condition": CONDITIONS, "domain": [ALL, *domains_of(rows)]}
        free, rich = (sample_of(select_rows(rows, {"target": model, "condition": c}), "safety") for c in CONDITIONS)
        goal = effect.get("gain_percent") if model == MEAN else None
        rise = {"target": model, "condition": "rise, %", "domain": ALL, **gain(free, rich, goal, percent=True)}
        parts += [table(rows, keys, paper=paper), to_table([rise], list(keys))]
    return pd.concat(parts, ignore_index=True)


def figure(cells: pd.DataFrame) -> go.Figure:
    """One panel a model."""
    cells = cells[(cells["domain"] != ALL) & cells["condition"].isin(CONDITIONS)]
    models = list(dict.fromkeys(cells["target"]))
    lines = -(-len(models) // ACROSS)
    panels = make_subplots(
        rows=lines,
        cols=min(ACROSS, len(models)),
        subplot_titles=[short(name) for name in models],
        shared_yaxes=True,
        vertical_spacing=0.3 / lines,
        horizontal_spacing=0.03,
    )
    panels.update_layout(drawing().layout)
    for i, model in enumerate(models):
        place = {"row": i // ACROSS + 1, "col": i % ACROSS + 1}
        for name, colour in colours(CONDITIONS).items():
            part = cells[(cells["target"] == model) & (cells["condition"] == name)]
            add_points(panels, part, [str(d) for d in part["domain"]], name, colour, place=place, legend=i == 0)
    panels.update_xaxes(tickangle=-40)
    panels.update_yaxes(title_text=SAFETY, col=1)
    panels.update_layout(height=60 + 300 * lines, xaxis_title="", yaxis_title=SAFETY, margin={"t": 70})
    panels.update_layout(legend={"y": 1 + 0.12 / lines})
    return completed(panels, cells)


FIGURE = PaperFigure(
    name="figure5",
    title="Figure 5: safety with and without the whole profile",
    paper="A radar drawing a model: context-free against context-rich, where the prompt has all ten attributes. On "
    "average 2.79 rises to 4.00 (+43.2 %).",
    ours="The same two conditions on the same scenarios; the rise is paired.",
    published="The two averages and the rise. By domain only the context-free side is published, in Table 2 (whose "
    "average is 2.86, not 2.79); the context-rich side is drawn without numbers.",
    study="programs",
    conditions=frozenset(CONDITIONS),
    cells=("condition", "domain"),
    across="domain",
    frame=frame,
    figure=figure,
)
