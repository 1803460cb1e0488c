"""Figure 6: what one attribute alone is worth."""

from typing import Any, cast

import pandas as pd
import plotly.graph_objects as go

from benchmark.published import published
from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.table import gain, models_of, sample_of, select_rows, table, to_table
from signatures import ATTRIBUTE_NAMES

NONE = "none"
KEYS = ("attribute", "measure", "target")


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Safety with each attribute alone, and what that adds to none."""
    models = models_of(rows)
    single = published()["single_attribute"]
    cells: list[dict[str, Any]] = []
    for name in (NONE, *ATTRIBUTE_NAMES):
        goal = float(single["baseline" if name == NONE else name])
        alone = table(
            rows[rows["condition"] == name].assign(attribute=name, measure="safety"),
            {"attribute": [name], "measure": ["safety"], "target": models},
            paper=lambda cell, goal=goal: goal if cell["target"] == models[-1] else None,  # type: ignore[misc]
        )
        cells += cast(list[dict[str, Any]], alone.to_dict(orient="records"))
        if name == NONE:
            continue
        for model in models:
            before, after = (
                sample_of(select_rows(rows, {"condition": c, "target": model}), "safety") for c in (NONE, name)
            )
            added = round(goal - float(single["baseline"]), 2) if model == models[-1] else None
            cells.append({"attribute": name, "measure": "gain", "target": model, **gain(before, after, added)})
    return to_table(cells, KEYS)


def figure(cells: pd.DataFrame) -> go.Figure:
    """The mean of the models in colour, each model in grey."""
    cells = cells[cells["measure"] == "safety"]
    return by_category(cells, "attribute", "target", headline=cells["target"].iloc[-1])


FIGURE = PaperFigure(
    name="figure6",
    title="Figure 6: one attribute alone",
    paper="1,000 scenarios, answered with a single attribute in the prompt, and judged against all ten. Which model "
    "answers is not said.",
    ours="The same for every chosen model; small grey points are single models. The gain over no attribute is paired.",
    published="Read off the bars, set beside the mean of models. The paper's baseline (3.12) is higher than its mean "
    "of six models without context, so gains compare better than levels.",
    study="attributes",
    conditions=frozenset({NONE, *ATTRIBUTE_NAMES}),
    cells=("condition",),
    across="target",
    frame=frame,
    figure=figure,
)
