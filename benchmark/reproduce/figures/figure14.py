"""Figure 14: safety of the path found, by rollouts, with and without the model's prior."""

import pandas as pd
import plotly.graph_objects as go

from benchmark.published import published
from benchmark.reproduce.drawing import add_points, colours, completed, drawing
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.table import gain, models_of, sample_of, select_rows, table, to_table

SEARCHES = {"uct": "vanilla", "guided": "guided"}
"""The study's name -> the paper's."""


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Safety of found paths, and the comparison that the paper puts in numbers."""
    models = models_of(rows)
    found = rows["condition"].str.extract(r"^(uct|guided) (\d+)$")
    rows = rows.assign(search=found[0].map(SEARCHES), rollouts=found[1])[found[0].notna().to_numpy()]
    budgets = sorted(rows["rollouts"].unique(), key=int)
    shown = table(rows, {"search": list(SEARCHES.values()), "rollouts": budgets, "target": models})
    equal = published()["rollouts"]
    few, many = str(equal["guided"]), str(equal["equal_vanilla"])
    claims = []
    for model in models if {few, many} <= set(budgets) else ():
        theirs, ours = (
            sample_of(select_rows(rows, {"search": search, "rollouts": budget, "target": model}), "safety")
            for search, budget in (("vanilla", many), ("guided", few))
        )
        claim = {"search": "guided minus vanilla", "rollouts": f"{few} and {many}", "target": model}
        claims.append({**claim, **gain(theirs, ours, 0.0 if model == models[-1] else None)})
    return pd.concat([shown, to_table(claims, ("search", "rollouts", "target"))], ignore_index=True)


def figure(cells: pd.DataFrame) -> go.Figure:
    """Both searches, mean of the models."""
    cells = cells[cells["target"] == cells["target"].iloc[-1]]
    drawn = drawing("rollouts")
    for name, colour in colours(list(SEARCHES.values())).items():
        part = cells[(cells["search"] == name) & cells["rollouts"].str.isdigit()]
        add_points(drawn, part, [int(r) for r in part["rollouts"]], name, colour, line=True)
    budgets = sorted({int(r) for r in cells["rollouts"] if r.isdigit()})
    drawn.update_xaxes(type="log", tickvals=budgets, ticktext=[str(b) for b in budgets])
    return completed(drawn, cells[cells["rollouts"].str.isdigit()])


FIGURE = PaperFigure(
    name="figure14",
    title="Figure 14: tree search with and without the model's prior, by rollouts",
    paper="Five of ten attributes, up to 500 rollouts. Guided by the model's ranking, 80 rollouts do as well as 320 "
    "without.",
    ours="The same two searches for each user alone, with the constants of the main text. What is measured is the path "
    "found, answered and judged again; fewer rollouts are the beginning of the same search. Users are spread over the "
    "models. On landscapes whose optimum is known, docs/path-search.md compares more strategies.",
    published="Only that comparison is in numbers, as a difference of 0; the curves are drawn without.",
    study="searches",
    conditions=frozenset(SEARCHES),
    cells=("condition",),
    across="target",
    frame=frame,
    figure=figure,
)
