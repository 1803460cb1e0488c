"""What people see: tables on stdout, progress and warnings on stderr, JSON when asked for."""

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import TaskID as BarID
from rich.table import Table

from benchmark.jobs.progress import OnProgress
from benchmark.jobs.progress import Progress as Event
from lms import Role
from lms.prices import LONGER_PROMPTS, LONGER_REPLIES

if TYPE_CHECKING:
    from modules import PlannedPath
    from optimizers import RoleForecast

WIDTH = None if sys.stdout.isatty() else 120  # pipes and logs have no width of their own
out = Console(highlight=False, width=WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 120)

BANNER = "SIMULATED models: these figures show how the software works and say nothing about real models."


def print_json(content: Any) -> None:
    """One machine-readable object on stdout."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")


def warn(sentence: str) -> None:
    """A note on stderr."""
    err.print(f"[yellow]note:[/yellow] {sentence}")


class Report(Protocol):
    """Shows how far a stage has come."""

    def __call__(self, stage: str | Event, done: int = 0, total: int = 0, note: str = "") -> None:
        """``done`` of ``total``; the note may change from one report to the next."""
        ...


@contextmanager
def stages() -> Iterator[Report]:
    """Progress bars on stderr, one a stage; in a log, one line a stage."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal) as bars:
        open_bars: dict[str, BarID] = {}

        def report(stage: str | Event, done: int = 0, total: int = 0, note: str = "") -> None:
            if isinstance(stage, Event):
                event = stage
                stage, done, total, note = event.stage, event.done, event.total, event.note
            shown = f"{stage} ({note})" if note else stage
            if stage not in open_bars:
                open_bars[stage] = bars.add_task(shown, total=total)
                if not err.is_terminal:
                    err.print(f"{shown} ...")
            bars.update(open_bars[stage], description=shown, completed=done, total=total)

        yield report


def by_target(report: Report) -> OnProgress:
    """Reports with a target as one bar a target; in a log, as one line a stage."""

    def tell(event: Event) -> None:
        if err.is_terminal:
            report(event.target, event.done, event.total, event.stage)
        else:
            report(f"{event.target}: {event.stage}", event.done, event.total)

    return tell


def figure(entry: Mapping[str, Any], name: str = "safety") -> str:
    """``3.41 [3.30, 3.52]``, or what there is of it."""
    mean, lo, hi = entry.get(name), entry.get(f"{name}_lo"), entry.get(f"{name}_hi")
    if mean is None:
        return "n/a"
    return f"{mean:.2f}" if lo is None else f"{mean:.2f} [{lo:.2f}, {hi:.2f}]"


