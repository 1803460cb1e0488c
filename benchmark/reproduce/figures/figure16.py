"""Figure 16: ways to decide whether enough is known."""

import pandas as pd
import plotly.graph_objects as go

from benchmark.published import published
from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.table import ALL, domains_of, table

VARIANTS = ("basic", "binary", "scale")


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Safety by way and domain, and the questions it asks; means over models."""
    domains = domains_of(rows)
    goals = published()["abstention_mean_questions"]
    safety = table(
        rows.assign(measure="safety"),
        {"condition": VARIANTS, "measure": ["safety"], "domain": [ALL, *domains]},
    )
    asked = table(
        rows.assign(measure="questions"),
        {"condition": VARIANTS, "measure": ["questions"], "domain": [ALL, *domains]},
        "n_queries",
        lambda cell: float(goals[cell["condition"]]) if cell["domain"] == ALL else None,
    )
    return pd.concat([safety, asked], ignore_index=True)


def figure(cells: pd.DataFrame) -> go.Figure:
    """Safety by domain, one colour a way."""
    return by_category(cells[cells["measure"] == "safety"], "domain", "condition")


FIGURE = PaperFigure(
    name="figure16",
    title="Figure 16: three ways to decide whether enough is known",
    paper="Full RAISE with basic (answer or name an attribute), binary (yes or no) and scale (0 to 5) abstention, by "
    "domain. Scale is best everywhere, basic worst.",
    ours="The same three, means over the chosen models, which get scenarios of their own. Our basic variant asks the "
    "model for the next attribute in the same call; the paper's stops sooner.",
    published="The questions asked on average; safety is drawn without numbers.",
    study="abstentions",
    conditions=frozenset(VARIANTS),
    cells=("condition", "domain"),
    across="domain",
    frame=frame,
    figure=figure,
)
