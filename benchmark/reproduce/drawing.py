"""Points with intervals, and the published figures beside them: what all drawings are made of."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from signatures import ATTRIBUTES

PALETTE = ("#0b6e4f", "#c8553d", "#3d5a98", "#d98e04", "#7b4b94", "#2a9d8f", "#6c757d")
GREY = "#b8c4bb"
HEIGHT = 430
SAFETY = "personalized safety (1 to 5)"
LABELS = {attribute.name: attribute.label for attribute in ATTRIBUTES}


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name."""
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}


def short(name: str) -> str:
    """A target or an attribute as axes show it."""
    return LABELS.get(name, name.removeprefix("sim/"))


def drawing(x_title: str = "", y_title: str = SAFETY) -> go.Figure:
    """An empty drawing in the house style; points of one category stand side by side."""
    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        height=HEIGHT,
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        scattermode="group",
        scattergap=0.35,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        xaxis_title=x_title,
        yaxis_title=y_title,
    )
    return figure


def add_points(
    figure: go.Figure,
    cells: pd.DataFrame,
    x: Sequence[object],
    name: str,
    colour: str,
    *,
    line: bool = False,
    place: Mapping[str, int] | None = None,
    legend: bool = True,
) -> None:
    """The cells of one series with their intervals, and hollow diamonds for what the paper has of them.

    Args:
        cells: rows of a table, one a point.
        x: where each stands.
        line: joined, for numbers along x.
        place: row and col of the panel.
        legend: whether the series is named.
    """
    value = cells["value"].astype(float)
    group = None if line else name
    figure.add_trace(
        go.Scatter(
            x=list(x),
            y=value,
            error_y={
                "type": "data",
                "array": (cells["hi"].astype(float) - value).fillna(0),
                "arrayminus": (value - cells["lo"].astype(float)).fillna(0),
                "thickness": 1.5,
                "width": 4,
            },
            mode="lines+markers" if line else "markers",
            marker={"size": 9, "color": colour},
            line={"color": colour},
            name=name,
            legendgroup=name,
            offsetgroup=group,
            showlegend=legend,
            customdata=cells[["n", "unscored"]].to_numpy(),
            hovertemplate=f"{name}<br>%{{x}}: %{{y:.2f}}<br>n %{{customdata[0]}}, unscored %{{customdata[1]}}"
            "<extra></extra>",
        ),
        **(place or {}),
    )
    known = cells["published"].notna().to_numpy(dtype=bool)
    if known.any():
        figure.add_trace(
            go.Scatter(
                x=[at for at, there in zip(x, known, strict=True) if there],
                y=cells["published"][known].astype(float),
                mode="markers",
                marker={"size": 11, "color": colour, "symbol": "diamond-open", "line": {"width": 1.5}},
                name=f"{name}, paper",
                legendgroup=name,
                offsetgroup=group,
                showlegend=False,
                hovertemplate=f"{name}, paper<br>%{{x}}: %{{y:.2f}}<extra></extra>",
            ),
            **(place or {}),
        )


def completed(figure: go.Figure, cells: pd.DataFrame) -> go.Figure:
    """Axes as wide as the intervals in ``cells``, and the diamonds named in the legend, if there are any."""
    numbers = cells[["value", "lo", "hi", "published"]].to_numpy(dtype=float, na_value=np.nan)
    if not np.isnan(numbers).all():
        low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
        room = 0.05 * max(high - low, 0.2)
        figure.update_yaxes(range=[low - room, high + room])
    if cells["published"].notna().any():
        mark = {"size": 11, "color": "#444444", "symbol": "diamond-open"}
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=mark, name="published"))
    return figure


def by_category(
    cells: pd.DataFrame, x: str, series: str, *, y_title: str = SAFETY, headline: str | None = None
) -> go.Figure:
    """One group of points for each value of ``x``, one colour for each of ``series``, the paper's beside them.

    Args:
        headline: the one series to draw so; the others become grey points behind it.
    """
    figure = drawing(y_title=y_title)
    names = [str(name) for name in dict.fromkeys(cells[series])]
    if headline is not None:
        for name in (name for name in names if name != headline):
            part = cells[cells[series] == name]
            bare = part.assign(lo=part["value"], hi=part["value"], published=None)
            add_points(figure, bare, [short(at) for at in part[x]], short(name), GREY, legend=False)
        figure.update_layout(scattermode="overlay")
        names = [headline]
    for name, colour in colours(names).items():
        part = cells[cells[series] == name]
        add_points(figure, part, [short(at) for at in part[x]], short(name), colour)
    order = [short(at) for at in dict.fromkeys(cells[x])]
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=order)
    return completed(figure, cells)