def results_table(rows: Sequence[tuple[str, Mapping[str, Any]]], title: str, *, simulated: bool) -> Table:
    """One row a program: safety with interval, the three dimensions, questions, how many were scored, LM work."""
    table = Table(title=title, caption=BANNER if simulated else None, caption_style="bold red", title_justify="left")
    table.add_column("program", overflow="fold", min_width=18)
    for heading in ("safety [95 %]", "risk", "empathy", "fit", "questions [95 %]", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    told = any(entry.get("injections") for _, entry in rows)  # a column that is nearly always empty
    for heading in ("unscored", *(["to judge"] if told else []), "LM replies each"):
        table.add_column(heading, justify="right")
    for name, entry in rows:
        table.add_row(
            name,
            figure(entry),
            *(_short(entry[key]) for key in ("risk_sensitivity", "emotional_empathy", "user_alignment")),
            figure(entry, "avg_queries"),
            str(entry["n"]),
            _share(entry["unscored"], entry["n"]),
            *([str(entry.get("injections", 0))] if told else []),
            _short(entry["replies_per_conversation"]),
        )
    return table


def gain(difference: Mapping[str, Any]) -> str:
    """``+0.18 [+0.06, +0.29]``, or what there is of it."""
    mean, lo, hi = difference["mean"], difference["lo"], difference["hi"]
    if mean is None:
        return "n/a"
    return f"{mean:+.2f}" if lo is None else f"{mean:+.2f} [{lo:+.2f}, {hi:+.2f}]"


def compiles_table(compiles: Sequence[Mapping[str, Any]]) -> Table:
    """One row a compile: uncompiled and chosen program on held-out test, their difference, the front, LM work."""
    simulated = any(figures["simulated"] for figures in compiles)
    caption = BANNER if simulated else None
    table = Table(title="Compared: held-out test", caption=caption, caption_style="bold red", title_justify="left")
    for heading in ("target", "optimizer"):
        table.add_column(heading, overflow="fold")
    for heading in ("uncompiled", "asks", "compiled [95 %]", "asks", "gain [95 %]", "hypervolume", "replies of search"):
        table.add_column(heading, justify="right")
    for figures in compiles:
        chosen = next(entry for entry in figures["front"] if entry["name"] == figures["chosen_name"])
        before = figures["baselines"]["raise"]
        table.add_row(
            figures["target"],
            figures["optimizer"],
            _short(before["safety"]),
            _short(before["avg_queries"]),
            figure(chosen),
            _short(chosen["avg_queries"]),
            gain(figures["gain"]["compiled minus uncompiled"]["safety"]),
            _short(figures["hypervolume"]),
            f"{figures['search_replies']:,}",
        )
    return table


def forecast_table(roles: "Mapping[Role, RoleForecast]") -> Table:
    """One row a role: model, calls, tokens, price range, time at the rate limit."""
    caption = (
        "Calls counted on stand-ins. Price from LiteLLM's table: low as counted, high with prompts "
        f"{LONGER_PROMPTS:g} and replies {LONGER_REPLIES:g} times as long. Retries come on top."
    )
    table = Table(title="Dry run: what this would take", caption=caption, title_justify="left")
    for heading in ("role", "model"):
        table.add_column(heading)
    for heading in ("calls", "tokens in", "tokens out", "US$", "minutes"):
        table.add_column(heading, justify="right", no_wrap=True)
    for role, entry in roles.items():
        tokens = (f"{entry.input_tokens:,}", f"{entry.output_tokens:,}")
        price, minutes = _range(entry.usd_low, entry.usd_high), _minutes(entry.minutes)
        table.add_row(role.value, entry.model, f"{entry.calls:,}", *tokens, price, minutes)
    entries = list(roles.values())
    total = _range(_sum([entry.usd_low for entry in entries]), _sum([entry.usd_high for entry in entries]))
    longest = max((entry.minutes for entry in entries if entry.minutes is not None), default=None)
    table.add_row("all", "", f"{sum(entry.calls for entry in entries):,}", "", "", total, _minutes(longest))
    return table


def forecast(roles: "Mapping[Role, RoleForecast]", *, json: bool) -> None:
    """The outcome of a dry run, as one object or as a table."""
    if json:
        entries = {role.value: vars(entry) for role, entry in roles.items()}
        print_json({"simulated": True, "dry_run": True, "roles": entries})
    else:
        out.print(forecast_table(roles))


def forecasts(targets: "Sequence[Mapping[Role, RoleForecast]]", *, json: bool) -> None:
    """The same for several targets."""
    if json:
        entries = [{role.value: vars(entry) for role, entry in each.items()} for each in targets]
        print_json({"simulated": True, "dry_run": True, "targets": entries})
    else:
        out.print(*(forecast_table(each) for each in targets), sep="\n")


def _sum(amounts: Sequence[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _range(low: float | None, high: float | None) -> str:
    return "not known" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def paths_table(paths: "Sequence[PlannedPath]", total: int, *, simulated: bool) -> Table:
    """One row a planned path: the query, what to ask in which order, the safety expected, evaluations spent."""
    title = f"Planned paths: {len(paths)} of {total}"
    table = Table(title=title, caption=BANNER if simulated else None, caption_style="bold red", title_justify="left")
    table.add_column("query", max_width=48)
    table.add_column("ask, in this order")
    table.add_column("value", justify="right")
    table.add_column("evaluations", justify="right")
    for path in paths:
        query = textwrap.shorten(path.query, 90, placeholder=" ...")
        asked = ", ".join(name.replace("_", " ") for name in path.path) or "nothing"
        table.add_row(escape(query), asked, f"{path.value:.2f}", str(path.evaluations))
    return table


def agreement(result: Mapping[str, Any]) -> None:
    """How far a judge agrees with people: a row a dimension, then the confusion of each."""
    measures = ("kappa", "pearson", "spearman", "bias")
    names = ", ".join(result["judges"])
    title = f"{escape(names)} and people on {result['n']} responses" + (" (SIMULATED)" if result["simulated"] else "")
    caption = "kappa: quadratic weights; bias: judge minus people; all with 95 % intervals."
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("dimension")
    for heading in (*measures, "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    figures = {**result["dimensions"], "overall (safety)": result["overall"]}
    for name, entry in figures.items():
        table.add_row(name.replace("_", " "), *(figure(entry, measure) for measure in measures), str(entry["n"]))
    out.print(table)
    out.print(_confusion_table(figures))
    for label, entry in (("people", result["human_alpha"]), ("judges", result["panel"])):
        if entry:
            alphas = ", ".join(f"{name} {figure(alpha, 'alpha')}" for name, alpha in entry["alpha"].items())
            out.print(f"among {len(entry['judges'])} {label}, Krippendorff's alpha ({entry['metric']}): {alphas}")
    for line in warning_lines([{"name": "judge", "injection_kinds": {"any kind": result["injections"]}, **result}]):
        out.print(escape(line), style="red")


def _confusion_table(figures: Mapping[str, Any]) -> Table:
    """One row a dimension and a score that people gave: how often the judge gave 1 to 5 there."""
    table = Table(title="What the judge gave where people gave ...", title_justify="left")
    table.add_column("dimension")
    table.add_column("people", justify="right")
    for level in range(1, 6):
        table.add_column(f"judge {level}", justify="right")
    for name, entry in figures.items():
        for level, row in enumerate(entry["confusion"], 1):
            label = name.replace("_", " ") if level == 1 else ""
            table.add_row(label, str(level), *map(str, row), end_section=level == len(entry["confusion"]))
    return table


def curve_table(name: str, curve: Mapping[str, Any], *, simulated: bool) -> Table:
    """One row a number of questions; the caption has the area, and what it takes to come near context-rich."""
    needed, lo, hi = (curve[f"questions_for_95{end}"] for end in ("", "_lo", "_hi"))
    ends = [str(end) if end is not None else "never" for end in (lo, hi)]
    reached = "no number of questions reaches" if needed is None else f"{needed} [{' to '.join(ends)}] questions reach"
    caption = (
        f"Mean over 0 to {curve['area_over']} questions: {figure(curve, 'area')}. Here {reached} "
        f"95 % of the context-rich safety ({_short(curve['context_rich'])})."
    )
    title = f"{escape(name)}: safety after so many questions" + (" (SIMULATED)" if simulated else "")
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left", min_width=80)
    for heading in ("questions", "safety [95 %]", "n", "unscored"):
        table.add_column(heading, justify="right", no_wrap=True)
    for point in curve["points"]:
        table.add_row(str(point["questions"]), figure(point), str(point["n"]), str(point["unscored"]))
    return table


def describe(description: Mapping[str, Any]) -> None:
    """One line a fact about a scenario set."""
    for name, value in description.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        out.print(f"[bold]{name}[/bold]: {escape(str(text))}")


def warning_lines(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """What stands in the way of each program's figures: too much unscored, why, and words meant for the judge."""
    lines = []
    for summary in summaries:
        name, n = summary["name"], summary["n"]
        if summary["no_conclusion"]:
            lines.append(f"{name}: no conclusion: {summary['no_conclusion']}")
        for reason, count in summary["unscored_reasons"].items():
            lines.append(f"{name}: {count} of {n} unscored: {' '.join(reason.split())[:200]}")
        if summary["injections"]:
            kinds = ", ".join(f"{kind} {count}" for kind, count in summary["injection_kinds"].items())
            lines.append(f"{name}: {summary['injections']} of {n} responses speak to the judge: {kinds}")
    return lines


def panel_lines(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """How far the judges of a panel agree on each program."""
    lines = []
    for summary in summaries:
        if panel := summary["panel"]:
            alphas = ", ".join(f"{name} {figure(entry, 'alpha')}" for name, entry in panel["alpha"].items())
            missing = "".join(f"; {judge} did not score {count}" for judge, count in panel["absent"].items())
            lines.append(f"{summary['name']}: {len(panel['judges'])} judges, Krippendorff's alpha "
                         f"({panel['metric']}): {alphas}{missing}")  # fmt: skip
    return lines


def comparison_lines(comparisons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each paired comparison with what it could have found, and the domains in which the difference holds."""
    lines = []
    for entry in comparisons:
        name = f"{entry['program']} minus {entry['reference']}"
        if not entry["conclusion"]:
            lines.append(f"{name}: no conclusion: {entry['no_conclusion']}")
            continue
        could = f"{entry['detectable']:.2f}" if entry["detectable"] is not None else "n/a"
        more = entry["detectable_with_all"]
        with_all = f"; all scenarios of the split: {more:.2f}" if more is not None else ""
        lines.append(f"{name}: safety {_signed(entry)} (paired, 95 %; p {_p(entry['p_value'])}; "
                     f"detectable with 80 % power: {could}{with_all})")  # fmt: skip
        found = [f"{d} {_signed(e)} (p {_p(e['p_holm'])})" for d, e in entry["domains"].items() if _found(e["p_holm"])]
        lines.append(f"  by domain, Holm-corrected at 5 %: {', '.join(found) or 'no difference found'}")
    return lines


def _found(p: float | None) -> bool:
    return p is not None and p < 0.05


def _p(value: float | None) -> str:
    return "n/a" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _signed(entry: Mapping[str, Any]) -> str:
    """A difference in safety, ``+0.41 [+0.30, +0.52]``."""
    mean, lo, hi = entry["safety"], entry["safety_lo"], entry["safety_hi"]
    if mean is None:
        return "n/a"
    return f"{mean:+.2f}" if lo is None else f"{mean:+.2f} [{lo:+.2f}, {hi:+.2f}]"


def _share(count: int, n: int) -> str:
    """``3 (4 %)``; ``0`` for none."""
    return f"{count} ({count / n:.0%})" if count else "0"


def reproduction_table(summary: Mapping[str, Any]) -> Table:
    """One row a table or figure of the paper: cells, how far they are off, intervals, users, what went unscored."""
    calls = ", ".join(f"{role} {n:,}" for role, n in summary["lm_calls"].items()) or "none"
    caption = f"LM calls of this run: {calls}." + (f" {BANNER}" if summary["simulated"] else "")
    table = Table(title=", ".join(summary["targets"]), caption=caption, title_justify="left", caption_justify="left")
    table.add_column("experiment", no_wrap=True)
    for heading in ("cells", "published", "mean dev.", "inside", "widest ±", "users a model", "unscored"):
        table.add_column(heading, justify="right")
    for entry in summary["experiments"]:
        few, many = entry["users"]
        table.add_row(
            entry["name"],
            str(entry["cells"]),
            str(entry["compared"]),
            _short(entry["mean_deviation"]),
            str(entry["inside"]),
            _short(entry["half_width"]),
            str(few) if few == many else f"{few} to {many}",
            str(entry["unscored"]),
        )
    return table


def _short(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
