"""Plotly figures, and the page with one of them: its library is inside, so it opens without a network."""

from collections.abc import Sequence

import plotly.graph_objects as go

from benchmark.evaluation.curve import CurvePoint
from benchmark.pages import render
from benchmark.reproduce.drawing import PALETTE
from benchmark.statistics.words import SIMULATED
from optimizers.plots.points import (
    COLOURS,
    DRAWN,
    NAMES,
    WARNING,
    X_AXIS,
    Y_AXIS,
    Kind,
    PlotPoint,
    headline,
    wrapped,
)

SYMBOLS: dict[Kind, str] = {"front": "circle", "baseline": "diamond", "trial": "circle"}
TITLE_WIDTH, BANNER_WIDTH = 38, 50
"""Characters of a line that a phone shows."""
HOVER = "%{text}<br>safety %{y:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]<br>questions %{x:.2f}<extra></extra>"


def pareto_figure(points: Sequence[PlotPoint], target: str, *, simulated: bool) -> go.Figure:
    """The trade-off, with 95 % intervals; the chosen program is a star, trials are named when pointed at."""
    figure = _empty(target, simulated=simulated)
    for kind in DRAWN:
        group = sorted((p for p in points if p.kind == kind), key=lambda p: p.questions)
        if group:
            figure.add_trace(_group(group, kind))
    for point in (p for p in points if p.kind == "ceiling"):
        figure.add_hline(
            y=point.safety.mean,
            line_dash="dash",
            line_color=COLOURS["ceiling"],
            annotation_text=point.label,
            annotation_position="top left",
        )
    widest = max([p.questions for p in points] + [0.5])
    figure.update_layout(xaxis={"title": X_AXIS, "range": [-0.25 * widest, 1.4 * widest]})  # room for labels
    return figure


def _group(group: Sequence[PlotPoint], kind: Kind) -> go.Scatter:
    """The points of one kind, from left to right."""
    trial = kind == "trial"
    return go.Scatter(
        x=[p.questions for p in group],
        y=[p.safety.mean for p in group],
        error_y=None if trial else _errors([(p.safety.mean, p.safety.lo, p.safety.hi) for p in group]),
        customdata=[(p.safety.lo, p.safety.hi) for p in group],
        text=[p.label.replace(" (", "<br>(") for p in group],
        hovertemplate=HOVER,
        mode={"trial": "markers", "baseline": "markers+text", "front": "lines+markers+text"}[kind],
        textposition=[
            "bottom right" if kind != "baseline" else "bottom center" if p.questions else "middle left" for p in group
        ],
        textfont={"size": 10, "color": COLOURS[kind]},
        name=NAMES[kind],
        line={"color": COLOURS[kind]},
        marker={
            "size": [17 if p.chosen else 6 if trial else 10 for p in group],
            "symbol": ["star" if p.chosen else SYMBOLS[kind] for p in group],
            "color": COLOURS[kind],
            "opacity": 1.0,
        },
    )


def curves_figure(curves: Sequence[tuple[str, Sequence[CurvePoint]]], target: str, *, simulated: bool) -> go.Figure:
    """Safety after 0, 1, 2, ... questions, one line a program with 95 % intervals.

    Args:
        curves: name and points of each program.
    """
    figure = _empty(target, simulated=simulated)
    for i, (name, points) in enumerate(curves):
        figure.add_trace(
            go.Scatter(
                x=[p.questions for p in points],
                y=[p.safety for p in points],
                error_y=_errors([(p.safety, p.safety_lo, p.safety_hi) for p in points]),
                mode="lines+markers",
                line={"color": PALETTE[i % len(PALETTE)]},
                name=name,
            )
        )
    figure.update_layout(xaxis={"title": "questions asked", "dtick": 1}, showlegend=True)
    return figure


def _errors(intervals: Sequence[tuple[float, float, float]]) -> dict[str, object]:
    """Error bars of means with their bounds."""
    return {
        "type": "data",
        "array": [hi - mean for mean, _, hi in intervals],
        "arrayminus": [mean - lo for mean, lo, _ in intervals],
        "thickness": 1.2,
    }


def _empty(target: str, *, simulated: bool) -> go.Figure:
    """A figure without points: title and legend fit a phone."""
    lines = wrapped(headline(target), TITLE_WIDTH)
    small = wrapped(SIMULATED, BANNER_WIDTH) if simulated else []
    warning = f'<br><span style="font-size:11px;color:{WARNING}">{"<br>".join(small)}</span>' if small else ""
    figure = go.Figure()
    figure.update_layout(
        title={
            "text": "<br>".join(lines) + warning,
            "font": {"size": 15},
            "x": 0.02,
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 22},
        },
        margin={"l": 55, "r": 15, "t": 30 + 19 * len(lines) + 14 * len(small), "b": 45},
        legend={"orientation": "h", "yanchor": "top", "y": -0.16, "x": 0},
        yaxis_title=Y_AXIS,
        template="plotly_white",
        autosize=True,
    )
    return figure


def page_of(figure: go.Figure, target: str) -> str:
    """One HTML page with the figure, as large as the window."""
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id="figure",
        default_width="100%",
        default_height="100%",
        config={"responsive": True, "displayModeBar": False},
    )
    return render("figure", package="optimizers.plots", title=headline(target), figure=drawn)
