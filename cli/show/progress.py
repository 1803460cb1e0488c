"""How far the work has come: bars in a terminal, lines in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import TaskID as BarID

from cli.console import err


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


def by_target(report: Report) -> Callable[[str, int, int, str], None]:
    """Reports (target, done, total, stage) as one bar a target; in a log, as one line a stage."""

    def tell(target: str, done: int, total: int, stage: str) -> None:
        if err.is_terminal:
            report(target, done, total, stage)
        else:
            report(f"{target}: {stage}", done, total)

    return tell
