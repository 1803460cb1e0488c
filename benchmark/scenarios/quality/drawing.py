"""The drawings of the quality report: one function a figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmark.scenarios.quality.copies import nearest
from benchmark.scenarios.quality.gate import Asked, people, rules
from benchmark.scenarios.quality.marginals import ALL
from benchmark.scenarios.quality.people import value_shares
from benchmark.scenarios.quality.report import QualityReport
from benchmark.scenarios.quality.style import ends, idioms

COLOURS = ("#0b6e4f", "#8d5524", "#3d5a98", "#d98e04", "#7b2d8b", "#5fb49c", "#b42318")
SHOWN = 8
"""Words of a kind in the picture of how queries begin and end."""
MOST_VALUES = 40
"""Values of one attribute in the picture: people who write in forums use thousands."""


def _plain(figure: go.Figure, height: int, **layout: object) -> go.Figure:
    figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        colorway=COLOURS,
        **layout,
    )
    return figure


def lengths(table: pd.DataFrame) -> go.Figure:
    """Words a query: a box a domain. ``table`` is from :func:`style.measures`."""
    figure = go.Figure()
    for domain, group in table.groupby("domain", sort=False):
        figure.add_trace(go.Box(y=group.words, name=str(domain), boxpoints="outliers", marker={"size": 3}))
    return _plain(figure, 380, showlegend=False, yaxis_title="words")


def grades(table: pd.DataFrame) -> go.Figure:
    """Reading grades, with the limit from which a query counts as hard."""
    figure = go.Figure(go.Histogram(x=table.grade, xbins={"size": 1}, marker={"line": {"width": 1, "color": "white"}}))
    figure.add_vline(x=rules().limits.grade_hard, line_dash="dash", annotation_text="hard to read")
    return _plain(figure, 320, xaxis_title="grade", yaxis_title="queries")


def registers(asked: Sequence[Asked], table: pd.DataFrame) -> go.Figure:
    """Share of queries with each trait of style: a group of bars a domain."""
    marked = {kind: {str(query) for query in found} for kind, found in idioms(asked).items()}
    named = table.assign(key=[str(query) for query in asked])
    traits: Mapping[str, pd.Series] = {
        "no capital at the start": named.lowercase,
        "no question mark at the end": named.unasked,
        "ends in a tag question": named.tag,
        "British idiom": named.key.isin(marked["british"]),
        "American idiom": named.key.isin(marked["american"]),
    }
    figure = go.Figure()
    for name, column in traits.items():
        shares = column.groupby(named.domain, sort=False).mean()
        figure.add_trace(go.Bar(x=list(shares.index), y=list(shares), name=name))
    layout = {"legend": {"orientation": "h", "y": 1.12}, "yaxis": {"tickformat": ".0%"}}
    return _plain(figure, 380, barmode="group", **layout)


def beginnings_and_ends(asked: Sequence[Asked]) -> go.Figure:
    """The commonest first and last words, as shares of all queries."""
    kinds = [("first word", 1, True), ("first two", 2, True), ("first three", 3, True), ("last two", 2, False)]
    figure = make_subplots(1, len(kinds), subplot_titles=[name for name, *_ in kinds], horizontal_spacing=0.09)
    for column, (_, size, opening) in enumerate(kinds, 1):
        top = ends(asked, size, opening=opening).most_common(SHOWN)[::-1]
        bar = go.Bar(
            x=[n / len(asked) for _, n in top], y=[text for text, _ in top], orientation="h", marker_color=COLOURS[0]
        )
        figure.add_trace(bar, 1, column)
    figure.update_xaxes(tickformat=".1%", nticks=4)
    return _plain(figure, 340, showlegend=False)


def likenesses(asked: Sequence[Asked]) -> go.Figure:
    """Cosine of each query with its nearest, in its own situation and in others, with both limits."""
    limits = rules().limits
    found = list(nearest(asked))
    figure = go.Figure()
    for name, same, limit, colour in (
        ("same situation", True, limits.near_within, COLOURS[0]),
        ("another situation", False, limits.near_across, COLOURS[1]),
    ):
        values = [value for value, a, b in found if (a.situation == b.situation) is same]
        figure.add_trace(go.Histogram(x=values, name=name, xbins={"size": 0.02}, opacity=0.7, marker_color=colour))
        figure.add_vline(x=limit, line_dash="dash", line_color=colour)
    axes = {
        "xaxis_title": "cosine with the nearest",
        "yaxis_title": "queries",
        "legend": {"orientation": "h", "y": 1.1},
    }
    return _plain(figure, 340, barmode="overlay", **axes)


def attribute_values(report: QualityReport) -> go.Figure:
    """Share of each attribute value in each domain, in percent of profiles."""
    shares = value_shares(people(report.data), report.known)
    shares = shares[shares.max(axis=1) > 0]
    kept = [
        group.loc[group.sum(axis=1).nlargest(MOST_VALUES).index] if len(group) > MOST_VALUES else group
        for _, group in shares.groupby(level=0, sort=False)
    ]
    shares = pd.concat(kept)
    labels = [f"{name.replace('_', ' ')}: {_short(value)}" for name, value in shares.index]
    percent = 100 * shares.to_numpy()
    figure = go.Figure(
        go.Heatmap(
            z=np.sqrt(percent),
            x=list(shares.columns),
            y=labels,
            text=[[f"{value:.0f}" if value >= 0.5 else "" for value in row] for row in percent],
            texttemplate="%{text}",
            textfont={"size": 10},
            colorscale=[[0, "#ffffff"], [1, "#0b6e4f"]],
            showscale=False,
            hovertemplate="%{y}<br>%{x}: %{text} %<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", tickfont={"size": 10}, automargin=True, dtick=1)
    figure.update_xaxes(side="top")
    return _plain(figure, 80 + 17 * len(labels))


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:37] + "..."


def drawn_against_graph(table: pd.DataFrame) -> go.Figure:
    """Observed against expected over all domains, one colour an attribute."""
    pooled = table[table.domain == ALL]
    ends_at = float(pooled[["share", "expected"]].to_numpy().max()) * 1.05
    line = {"dash": "dash", "color": "#829ab1"}
    figure = go.Figure(go.Scatter(x=[0, ends_at], y=[0, ends_at], mode="lines", line=line, showlegend=False))
    for number, (name, rows) in enumerate(pooled.groupby("attribute", sort=False)):
        bars = {"array": rows.hi - rows.expected, "arrayminus": rows.expected - rows.lo, "thickness": 1}
        figure.add_trace(
            go.Scatter(
                x=rows.expected,
                y=rows.share,
                error_x={"type": "data", **bars},
                mode="markers",
                name=str(name).replace("_", " "),
                text=list(rows.value),
                marker={"size": 7, "symbol": number % 3 * 2, "color": COLOURS[number % len(COLOURS)]},
                hovertemplate="%{text}: %{y:.3f}, expected %{x:.3f}",
            )
        )
    return _plain(figure, 480, xaxis_title="share that the graph implies", yaxis_title="share among the profiles")
