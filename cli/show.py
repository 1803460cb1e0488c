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

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
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

        def report(stage: str, done: int, total: int, note: str = "") -> None:
            shown = f"{stage} ({note})" if note else stage
            if stage not in open_bars:
                open_bars[stage] = bars.add_task(shown, total=total)
                if not err.is_terminal:
                    err.print(f"{shown} ...")
            bars.update(open_bars[stage], description=shown, completed=done, total=total)

        yield report


def figure(entry: Mapping[str, Any], name: str = "safety") -> str:
    """``3.41 [3.30, 3.52]``, or what there is of it."""
    mean, lo, hi = entry.get(name), entry.get(f"{name}_lo"), entry.get(f"{name}_hi")
    if mean is None:
        return "n/a"
    return f"{mean:.2f}" if lo is None else f"{mean:.2f} [{lo:.2f}, {hi:.2f}]"


def results_table(rows: Sequence[tuple[str, Mapping[str, Any]]], title: str, *, simulated: bool) -> Table:
    """One row a program: safety with interval, the three dimensions, questions, how many were scored, LM work."""
    table = Table(title=title, caption=BANNER if simulated else None, caption_style="bold red", title_justify="left")
    table.add_column("program", overflow="fold")
    for heading in ("safety [95 %]", "risk", "empathy", "fit", "questions [95 %]", "n", "unscored", "LM replies each"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, entry in rows:
        table.add_row(
            name,
            figure(entry),
            *(_short(entry[key]) for key in ("risk_sensitivity", "emotional_empathy", "user_alignment")),
            figure(entry, "avg_queries"),
            str(entry["n"]),
            str(entry["unscored"]),
            _short(entry["replies_per_conversation"]),
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


def unscored_lines(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why scenarios of each program went unscored, most frequent reasons first."""
    return [
        f"{summary['name']}: {count} of {summary['n']} unscored: {' '.join(reason.split())[:200]}"
        for summary in summaries
        for reason, count in summary["unscored_reasons"].items()
    ]


def _short(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
