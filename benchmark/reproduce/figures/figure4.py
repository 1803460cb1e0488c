"""Figure 4: how safe models are without context, by domain."""

import pandas as pd

from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.figures.table2 import by_domain
from benchmark.reproduce.table import ALL, domains_of, table


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Context-free safety by model and domain."""
    targets = list(dict.fromkeys(rows["target"]))
    keys = {"target": targets, "domain": [ALL, *domains_of(rows)]}
    vanilla = rows[rows["condition"] == "vanilla"]
    return table(vanilla, keys, paper=lambda cell: by_domain(cell["target"], "vanilla", cell["domain"]))


FIGURE = PaperFigure(
    name="figure4",
    title="Figure 4: safety without context, by model and domain",
    paper="A radar drawing of six models' context-free scores in seven domains; all lie between 2.5 and 3.2.",
    ours="The same condition on our scenarios, drawn as points, since a radar has no room for intervals.",
    published="The drawing has no numbers; Table 2 prints the same condition as its vanilla rows.",
    study="programs",
    conditions=frozenset({"vanilla"}),
    cells=("condition", "domain"),
    across="domain",
    frame=frame,
    figure=lambda cells: by_category(cells, "domain", "target"),
)
