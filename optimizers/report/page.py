"""Puts the page together: sections of words, tables and pictures, filled into ``templates/report.html.j2``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.evaluation.episode import Episode
from benchmark.pages import render
from benchmark.statistics.words import figure, gain, one_digit, p_value, price, share, short, whole
from optimizers.changes import PromptChange
from optimizers.pairs import Pair, Pairs
from optimizers.plots.still import FieldPoint, draw_curves, draw_fields, draw_pareto, for_page, inline_svg
from optimizers.report.limits import list_limits
from optimizers.report.prompts import list_changes, list_settings
from optimizers.report.source import CompiledProgram, MeasuredCurves
from optimizers.report.table import Table
from signatures import current_rubric

TITLE = "RAISE: safety against questions"


@dataclass(frozen=True)
class Side:
    """One of the two conversations of a pair."""

    title: str
    episode: Episode
    safety: str
    dimensions: tuple[tuple[str, str, str], ...]
    """Heading, score and reason of each."""


@dataclass(frozen=True)
class Comparison:
    """One scenario, with two conversations."""

    title: str
    scenario: Episode
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class Compared:
    """The test before and after compiling.

    Attributes:
        n: scenarios that both programs scored.
    """

    picture: str
    fields: Table
    conversations: tuple[Comparison, ...]
    n: int


@dataclass(frozen=True)
class Section:
    """One compiled program.

    Attributes:
        compared: None if the program folder has nothing of it.
    """

    anchor: str
    target: str
    optimizer: str
    simulated: bool
    summary: str
    programs: Table
    front: str
    compared: Compared | None
    prompts: tuple[PromptChange, ...]
    settings: Table
    cost: Table
    spent: str
    limits: tuple[str, ...]
    origin: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CurveSection:
    """Curves of one evaluation."""

    title: str
    picture: str
    table: Table


def write_page(programs: Sequence[CompiledProgram], curves: Sequence[MeasuredCurves] = ()) -> str:
    """The report as one HTML page.

    Args:
        programs: one section each.
        curves: of evaluations, behind them.
    """
    sections = [_section(compiled, f"program-{i}") for i, compiled in enumerate(programs, 1)]
    return render(
        "report",
        package="optimizers.report",
        title=TITLE,
        simulated=any([*(one.simulated for one in sections), *(one.simulated for one in curves)]),
        overview=_overview(programs),
        hashes=sorted({str(compiled.card["data"]["hash"]) for compiled in programs}),
        sections=sections,
        curves=[_curve_section(found, f"curves-{i}") for i, found in enumerate(curves, 1)],
    )


def _section(compiled: CompiledProgram, anchor: str) -> Section:
    figures = compiled.figures
    simulated = bool(figures["simulated"])
    return Section(
        anchor=anchor,
        target=str(figures["target"]),
        optimizer=str(figures["optimizer"]),
        simulated=simulated,
        summary=_summary(compiled),
        programs=_programs(compiled),
        front=inline_svg(draw_pareto(compiled.points(), for_page(simulated=simulated)), f"{anchor}-front"),
        compared=_compared(compiled.pairs, f"{anchor}-fields", simulated=simulated) if compiled.pairs else None,
        prompts=tuple(list_changes(compiled.program)),
        settings=Table(("setting", "uncompiled", "compiled"), tuple(list_settings(compiled.card))),
        cost=_cost(compiled),
        spent=_spent(figures),
        limits=tuple(list_limits(compiled)),
        origin=_origin(compiled),
    )


def _summary(compiled: CompiledProgram) -> str:
    """The result in a few sentences."""
    chosen, before = compiled.chosen, compiled.uncompiled
    difference = compiled.figures["gain"]["compiled minus uncompiled"]
    if difference.get("no_conclusion"):
        return f"No conclusion can be drawn: {difference['no_conclusion']}."
    return (
        f"Compiled, the program reaches a safety of {figure(chosen)} with {short(chosen['avg_queries'])} questions on "
        f"average; uncompiled, {figure(before)} with {short(before['avg_queries'])}. Compared scenario by scenario, "
        f"compiling changes safety by {gain(difference['safety'])} and questions by {gain(difference['avg_queries'])}. "
        f"Brackets are 95 % intervals; {chosen['n']} held-out test scenarios."
    )


def _overview(programs: Sequence[CompiledProgram]) -> Table:
    rows = []
    for compiled in programs:
        figures, chosen, before = compiled.figures, compiled.chosen, compiled.uncompiled
        rows.append(
            (
                str(figures["target"]),
                str(figures["optimizer"]),
                short(before["safety"]),
                short(before["avg_queries"]),
                figure(chosen),
                short(chosen["avg_queries"]),
                gain(figures["gain"]["compiled minus uncompiled"]["safety"]),
            )
        )
    headings = ("target", "optimizer", "uncompiled", "questions", "compiled [95 %]", "questions", "gain [95 %]")
    return Table(headings, tuple(rows))


def _headings() -> dict[str, str]:
    """Dimension of the judge -> its heading."""
    return {dimension.name: dimension.heading for dimension in current_rubric().dimensions}


def _programs(compiled: CompiledProgram) -> Table:
    tested = compiled.tested()
    rows = tuple(
        (
            name,
            figure(entry),
            *(short(entry.get(dimension)) for dimension in _headings()),
            figure(entry, "avg_queries"),
            str(entry["n"]),
            share(entry["unscored"], entry["n"]),
        )
        for name, entry in tested
    )
    marked = next(i for i, (_, entry) in enumerate(tested) if entry is compiled.chosen)
    headings = ("program", "safety [95 %]", *_headings().values(), "questions [95 %]", "n", "unscored")
    return Table(headings, rows, marked)


def _compared(pairs: Pairs, name: str, *, simulated: bool) -> Compared:
    return Compared(
        picture=inline_svg(draw_fields(_fields(pairs), for_page(simulated=simulated, height=3.2)), name),
        fields=_fields_table(pairs),
        conversations=tuple(_comparison(pair) for pair in pairs.pairs),
        n=pairs.n,
    )


def _fields(pairs: Pairs) -> list[FieldPoint]:
    return [FieldPoint(field.name, field.before.interval(), field.after.interval()) for field in pairs.fields]


def _fields_table(pairs: Pairs) -> Table:
    rows = tuple(
        (
            field.name,
            str(field.before.interval()),
            str(field.after.interval()),
            gain(field.gain.model_dump()),
            p_value(field.p_holm),
            str(field.n),
        )
        for field in pairs.fields
    )
    return Table(("field of life", "uncompiled [95 %]", "compiled [95 %]", "gain [95 %]", "p (Holm)", "n"), rows)


def _comparison(pair: Pair) -> Comparison:
    place = {
        "largest gain": "Largest gain" if pair.gain > 0 else "Largest difference",
        "median": "Median",
        "largest loss": "Largest loss" if pair.gain < 0 else "Smallest gain",
    }[pair.place]
    return Comparison(
        title=f"{place}: safety {pair.gain:+.2f}",
        scenario=pair.after,
        sides=(_side("Before (uncompiled)", pair.before), _side("After (compiled)", pair.after)),
    )


def _side(title: str, episode: Episode) -> Side:
    scores, reasons = episode.verdict.scores or {}, episode.verdict.reasons
    return Side(
        title=title,
        episode=episode,
        safety=short(episode.verdict.safety),
        dimensions=tuple(
            (heading, f"{scores[name]:g}", reasons.get(name, ""))
            for name, heading in _headings().items()
            if name in scores
        ),
    )


def _cost(compiled: CompiledProgram) -> Table:
    rows = []
    for name, entry in compiled.tested():
        took: Mapping[str, Any] = entry["per_conversation"]
        rows.append(
            (
                name,
                one_digit(took["calls"]),
                one_digit(took["rounds"]),
                whole(took["input_tokens"]),
                whole(took["output_tokens"]),
                price(took),
                short(took["seconds"]),
            )
        )
    return Table(("program", "calls", "rounds", "tokens in", "tokens out", "US$ [95 %]", "waiting s"), tuple(rows))


def _spent(figures: Mapping[str, Any]) -> str:
    """What the compile itself took."""
    calls = ", ".join(f"{role} {count:,}" for role, count in figures["lm_calls"].items()) or "none"
    cost = figures["cost_usd"]
    if cost is None:
        money = "their price is not known"
    else:
        money = "no price (simulated)" if figures["simulated"] and not cost else f"{cost:.4f} US$"
    return f"Compiling took LM calls: {calls}; {money}."


def _origin(compiled: CompiledProgram) -> tuple[tuple[str, str], ...]:
    """Where the figures come from: what a rerun needs."""
    card, figures = compiled.card, compiled.figures
    data, params = card["data"], card["compile"]
    run = figures.get("mlflow") or {}
    facts = (
        ("data", f"{data['name']} {data.get('version', '')}, hash {data['hash']}"),
        *((role, str(params[role])) for role in ("target", "judge", "user", "teacher") if role in params),
        ("optimizer", f"{figures['optimizer']}, {figures['trials']} trials"),
        ("seed", str(card["seed"])),
        ("hypervolume", short(figures["hypervolume"])),
        ("configuration", str(figures["config"])),
        ("MLflow run", str(run.get("run_id", "not recorded"))),
        *(
            (name.replace("_", " "), str(value))
            for name, value in card.get("environment", {}).items()
            if isinstance(value, str | int)
        ),
    )
    return tuple((name, value) for name, value in facts if value)


def _curve_section(found: MeasuredCurves, name: str) -> CurveSection:
    rows = []
    for (program, points), area in zip(found.curves, found.areas, strict=True):
        rows.append((program, str(area), *(short(point.safety) for point in points)))
    most = max(len(points) for _, points in found.curves)
    filled = tuple((*row, *[""] * (most + 2 - len(row))) for row in rows)
    headings = ("program", f"mean over 0 to {found.horizon} [95 %]", *(f"after {i}" for i in range(most)))
    picture = inline_svg(draw_curves(found.curves, for_page(simulated=found.simulated)), name)
    return CurveSection(found.title, picture, Table(headings, filled))
