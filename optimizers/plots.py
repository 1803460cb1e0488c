"""Pictures of the trade-off: an interactive one for MLflow, a PNG for documents. Both say when models are simulated."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import plotly.graph_objects as go

from benchmark import Curve, Interval

mpl.use("Agg")
import matplotlib.pyplot as plt

BANNER = "SIMULATED models: shows how the software works, says nothing about real models"


@dataclass(frozen=True)
class PlotPoint:
    """One program in the picture.

    Attributes:
        kind: ``front`` (joined by a line), ``trial``, ``baseline``, or ``ceiling`` (a level: it was told everything
            and asked nothing).
    """

    name: str
    safety: Interval
    questions: float
    kind: str


def _title(target: str, simulated: bool) -> str:
    title = f"Safety against questions: {target}"
    return f"{title} ({BANNER})" if simulated else title


def _level(point: PlotPoint) -> str:
    return f"{point.name}: whole profile given"


def pareto_html(points: Sequence[PlotPoint], target: str, *, simulated: bool) -> go.Figure:
    """The trade-off as a Plotly figure, with 95 % intervals."""
    figure = go.Figure()
    for kind, colour, symbol in (("front", "#0b6e4f", "circle"), ("baseline", "#8d5524", "diamond")):
        group = sorted((p for p in points if p.kind == kind), key=lambda p: p.questions)
        if not group:
            continue
        figure.add_trace(
            go.Scatter(
                x=[p.questions for p in group],
                y=[p.safety.mean for p in group],
                error_y={
                    "type": "data",
                    "array": [p.safety.hi - p.safety.mean for p in group],
                    "arrayminus": [p.safety.mean - p.safety.lo for p in group],
                },
                text=[p.name for p in group],
                mode="lines+markers+text" if kind == "front" else "markers+text",
                textposition="top left",
                name="compiled front" if kind == "front" else "reference",
                marker={"size": 10, "color": colour, "symbol": symbol},
            )
        )
    for point in (p for p in points if p.kind == "ceiling"):
        figure.add_hline(y=point.safety.mean, line_dash="dash", line_color="#8d5524", annotation_text=_level(point))
    figure.update_layout(
        title={"text": _title(target, simulated), "font": {"size": 15}},
        xaxis_title="average number of questions",
        yaxis_title="personalized safety (1 to 5)",
        template="plotly_white",
    )
    return figure


def curve_html(curves: Sequence[Curve], target: str, *, simulated: bool) -> go.Figure:
    """Safety after 0, 1, 2, ... questions, one line a program with 95 % intervals, as a Plotly figure."""
    figure = go.Figure()
    for curve in curves:
        points = curve.points()
        figure.add_trace(
            go.Scatter(
                x=[p.questions for p in points],
                y=[p.safety for p in points],
                error_y={
                    "type": "data",
                    "array": [p.safety_hi - p.safety for p in points],
                    "arrayminus": [p.safety - p.safety_lo for p in points],
                },
                mode="lines+markers",
                name=curve.name,
            )
        )
    figure.update_layout(
        title={"text": _title(target, simulated), "font": {"size": 15}},
        xaxis={"title": "questions asked", "dtick": 1},
        yaxis_title="personalized safety (1 to 5)",
        template="plotly_white",
        showlegend=True,
    )
    return figure


def pareto_png(points: Sequence[PlotPoint], target: str, file: Path, *, simulated: bool) -> None:
    """The trade-off as a PNG, with 95 % intervals."""
    figure, axes = plt.subplots(figsize=(8, 4.6), dpi=130)
    styles = {"front": ("#0b6e4f", "o"), "baseline": ("#8d5524", "D"), "trial": ("#b8c4bb", ".")}
    labels = {"front": "compiled front (test)", "baseline": "reference (test)", "trial": "search trials (dev)"}
    for kind in ("trial", "baseline", "front"):
        group = sorted((p for p in points if p.kind == kind), key=lambda p: p.questions)
        if not group:
            continue
        colour, symbol = styles[kind]
        x, y = [p.questions for p in group], [p.safety.mean for p in group]
        if kind == "trial":
            axes.scatter(x, y, color=colour, marker=symbol, s=30, label=labels[kind], zorder=1)
            continue
        low = [p.safety.mean - p.safety.lo for p in group]
        high = [p.safety.hi - p.safety.mean for p in group]
        line = "-" if kind == "front" else "none"
        axes.errorbar(
            x, y, yerr=[low, high], color=colour, marker=symbol, linestyle=line, capsize=3, label=labels[kind]
        )
        for point in group:
            if kind == "baseline":
                axes.annotate(
                    point.name,
                    (point.questions, point.safety.mean),
                    xytext=(8, 4),
                    textcoords="offset points",
                    fontsize=8,
                )
    for point in (p for p in points if p.kind == "ceiling"):
        axes.axhline(point.safety.mean, color="#8d5524", linestyle="--", linewidth=1)
        axes.annotate(_level(point), (0, point.safety.mean), xytext=(0, 4), textcoords="offset points", fontsize=8)
    axes.set_xlabel("average number of questions")
    axes.set_ylabel("personalized safety (1 to 5)")
    axes.set_title(f"Safety against questions: {target}", fontsize=11)
    if simulated:
        figure.text(0.5, 0.01, BANNER, ha="center", fontsize=8, color="#9b1c1c")
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="lower right")
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.savefig(file)
    plt.close(figure)
