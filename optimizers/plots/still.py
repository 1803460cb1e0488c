"""Matplotlib figures for print and for pages: SVG, PDF and PNG. The same points give the same bytes."""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmark.evaluation.curve import CurvePoint
from benchmark.reproduce.drawing import PALETTE
from benchmark.statistics.intervals import Interval
from benchmark.statistics.words import SIMULATED
from optimizers.plots.points import (
    COLOURS,
    DRAWN,
    INK,
    NAMES,
    WARNING,
    X_AXIS,
    Y_AXIS,
    Kind,
    PlotPoint,
    headline,
    wrapped,
)

SYMBOLS: dict[Kind, str] = {"front": "o", "baseline": "D", "trial": "."}
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "pdf.fonttype": 42,
}
UNDATED: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
DPI = 300
ON_PAGES = {
    INK: "currentColor",
    COLOURS["front"]: "var(--green)",
    COLOURS["baseline"]: "var(--brown)",
    COLOURS["trial"]: "var(--grey)",
    WARNING: "var(--warning)",
    **{colour: f"var(--series-{i})" for i, colour in enumerate(PALETTE) if colour != COLOURS["front"]},
}
"""Colour of print -> colour of a page, which may be dark."""


@dataclass(frozen=True)
class FieldPoint:
    """Safety in one field of life, before and after compiling."""

    field: str
    before: Interval
    after: Interval


@dataclass(frozen=True)
class Layout:
    """Size in inches, and what stands above the axes; a page has a title of its own."""

    size: tuple[float, float] = (6.4, 4.3)
    title: str = ""
    banner: str = ""


def for_print(target: str, *, simulated: bool) -> Layout:
    """A picture that stands alone."""
    return Layout(title=headline(target), banner=SIMULATED if simulated else "")


def for_page(*, simulated: bool, height: float = 3.7) -> Layout:
    """A picture on a page, narrow enough for a phone."""
    return Layout((4.6, height), banner="SIMULATED" if simulated else "")


def draw_pareto(points: Sequence[PlotPoint], layout: Layout) -> Figure:
    """The trade-off, with 95 % intervals; the chosen program is a star."""
    with mpl.rc_context(STYLE):
        figure, axes = _begin(layout)
        widest = max([p.questions for p in points] + [0.5])
        axes.set_xlim(-0.12 * widest, 1.35 * widest)  # room for labels
        axes.margins(y=0.1)  # and below the lowest bar
        for kind in DRAWN:
            group = sorted((p for p in points if p.kind == kind), key=lambda p: p.questions)
            if group:
                _add_group(axes, group, kind)
        for point in (p for p in points if p.kind == "ceiling"):
            axes.axhline(point.safety.mean, color=COLOURS["ceiling"], linestyle="--", linewidth=1)
            axes.annotate(
                point.label,
                (0, point.safety.mean),
                xycoords=("axes fraction", "data"),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=7.5,
            )
        axes.set_xlabel(X_AXIS)
        axes.set_ylabel(Y_AXIS)
        return _end(figure, axes)


def _add_group(axes: Axes, group: Sequence[PlotPoint], kind: Kind) -> None:
    """The points of one kind; labels stand below the front's line, those of references below their bars."""
    x, y = [p.questions for p in group], [p.safety.mean for p in group]
    colour = COLOURS[kind]
    if kind == "trial":
        axes.scatter(x, y, color=colour, marker=SYMBOLS[kind], s=28, label=NAMES[kind], zorder=1)
        return
    bars = [[p.safety.mean - p.safety.lo for p in group], [p.safety.hi - p.safety.mean for p in group]]
    line = "-" if kind == "front" else "none"
    axes.errorbar(
        x, y, yerr=bars, color=colour, marker=SYMBOLS[kind], markersize=5, linestyle=line, linewidth=1.3,
        elinewidth=0.9, capsize=2.5, label=NAMES[kind], zorder=2,
    )  # fmt: skip
    for point in group:
        at = (point.questions, point.safety.mean)
        if point.chosen:
            axes.scatter(*at, color=colour, marker="*", s=170, zorder=3, label="chosen")
        if kind == "front":
            axes.annotate(point.label, at, xytext=(6, -11), textcoords="offset points", fontsize=7.5, color=colour)
        else:
            end = (point.questions, point.safety.mean if math.isnan(point.safety.lo) else point.safety.lo)
            axes.annotate(
                point.label, end, xytext=(0, -4), textcoords="offset points", ha="center", va="top", fontsize=7.5,
                color=colour,
            )  # fmt: skip


