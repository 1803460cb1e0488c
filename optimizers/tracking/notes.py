"""Descriptions of runs and experiments, in Markdown, as MLflow shows them above everything else."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.statistics.columns import results
from benchmark.statistics.words import COSTS, SIMULATED, gain, share, short
from optimizers.tracking.names import COLOURS, LABELS, colour_key

BANNER = f"> **{SIMULATED}**"
LONGEST = 7900
"""Characters of a note; MLflow cuts a tag at 8000."""
TOOK = ("tokens in", "tokens out", "US$ [95 %]", "waiting s")
"""Those of ``COSTS`` that have room."""


def compile_note(figures: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """What a compile found: the tables that the terminal prints.

    Args:
        figures: as in ``result.json``.
        data: card of the scenario set.
    """
    rows = [(LABELS.get(name, name), entry) for name, entry in figures["baselines"].items()]
    for entry in figures["front"]:
        mark = " **(chosen)**" if entry["name"] == figures["chosen_name"] else ""
        rows.append((f"compiled {entry['name']}{mark}", entry))
    gains = [
        f"{name}: " + (f"no conclusion: {found['no_conclusion']}" if found.get("no_conclusion") else _gains(found))
        for name, found in figures["gain"].items()
    ]
    ended = [f"The search ended after {figures['trials']} trials: {figures['stopped']}."] if figures["stopped"] else []
    troubles = [f"{count} {kind}" for kind, count in figures["account"].items()]
    facts = [
        *gains,
        f"hypervolume {short(figures['hypervolume'])}; LM calls {sum(figures['lm_calls'].values()):,}",
        *ended,
        *troubles,
    ]
    return _joined(
        BANNER if figures["simulated"] else "",
        f"RAISE compiled for **{figures['target']}** by `{figures['optimizer']}`: held-out test of {data['name']} "
        f"`{str(data['hash'])[:8]}`.",
        _table(
            ("program", *results(), "unscored", "LM replies each"), (_result_cells(name, entry) for name, entry in rows)
        ),
        "\n".join(f"- {fact}" for fact in facts),
        "What a conversation takes of the target (judge and user apart):",
        _table(("program", *TOOK), ([name, *_took(entry["per_conversation"])] for name, entry in rows)),
    )


def program_note(instructions: Mapping[str, str], *, simulated: bool) -> str:
    """What is peculiar to a program: its instructions, where they are not the shipped ones.

    Args:
        instructions: predictor -> text.
    """
    if not instructions:
        return BANNER if simulated else ""
    told = (f"`{name}` is instructed:\n\n" + _quoted(text) for name, text in instructions.items())
    return _joined(BANNER if simulated else "", *told)


def experiment_note(data: Mapping[str, Any], views: Iterable[tuple[str, str]]) -> str:
    """What the experiment of a data set holds.

    Args:
        data: card of the scenario set.
        views: names and addresses of the saved views.
    """
    return _joined(
        " | ".join(f"[{name}]({address})" for name, address in views),
        f"Compiles and evaluations on the scenarios of {data['name']}, version {data.get('version', 'n/a')}, hash "
        f"`{data['hash']}`. A compile is a run with a child for each search trial (stage `dev`) and for each tested "
        f"program (stage `test`). Colours in charts: {colour_key(*COLOURS)}; the ceiling is told the whole profile and "
        "asks nothing. Runs with the tag `simulated = true` say nothing about real models.",
    )


def _gains(found: Mapping[str, Any]) -> str:
    return f"safety {gain(found['safety'])}, questions {gain(found['avg_queries'])} (paired, 95 %)"


def _result_cells(name: str, entry: Mapping[str, Any]) -> list[str]:
    return [
        name,
        *(cell(entry) for cell in results().values()),
        share(entry["unscored"], entry["n"]),
        short(entry["replies_per_conversation"]),
    ]


def _took(took: Mapping[str, Any]) -> list[str]:
    return [COSTS[heading](took) for heading in TOOK]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(headings) - 1)
    return "\n".join(_row(cells) for cells in [[*map(_cell, headings)], rule, *([*map(_cell, row)] for row in rows)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Text that is not wrapped, with some space after it: MLflow puts cells side by side without any."""
    return text.replace("|", "&#124;").replace(" ", "\u00a0").replace("-", "-\u2060") + "&ensp;"


def _quoted(text: str) -> str:
    """As a block of code, in which nothing is Markdown."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def _joined(*parts: str) -> str:
    """Paragraphs, cut where MLflow would cut."""
    text = "\n\n".join(part for part in parts if part)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]}\n..."
