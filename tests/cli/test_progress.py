"""Progress in a log: a line a stage, and no long silence while one is under way."""

from benchmark.jobs.progress import Progress, with_note
from cli.show.progress import ProgressLog


def test_a_stage_is_named_once_and_its_counts_are_told_while_it_is_silent() -> None:
    lines: list[str] = []
    log = ProgressLog(lines.append)
    for done in range(3):
        log.report(Progress("evaluating raise", done, 140, note="12 calls at once"))
    log.remind()  # the line above has just been written
    assert lines == ["evaluating raise (12 calls at once) ..."]
    log.remind()
    assert lines[1:] == ["evaluating raise (12 calls at once): 2 of 140"]
    log.report(Progress("evaluating raise", 140, 140))
    log.remind()
    log.remind()
    assert len(lines) == 2  # nothing is under way any more


def test_stages_of_several_targets_are_told_apart() -> None:
    lines: list[str] = []
    log = ProgressLog(lines.append)
    for target in ("sim/a", "sim/b"):
        log.report(Progress("searching", 1, 9, target=target))
    log.remind()
    log.remind()
    assert lines[2:] == ["sim/a: searching: 1 of 9", "sim/b: searching: 1 of 9"]


def test_a_note_is_asked_for_with_each_report() -> None:
    reports: list[Progress] = []
    limits = iter(["8 calls at once", ""])
    report = with_note(reports.append, lambda: next(limits))
    report(Progress("judging", 1, 2, note="half"))
    report(Progress("judging", 2, 2))
    assert [event.note for event in reports] == ["half, 8 calls at once", ""]