def draw_curves(curves: Sequence[tuple[str, Sequence[CurvePoint]]], layout: Layout) -> Figure:
    """Safety after 0, 1, 2, ... questions, one line a program with 95 % intervals.

    Args:
        curves: name and points of each program.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _begin(layout)
        for i, (name, points) in enumerate(curves):
            bars = [[p.safety - p.safety_lo for p in points], [p.safety_hi - p.safety for p in points]]
            x, y = [p.questions for p in points], [p.safety for p in points]
            colour = PALETTE[i % len(PALETTE)]
            axes.errorbar(
                x, y, yerr=bars, color=colour, marker="o", markersize=4.5, linewidth=1.3, elinewidth=0.9,
                capsize=2.5, label=name,
            )  # fmt: skip
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("questions asked")
        axes.set_ylabel(Y_AXIS)
        return _end(figure, axes)


def draw_fields(fields: Sequence[FieldPoint], layout: Layout) -> Figure:
    """Safety before and after compiling, one line a field of life."""
    with mpl.rc_context(STYLE):
        figure, axes = _begin(layout)
        places = list(range(len(fields), 0, -1))
        for offset, label, colour, symbol, found in (
            (0.13, "uncompiled", COLOURS["baseline"], "D", [one.before for one in fields]),
            (-0.13, "compiled", COLOURS["front"], "o", [one.after for one in fields]),
        ):
            bars = [[one.mean - one.lo for one in found], [one.hi - one.mean for one in found]]
            axes.errorbar(
                [one.mean for one in found], [place + offset for place in places], xerr=bars, color=colour,
                marker=symbol, markersize=5, linestyle="none", elinewidth=0.9, capsize=2.5, label=label,
            )  # fmt: skip
        axes.set_yticks(places, [one.field for one in fields])
        axes.set_xlabel(Y_AXIS)
        return _end(figure, axes)


def _begin(layout: Layout) -> tuple[Figure, Axes]:
    figure = Figure(figsize=layout.size, layout="constrained")
    axes = figure.add_subplot()
    width = layout.size[0]
    if layout.title:
        figure.suptitle("\n".join(wrapped(layout.title, round(width * 10))), fontsize=11)
    if layout.banner:
        axes.set_title("\n".join(wrapped(layout.banner, round(width * 14))), fontsize=7.5, color=WARNING)
    return figure, axes


def _end(figure: Figure, axes: Axes) -> Figure:
    axes.grid(alpha=0.2)
    axes.set_axisbelow(True)
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def picture_bytes(figure: Figure, form: str) -> bytes:
    """The picture as a file.

    Args:
        form: ``svg``, ``pdf`` or ``png`` (300 dots an inch).
    """
    file = io.BytesIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": "raise"}):
        figure.savefig(file, format=form, dpi=DPI, metadata=UNDATED[form])
    return file.getvalue()


def inline_svg(figure: Figure, name: str) -> str:
    """The picture as an element of a page: text as text, colours by the page's variables.

    Args:
        name: unique on the page; the ids inside depend on it.
    """
    file = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata=UNDATED["svg"])
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<g\b[^>]*?) id="[^"]*"', r"\1", svg)  # the same in every figure, and referred to by none
    for colour, variable in ON_PAGES.items():
        svg = svg.replace(colour, variable)
    return svg.strip()
