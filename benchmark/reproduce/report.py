"""Writes a reproduction down: CSV, Markdown, one page with every figure, and the card. The same run, the same bytes."""

import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.pages import figure_html, render
from benchmark.reproduce.layout import Grid, grid, markdown
from benchmark.reproduce.summary import MeasuredFigure, Reproduction
from lms import Role
from modules.files import keeping, write_whole

logger = logging.getLogger(__name__)

TITLE = "PENGUIN and RAISE: the paper's tables and figures, beside what we measure"
LEGEND = (
    "Each cell has the figure, its 95 % interval (bootstrap over situations), the published figure, and the deviation "
    "from it in brackets. What could not be scored is counted, never averaged; above 10 % of it a cell allows no "
    "conclusion."
)
OVERVIEW = (
    "",
    "cells",
    "with a published figure",
    "mean deviation",
    "published inside our interval",
    "widest interval",
    "users a model",
    "unscored",
)
EXAMPLES = 20
FAILURES = "failures.csv"
"""Quotes the words of models and servers, which may hold those of a conversation."""


def write_report(found: Reproduction, out: Path) -> list[Path]:
    """Write ``report.md``, ``index.html``, ``card.json`` and CSV files into ``out``: failures, costs, each experiment.

    Returns:
        The files, the page first.
    """
    texts = {
        "index.html": page(found),
        "report.md": text(found),
        "card.json": json.dumps(found.card(), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        FAILURES: csv(found.failures()),
        "costs.csv": csv(found.costs()),
        **{f"{one.experiment.name}.csv": csv(one.frame) for one in found.outcomes},
    }
    with keeping(*(out / name for name in texts)):
        for name, content in texts.items():
            write_whole(out / name, content, private=name == FAILURES)
    logger.info("wrote %d files into %s", len(texts), out)
    return [out / name for name in texts]


def csv(frame: pd.DataFrame) -> str:
    """A table as CSV."""
    return str(frame.to_csv(index=False, lineterminator="\n"))


def banner(found: Reproduction) -> str:
    """What must stand above figures in which a stand-in had part; empty if none had."""
    if not found.simulated:
        return ""
    names = ", ".join(found.stand_ins())
    return (
        f"SIMULATED. Stand-ins took part ({names}): these figures show how the software works and say nothing about "
        "real models."
    )


def overview(found: Reproduction) -> list[list[str]]:
    """One line for each experiment, headings first."""
    lines = [list(OVERVIEW)]
    for outcome in found.outcomes:
        told = outcome.as_dict()
        few, many = told["users"]
        compared = told["compared"]
        lines.append(
            [
                outcome.experiment.title.partition(":")[0],
                str(told["cells"]),
                str(compared),
                f"{told['mean_deviation']:.2f}" if told["mean_deviation"] is not None else "",
                f"{told['inside']} of {compared}" if compared else "",
                f"±{told['half_width']:.2f}" if told["half_width"] is not None else "",
                str(few) if few == many else f"{few} to {many}",
                str(told["unscored"]),
            ]
        )
    return lines


def about(found: Reproduction) -> str:
    """The run in a few sentences."""
    data, settings = found.data, found.settings
    models = ", ".join(one.target for one in found.measured)
    judges = ", ".join(dict.fromkeys(roles[Role.JUDGE].model for roles in found.targets))
    replies = ", ".join(f"{role} {count:,}" for role, count in found.replies().items())
    return (
        f"Targets: {models}; judge: {judges}. Data: {data.name} {data.version} (hash {data.hash}), dev and test; paths "
        f"planned on train. Seed {settings.seed}, sample {settings.sampling}. LM replies used: {replies}."
    )


def failed(found: Reproduction) -> list[str]:
    """What could not be scored, by reason, in lines."""
    failures = found.failures()
    if failures.empty:
        return ["Everything was scored."]
    kinds = Counter(zip(failures["target"], failures["condition"], failures["reason"], strict=True))
    lines = [
        f"{target}, {condition}: {n} unscored: {' '.join(str(reason).split())[:200]}"
        for (target, condition, reason), n in kinds.most_common(EXAMPLES)
    ]
    rest = len(kinds) - len(lines)
    return [
        f"{len(failures)} in all; every one is in failures.csv.",
        *lines,
        *([f"and {rest} more kinds"] if rest else []),
    ]


def text(found: Reproduction) -> str:
    """The report as Markdown."""
    warning = banner(found)
    lines = [f"# {TITLE}", "", *([f"**{warning}**", ""] if warning else []), about(found), "", LEGEND, ""]
    head, *rest = overview(found)
    lines += ["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rest)]
    for outcome in found.outcomes:
        experiment = outcome.experiment
        lines += ["", f"## {experiment.title}", ""]
        lines += [f"- **{name}**: {said}" for name, said in told(outcome)]
        lines += ["", markdown(grid(outcome.frame, experiment.across))]
    lines += ["", "## What could not be scored", "", *(f"- {line}" for line in failed(found)), ""]
    return "\n".join(lines)


def told(outcome: MeasuredFigure) -> list[tuple[str, str]]:
    """What the paper did, how it is done here, what is published."""
    experiment = outcome.experiment
    return [("paper", experiment.paper), ("here", experiment.ours), ("published", experiment.published)]


@dataclass(frozen=True)
class Section:
    """One experiment as the page shows it.

    Attributes:
        name, short, title: of the experiment; the short one heads its link.
        told: what :func:`told` says.
        figure: its drawing as HTML.
        grid: its table.
    """

    name: str
    short: str
    title: str
    told: list[tuple[str, str]]
    figure: str
    grid: Grid


def page(found: Reproduction) -> str:
    """The report as one HTML page that needs no network: Plotly comes with it."""
    return render(
        "reproduction",
        title=TITLE,
        banner=banner(found),
        about=about(found),
        legend=LEGEND,
        overview=overview(found),
        sections=[section(outcome, simulated=found.simulated) for outcome in found.outcomes],
        failed=failed(found),
    )


def section(outcome: MeasuredFigure, *, simulated: bool) -> Section:
    """One experiment of the page; a drawing with stand-ins in it says so."""
    experiment = outcome.experiment
    figure = experiment.figure(outcome.frame)
    if simulated:
        figure.add_annotation(
            text="SIMULATED", xref="paper", yref="paper", x=1, y=0, xanchor="right", yanchor="bottom",
            showarrow=False, font={"color": "#9b1c1c", "size": 13},
        )  # fmt: skip
    return Section(
        name=experiment.name,
        short=experiment.title.partition(":")[0],
        title=experiment.title,
        told=told(outcome),
        figure=figure_html(figure, f"{experiment.name}-figure", displaylogo=False),
        grid=grid(outcome.frame, experiment.across),
    )
