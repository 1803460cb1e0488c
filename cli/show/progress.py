"""How far the work has come: bars in a terminal, lines in a log."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.progress import TaskID as BarID

from benchmark.jobs.progress import OnProgress, Progress
from cli.console import err


@contextmanager
def stages() -> Iterator[OnProgress]:
    """Progress bars on stderr, one a stage, or one a target where several are worked on; in a log, one line a stage."""
    columns = (
        SpinnerColumn("dots" if err.encoding.startswith("utf") else "line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=err, disable=not err.is_terminal) as bars:
        open_bars: dict[str, BarID] = {}

        def report(event: Progress) -> None:
            stage = f"{event.target}: {event.stage}" if event.target else event.stage
            shown = f"{stage} ({event.note})" if event.note else stage
            key = event.target if event.target and err.is_terminal else stage
            if key not in open_bars:
                open_bars[key] = bars.add_task(shown, total=event.total)
                if not err.is_terminal:
                    err.print(f"{shown} ...")
            bars.update(open_bars[key], description=shown, completed=event.done, total=event.total)

        yield report
