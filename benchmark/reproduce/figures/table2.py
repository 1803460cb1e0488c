"""Table 2: vanilla, agent, and agent with planner, by model and domain."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from benchmark.published import paper_name, published
from benchmark.reproduce.drawing import by_category
from benchmark.reproduce.figure import PaperFigure
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

STATUSES = ("vanilla", "agent", "planner")
KEYS = ("target", "condition", "domain")


def by_domain(model: str, status: str, domain: str) -> float | None:
    """A cell of the paper's Table 2."""
    content = published()
    name = paper_name(model)
    if name is None:
        return None
    if domain == ALL:
        return float(content["safety"][name][status])
    if domain not in content["table2_domains"]:
        return None
    return float(content["table2"][name][status][content["table2_domains"].index(domain)])


def frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Safety by model, status and domain, and what agent and planner add."""
    models = models_of(rows)
    comparable = paper_models(models[:-1])

    def paper(cell: Mapping[str, str]) -> float | None:
        if cell["target"] != MEAN:
            return by_domain(cell["target"], cell["condition"], cell["domain"])
        overall = comparable and cell["domain"] == ALL
        return float(published()["table2_overall"][cell["condition"]]) if overall else None

    parts = []
    for model in models:
        keys = {"target": [model], "condition": STATUSES, "domain": [ALL, *domains_of(rows)]}
        parts += [table(rows, keys, paper=paper), to_table(_gains(rows, model, comparable=comparable), KEYS)]
    return pd.concat(parts, ignore_index=True)


def _gains(rows: pd.DataFrame, model: str, *, comparable: bool) -> list[dict[str, object]]:
    """What asking adds, in per cent, and what planning adds to that, in points."""
    vanilla, agent, planner = (
        sample_of(select_rows(rows, {"target": model, "condition": status}), "safety") for status in STATUSES
    )
    base, asked, planned = (by_domain(model, status, ALL) for status in STATUSES)
    percent = float(published()["table2_overall"]["gain_percent"]) if comparable and model == MEAN else None
    points = None
    if base is not None and asked is not None and planned is not None:
        percent, points = round(100 * (planned - base) / base, 1), round(planned - asked, 2)
    named = {"target": model, "domain": ALL}
    return [
        {**named, "condition": "planner over vanilla, %", **gain(vanilla, planner, percent, percent=True)},
        {**named, "condition": "planner minus agent", **gain(agent, planner, points)},
    ]


def figure(cells: pd.DataFrame) -> go.Figure:
    """Averages over domains."""
    return by_category(cells[(cells["domain"] == ALL) & cells["condition"].isin(STATUSES)], "target", "condition")


FIGURE = PaperFigure(
    name="table2",
    title="Table 2: what asking and planning add, by model and domain",
    paper="Each of six models answers as it is (vanilla), as an agent that asks until it finds the context sufficient "
    "(agent), and as an agent that also sees planned paths (planner). GPT-4o judges against the whole profile.",
    ours="Vanilla, agent-only and RAISE on scenarios whose situations no path was planned for. Paths come from our "
    "lattice search, planned for everyone who could have asked, with far fewer rollouts than the paper's 300. The "
    "percentages and differences are over the same scenarios.",
    published="All cells of Table 2. Gains by model are worked out from its averages; the paper prints only the "
    "overall one.",
    study="programs",
    conditions=frozenset(STATUSES),
    cells=("condition", "domain"),
    across="domain",
    frame=frame,
    figure=figure,
)
