"""Figures 7 and 13: ways to choose three attributes."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.table import gain, models_of, sample_of, select_rows, table, to_table

SHOWN: Mapping[str, str] = {
    "random": "random",
    "static": "static",
    "oracle": "oracle, answered again",
    "oracle, best score": "oracle, best score",
    "mcts": "tree search, answered again",
}
LIMITS = (
    "Nothing: the paper draws boxes without numbers. It says that the oracle and the tree search are best, that random "
    "choices vary widely, and that static ones lie between."
)
USERS = " Users are spread over the models; the column of their mean is the figure's counterpart."


def frame(rows: pd.DataFrame, ways: Sequence[str]) -> pd.DataFrame:
    """Safety by way of choosing, and paired differences from random."""
    models = models_of(rows)
    named = rows.assign(choice=rows["condition"].map(SHOWN))
    shown = table(named, {"choice": [SHOWN[way] for way in ways], "target": models})
    differences = []
    for way in ways[1:]:
        for model in models:
            first, other = (
                sample_of(select_rows(rows, {"condition": c, "target": model}), "safety") for c in (ways[0], way)
            )
            differences.append({"choice": f"{SHOWN[way]}, minus random", "target": model, **gain(first, other)})
    return pd.concat([shown, to_table(differences, ("choice", "target"))], ignore_index=True)


def figure(cells: pd.DataFrame) -> go.Figure:
    """Ways of choosing side by side, the mean of models last in each group."""
    return by_category(cells[~cells["choice"].str.endswith("minus random")], "choice", "target")


RANDOM_WAYS = ("random", "static", "oracle", "oracle, best score")
TREE_WAYS = ("random", "static", "mcts")

FIGURE7 = PaperFigure(
    name="figure7",
    title="Figure 7: which three attributes, random, static or the best for each user",
    paper="50 users; ten random subsets of three, the three best of Figure 6 (emotion, mental health, self-harm), and "
    "the best of all 120 subsets for each user, by the score it got.",
    ours="The same choices. The best of 120 scores is partly luck, so the chosen subset is also answered and judged "
    "again: that is what the choice is worth." + USERS,
    published=LIMITS,
    study="subsets",
    conditions=frozenset(RANDOM_WAYS),
    cells=("condition",),
    across="target",
    frame=lambda rows: frame(rows, RANDOM_WAYS),
    figure=figure,
)
FIGURE13 = PaperFigure(
    name="figure13",
    title="Figure 13: tree search against random and static choices of three",
    paper="50 users; tree search without prior (UCT), 50 rollouts a user, against random and static subsets of three.",
    ours="The same search for each user alone; the path it finds is answered and judged again, since the scores it was "
    "chosen by are partly luck." + USERS,
    published=LIMITS,
    study="subsets",
    conditions=frozenset(TREE_WAYS),
    cells=("condition",),
    across="target",
    frame=lambda rows: frame(rows, TREE_WAYS),
    figure=figure,
)
