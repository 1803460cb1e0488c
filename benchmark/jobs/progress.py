"""How far a job has come, as one typed event that every long job reports."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event


@dataclass(frozen=True)
class Progress:
    """One report of a job.

    Attributes:
        stage: what is being done.
        done, total: steps of the stage.
        note: what may change from one report to the next, such as the calls still to come.
        target: the model it is done for, where several are worked on at the same time.
    """

    stage: str
    done: int
    total: int
    note: str = ""
    target: str = ""


OnProgress = Callable[[Progress], None]
"""Called with each report, possibly from several threads."""


def ignore_progress(report: Progress) -> None:
    """Show nothing."""


def with_note(progress: OnProgress, note: Callable[[], str]) -> OnProgress:
    """``progress``, whose reports end with what ``note`` says at that moment."""

    def report(event: Progress) -> None:
        notes = [text for text in (event.note, note()) if text]
        progress(replace(event, note=", ".join(notes)))

    return report


def until_stopped(progress: OnProgress, stop: Event, target: str) -> OnProgress:
    """``progress``, whose reports name ``target``, and which ends the work at its next report once ``stop`` is set."""

    def report(event: Progress) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        progress(replace(event, target=target))

    return report
