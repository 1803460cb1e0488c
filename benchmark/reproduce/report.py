"""Writes a reproduction down: CSV, Markdown, one page with every figure, and the card. The same run, the same bytes."""

import json
from collections import Counter
from html import escape
from pathlib import Path

import pandas as pd

from benchmark.reproduce.layout import Grid, Shown, grid, markdown
from benchmark.reproduce.summary import MeasuredFigure, Reproduction
from lms import Role
from modules.files import write_whole

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
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; margin: 0 auto; max-width: 1280px; padding: 0 20px 60px; }
h1 { font-size: 24px; margin: 28px 0 8px; } h2 { font-size: 19px; margin: 44px 0 6px; }
.banner { background: #9b1c1c; color: #fff; font-weight: 600; padding: 10px 16px; border-radius: 6px; margin: 16px 0; }
dl { display: grid; grid-template-columns: 110px 1fr; gap: 4px 12px; margin: 8px 0 12px; }
dt { color: #666; } dd { margin: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 11.5px; margin: 10px 0; }
th, td { border-bottom: 1px solid #e3e3e3; padding: 4px 5px; text-align: left; vertical-align: top; }
th { background: #f5f6f5; } td.cell { white-space: nowrap; }
.value { font-weight: 600; } .interval { color: #666; } .paper { color: #3d5a98; display: block; }
.note { color: #9b1c1c; display: block; } nav a { margin-right: 14px; } a { color: #0b6e4f; }
"""


def write_report(found: Reproduction, out: Path) -> list[Path]:
    """Write ``report.md``, ``index.html``, ``card.json``, ``failures.csv`` and a CSV for each experiment into ``out``.

    Returns:
        The files, the page first.
    """
    texts = {
        "index.html": page(found),
        "report.md": text(found),
        "card.json": json.dumps(found.card(), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "failures.csv": csv(found.failures()),
        **{f"{one.experiment.name}.csv": csv(one.frame) for one in found.outcomes},
    }
    for name, content in texts.items():
        write_whole(out / name, content)
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


def page(found: Reproduction) -> str:
    """The report as one HTML page that needs no network: Plotly comes with it."""
    warning = banner(found)
    head, *rest = overview(found)
    names = {one.experiment.name: one.experiment.title.partition(":")[0] for one in found.outcomes}
    links = [f'<a href="#{name}">{escape(title)}</a>' for name, title in names.items()]
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(TITLE)}</title><style>{STYLE}</style></head>',
        "<body>",
        f"<h1>{escape(TITLE)}</h1>",
        f'<div class="banner">{escape(warning)}</div>' if warning else "",
        f"<p>{escape(about(found))}</p>",
        f"<p>{escape(LEGEND)} In the drawings, hollow diamonds are the published figures.</p>",
        f"<nav>{' '.join(links)}</nav>",
        _table([_row("th", head), *(_row("td", line) for line in rest)]),
    ]
    for number, outcome in enumerate(found.outcomes):
        parts += _section(outcome, first=number == 0, simulated=found.simulated)
    items = "".join(f"<li>{escape(line)}</li>" for line in failed(found))
    parts += [f"<h2>What could not be scored</h2><ul>{items}</ul>", "</body></html>", ""]
    return "\n".join(part for part in parts if part) + "\n"


def _section(outcome: MeasuredFigure, *, first: bool, simulated: bool) -> list[str]:
    experiment = outcome.experiment
    figure = experiment.figure(outcome.frame)
    if simulated:
        figure.add_annotation(
            text="SIMULATED", xref="paper", yref="paper", x=1, y=0, xanchor="right", yanchor="bottom",
            showarrow=False, font={"color": "#9b1c1c", "size": 13},
        )  # fmt: skip
    drawn = figure.to_html(
        full_html=False, include_plotlyjs=first, div_id=f"{experiment.name}-figure", config={"displaylogo": False}
    )
    said = "".join(f"<dt>{name}</dt><dd>{escape(words)}</dd>" for name, words in told(outcome))
    return [
        f'<h2 id="{experiment.name}">{escape(experiment.title)}</h2><dl>{said}</dl>',
        drawn,
        _grid(grid(outcome.frame, experiment.across)),
        f'<p><a href="{experiment.name}.csv">{experiment.name}.csv</a></p>',
    ]


def _grid(table: Grid) -> str:
    lines = [_row("th", [*table.labels, *table.columns])]
    for labels, cells in table.lines:
        heads = "".join(f"<th>{escape(label)}</th>" for label in labels)
        lines.append(f"<tr>{heads}{''.join(_cell(cell) for cell in cells)}</tr>")
    return _table(lines)


def _cell(cell: Shown | None) -> str:
    if cell is None:
        return "<td></td>"
    rest = [(name, getattr(cell, name)) for name in ("interval", "paper", "note")]
    spans = "".join(f' <span class="{name}">{escape(words)}</span>' for name, words in rest if words)
    return f'<td class="cell"><span class="value">{escape(cell.value)}</span>{spans}</td>'


def _row(tag: str, entries: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(entry)}</{tag}>" for entry in entries) + "</tr>"


def _table(rows: list[str]) -> str:
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'
