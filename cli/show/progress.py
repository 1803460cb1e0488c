"""How far the work has come: bars in a terminal, lines in a log."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.progress import TaskID as BarID

from benchmark.jobs.progress import OnProgress, Progress
from cli.console import err

SILENCE = 10.0
"""Seconds after which a log is told again how far the work has come."""


@contextmanager
def stages() -> Iterator[OnProgress]:
    """Progress on stderr: bars in a terminal, one a stage, or one a target where several are worked on; else lines."""
    with _bars() if err.is_terminal else _lines() as report:
        yield report


@contextmanager
def _bars() -> Iterator[OnProgress]:
    columns = (
        SpinnerColumn("dots" if err.encoding.startswith("utf") else "line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=err) as bars:
        open_bars: dict[str, BarID] = {}

        def report(event: Progress) -> None:
            shown = _name(event)
            key = event.target or event.stage
            if key not in open_bars:
                open_bars[key] = bars.add_task(shown, total=event.total)
            bars.update(open_bars[key], description=shown, completed=event.done, total=event.total)

        yield report


def _name(event: Progress) -> str:
    stage = f"{event.target}: {event.stage}" if event.target else event.stage
    return f"{stage} ({event.note})" if event.note else stage


@contextmanager
def _lines() -> Iterator[OnProgress]:
    """A line as each stage begins, and every ten seconds how far those have come that are under way."""
    log = ProgressLog(err.print)
    over = threading.Event()

    def remind() -> None:
        while not over.wait(SILENCE):
            log.remind()

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield log.report
    finally:
        over.set()
        reminder.join()


@dataclass
class ProgressLog:
    """Progress as lines. Safe for threads.

    Attributes:
        write: takes a line.
        latest: stage of a target -> its latest report, of those that are not done.
        silent: whether nothing was written since the last reminder.
    """

    write: Callable[[str], object]
    latest: dict[tuple[str, str], Progress] = field(default_factory=dict)
    begun: set[tuple[str, str]] = field(default_factory=set)
    silent: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def report(self, event: Progress) -> None:
        """Take a report; the first of a stage is written."""
        key = (event.target, event.stage)
        with self._lock:
            if key not in self.begun:
                self.begun.add(key)
                self.silent = False
                self.write(f"{_name(event)} ...")
            if event.done < event.total:
                self.latest[key] = event
            else:
                self.latest.pop(key, None)

    def remind(self) -> None:
        """If nothing was written since the last time, write how far the stages have come that are under way."""
        with self._lock:
            if self.silent:
                for event in self.latest.values():
                    self.write(f"{_name(event)}: {event.done} of {event.total}")
            self.silent = True
