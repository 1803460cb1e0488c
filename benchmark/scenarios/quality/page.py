"""The quality report as one HTML file that opens without a network: figures, gates, plots, and scenarios to read."""

import logging
from collections.abc import Iterator
from pathlib import Path

import plotly.graph_objects as go

from benchmark.pages import figure_html, render
from benchmark.scenarios.quality import drawing
from benchmark.scenarios.quality.gate import queries
from benchmark.scenarios.quality.report import QualityReport
from benchmark.scenarios.quality.style import measures
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample
from modules.files import keeping, write_whole

logger = logging.getLogger(__name__)

SAMPLE = 12
"""Scenarios that the page shows."""


def quality_page(report: QualityReport, file: Path, *, seed: int = 0) -> None:
    """Write the report; the Plotly library is inside, so the file is some 5 MB.

    Args:
        report: from :func:`benchmark.scenarios.quality.inspect`.
        file: where to; folders are made.
        seed: of the scenarios shown.
    """
    about = report.data.describe()
    red = sum(gate.passed is False for gate in report.gates)
    page = render(
        "quality",
        title=f"Scenario set {about['name']}, version {about['version']}",
        about=about,
        verdict=f"{red} of {len(report.gates)} gates are red" if red else "all gates that apply are green",
        gates=report.gates,
        figures=[
            (heading, note, figure_html(figure, f"figure-{number}", displayModeBar=False))
            for number, (heading, note, figure) in enumerate(_figures(report), 1)
        ],
        scenarios=[
            (scenario.situation, scenario.query, profile_line(scenario))
            for scenario in sample(report.data.scenarios, SAMPLE, seed=seed)
        ],
        seed=seed,
    )
    with keeping(file):
        write_whole(file, page, private=True)
    logger.info("wrote %s", file)


def profile_line(scenario: Scenario) -> str:
    """The profile in one line: the values in order, self-harm history named, since its values do not name it."""
    values = scenario.profile.known()
    if history := values.get("self_harm_history"):
        values["self_harm_history"] = f"self-harm: {history}"
    return "; ".join(values.values())


def _figures(report: QualityReport) -> Iterator[tuple[str, str, go.Figure]]:
    """Heading, note and drawing of each figure."""
    asked = queries(report.data)
    table = measures(asked)
    yield (
        "How long the queries are",
        "Words a query, by domain; the box is the middle half.",
        drawing.lengths(table),
    )
    yield (
        "How hard they are to read",
        "Flesch-Kincaid grade: the US school year that can read it.",
        drawing.grades(table),
    )
    yield (
        "How they are written",
        "Share of queries with each trait, by domain. Idiom is counted by markers; most queries have none.",
        drawing.registers(asked, table),
    )
    yield (
        "How they begin and end",
        "Commonest first and last words, share of all queries.",
        drawing.beginnings_and_ends(asked),
    )
    yield (
        "How alike they are",
        "Cosine of each query with the one most like it (character n-grams, TF-IDF), and the limits.",
        drawing.likenesses(asked),
    )
    yield (
        "Who asks",
        "Share of each value in each domain, in percent of profiles."
        " A level of the emotional state stands for the situation's own narratives of that level.",
        drawing.attribute_values(report),
    )
    if not report.marginals.empty:
        yield (
            "Drawn against the graph",
            "Share of each value among drawn profiles against what the dependency graph implies, all domains together."
            " Bars span the bounds in which 95 of 100 draws fall: one that meets the line is as the graph says.",
            drawing.drawn_against_graph(report.marginals),
        )
