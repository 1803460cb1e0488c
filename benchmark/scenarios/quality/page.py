"""The quality report as one HTML file that opens without a network: figures, gates, plots, and scenarios to read."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmark.scenarios.quality.copies import nearest
from benchmark.scenarios.quality.gate import Asked, Gate, people, queries, rules
from benchmark.scenarios.quality.marginals import ALL
from benchmark.scenarios.quality.people import value_shares
from benchmark.scenarios.quality.report import QualityReport
from benchmark.scenarios.quality.style import ends, idioms, measures
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample
from modules.files import write_whole

SAMPLE, SHOWN = 12, 8
MOST_VALUES = 40
"""Values of one attribute in the picture: people who write in forums use thousands."""
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2933;max-width:1080px;margin:24px auto;padding:0 16px}
h1{font-size:24px;margin-bottom:4px}h2{font-size:19px;margin-top:36px}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #d9e2ec;padding:6px 8px;text-align:left;vertical-align:top;font-size:13.5px}
th{background:#f0f4f8}.green,.red,.na{border-radius:4px;color:#fff;padding:1px 8px;font-size:12px;white-space:nowrap}
.green{background:#0b6e4f}.red{background:#b42318}.na{background:#829ab1}code{background:#f0f4f8;padding:1px 4px}
details{margin:4px 0 0;color:#52606d}summary{cursor:pointer}.note{color:#52606d}
"""
COLOURS = ("#0b6e4f", "#8d5524", "#3d5a98", "#d98e04", "#7b2d8b", "#5fb49c", "#b42318")


def quality_page(report: QualityReport, file: Path, *, seed: int = 0) -> None:
    """Write the report; the Plotly library is inside, so the file is some 5 MB.

    Args:
        report: from :func:`benchmark.scenarios.quality.inspect`.
        file: where to; folders are made.
        seed: of the scenarios shown.
    """
    asked = queries(report.data)
    table = measures(asked)
    figures = {
        "How long the queries are": (_lengths(table), "Words a query, by domain; the box is the middle half."),
        "How hard they are to read": (_grades(table), "Flesch-Kincaid grade: the US school year that can read it."),
        "How they are written": (
            _registers(asked, table),
            "Share of queries with each trait, by domain. Idiom is counted by markers; most queries have none.",
        ),
        "How they begin and end": (_ends(asked), "Commonest first and last words, share of all queries."),
        "How alike they are": (
            _alike(asked),
            "Cosine of each query with the one most like it (character n-grams, TF-IDF), and the limits.",
        ),
        "Who asks": (
            _values(report),
            "Share of each value in each domain, in percent of profiles."
            " A level of the emotional state stands for the situation's own narratives of that level.",
        ),
    }
    if not report.marginals.empty:
        figures["Drawn against the graph"] = (
            _marginals(report.marginals),
            "Share of each value among drawn profiles against what the dependency graph implies, all domains together."
            " Bars span the bounds in which 95 of 100 draws fall: one that meets the line is as the graph says.",
        )
    library = iter([True, *[False] * len(figures)])
    parts = [
        f"<h2>{title}</h2><p class='note'>{note}</p>"
        + figure.to_html(full_html=False, include_plotlyjs=next(library), config={"displayModeBar": False})
        for title, (figure, note) in figures.items()
    ]
    text = "\n".join([_head(report), _gates(report.gates), *parts, _sample(report, seed), "</body></html>"])
    write_whole(file, text)


def _head(report: QualityReport) -> str:
    about = report.data.describe()
    counts = "".join(f"<td>{escape(name)}<br><b>{n:,}</b></td>" for name, n in about["domains"].items())
    sources = ", ".join(f"{name} {n:,}" for name, n in about["sources"].items())
    title = f"Scenario set {escape(about['name'])}, version {escape(about['version'])}"
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title><style>{STYLE}</style>"
        f"</head><body><h1>{title}</h1><p>hash <code>{about['hash']}</code>: {about['n']:,} scenarios "
        f"({escape(sources)}), {about['situations']:,} situations, {about['profiles']:,} profiles, "
        f"{about['queries']:,} queries</p>"
        f"<table><tr>{counts}</tr></table>"
    )


def _gates(gates: Sequence[Gate]) -> str:
    rows = []
    for gate in gates:
        more = "".join(f"<li>{escape(text)}</li>" for text in gate.offenders[:50])
        items = f"<details><summary>{len(gate.offenders)} items</summary><ul>{more}</ul></details>" if more else ""
        rows.append(
            f"<tr><td><span class='{gate.state.replace('/', '')}'>{gate.state}</span></td><td><b>{gate.name}</b><br>"
            f"{escape(gate.about)}{items}</td><td>{escape(gate.limit)}</td><td>{escape(gate.figure)}</td></tr>"
        )
    red = sum(gate.passed is False for gate in gates)
    words = "all gates that apply are green" if not red else f"{red} of {len(gates)} gates are red"
    head = "<tr><th></th><th>gate</th><th>limit</th><th>figure</th></tr>"
    return f"<h2>Quality gates: {words}</h2><table>{head}{''.join(rows)}</table>"


def _plain(figure: go.Figure, height: int, **layout: object) -> go.Figure:
    figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        colorway=COLOURS,
        **layout,
    )
    return figure


def _lengths(table: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    for domain, group in table.groupby("domain", sort=False):
        figure.add_trace(go.Box(y=group.words, name=str(domain), boxpoints="outliers", marker={"size": 3}))
    return _plain(figure, 380, showlegend=False, yaxis_title="words")


def _grades(table: pd.DataFrame) -> go.Figure:
    figure = go.Figure(go.Histogram(x=table.grade, xbins={"size": 1}, marker={"line": {"width": 1, "color": "white"}}))
    figure.add_vline(x=rules().limits.grade_hard, line_dash="dash", annotation_text="hard to read")
    return _plain(figure, 320, xaxis_title="grade", yaxis_title="queries")


def _registers(asked: Sequence[Asked], table: pd.DataFrame) -> go.Figure:
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


def _ends(asked: Sequence[Asked]) -> go.Figure:
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


def _alike(asked: Sequence[Asked]) -> go.Figure:
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


def _values(report: QualityReport) -> go.Figure:
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


def _marginals(table: pd.DataFrame) -> go.Figure:
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


def _sample(report: QualityReport, seed: int) -> str:
    rows = "".join(
        f"<tr><td>{escape(s.situation)}</td><td>{escape(s.query)}</td><td>{escape(profile_line(s))}</td></tr>"
        for s in sample(report.data.scenarios, SAMPLE, seed=seed)
    )
    head = "<tr><th style='width:20%'>situation</th><th style='width:38%'>query</th><th>profile</th></tr>"
    return f"<h2>{SAMPLE} scenarios at random (seed {seed})</h2><table>{head}{rows}</table>"


def profile_line(scenario: Scenario) -> str:
    """The profile in one line: the values in order, self-harm history named, since its values do not name it."""
    values = scenario.profile.known()
    if history := values.get("self_harm_history"):
        values["self_harm_history"] = f"self-harm: {history}"
    return "; ".join(values.values())
