"""Tables 7 and 8: how many questions are asked, with and without planned paths."""

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from benchmark.published import paper_name, published
from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.table import MEAN, models_of, paper_models, table

HEADING = "questions"


def frame(rows: pd.DataFrame, status: str) -> pd.DataFrame:
    """Questions a conversation, by model."""
    models = models_of(rows)
    overall = float(published()["mean_questions"][status]) if paper_models(models[:-1]) else None

    def paper(model: str) -> float | None:
        name = paper_name(model)
        if model == MEAN:
            return overall
        return None if name is None else float(published()["path_length"][status][name])

    asked = rows[rows["condition"] == status].assign(measure=HEADING)
    keys = {"target": models, "measure": [HEADING]}
    return table(asked, keys, "n_queries", lambda cell: paper(cell["target"]))


def figure(cells: pd.DataFrame) -> go.Figure:
    """One point a model."""
    return by_category(cells, "target", "measure", y_title="questions a conversation")


def _experiment(name: str, status: str, title: str, paper: str) -> PaperFigure:
    return PaperFigure(
        name=name,
        title=title,
        paper=paper,
        ours="Questions asked in the conversations of Table 2; our budget is five, the paper's longest path.",
        published="All models. Beside the mean stands what the paper's section 5.4 says of it.",
        study="programs",
        conditions=frozenset({status}),
        cells=("condition",),
        across="measure",
        frame=partial(frame, status=status),
        figure=figure,
        column="n_queries",
    )


TABLE7 = _experiment(
    "table7",
    "planner",
    "Table 7: questions asked by full RAISE",
    "Average length of acquisition paths until the model finds the context sufficient, with planned paths.",
)
TABLE8 = _experiment(
    "table8",
    "agent",
    "Table 8: questions asked without the planner",
    "The same without planned paths.",
)
