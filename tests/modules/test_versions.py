"""A program takes the place of another as a whole: none is lost, however often, at once, or killed in the middle."""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import RAISE, AgentSettings
from modules.versions import find_program, former_versions, put_in_place, versions_of
from signatures import RaiseError

STEPS = ("os.rename", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir")
"""What Python reports of the file system's work, each before it is done."""


def finished(folder: Path, budget: int) -> Path:
    """A program that is known by its budget."""
    RAISE(settings=AgentSettings(budget=float(budget))).save(folder)
    return folder


def budgets(program: Path) -> list[float]:
    """Of all versions, the current one last."""
    return [RAISE.load(place).settings.budget for place in (*former_versions(program), program)]


def start(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> int:
    """Do ``work`` in a process of its own; its id."""
    child = os.fork()
    if child == 0:
        try:
            before()
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def wait(child: int) -> int:
    """The exit code of a process; that of one that was killed is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(step: int) -> None:
    """Kill this process before its ``step``-th access to the file system."""
    steps = itertools.count()

    def look(event: str, _: object) -> None:
        if event in STEPS and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=6))
def test_nothing_is_ever_lost_and_the_last_one_put_in_place_is_current(
    tmp_path_factory: pytest.TempPathFactory, choices: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("programs")
    program, made, current = folder / "program", 0, None
    for choice in choices:
        former = former_versions(program)
        if choice < len(former):
            current = RAISE.load(former[choice]).settings.budget
            put_in_place(former[choice], program)
        else:
            current, made = float(made), made + 1
            kept = put_in_place(finished(folder / "new", int(current)), program)
            assert (kept is None) == (made == 1)
    if choices:
        assert sorted(budgets(program)) == [float(number) for number in range(made)]
        assert budgets(program)[-1] == current


def test_killed_at_any_step_there_is_a_program_that_loads_and_nothing_is_lost(tmp_path: Path) -> None:
    kills = 0
    for step in itertools.count():
        program = finished(tmp_path / str(step) / "program", 0)
        put_in_place(finished(tmp_path / str(step) / "next", 1), program)
        new = finished(tmp_path / str(step) / "new", 2)
        code = wait(start(partial(put_in_place, new, program), before=partial(killed_at, step)))
        assert RAISE.load(program).settings.budget in (1.0, 2.0)
        left = [place for place in (program, *former_versions(program), new) if place.exists()]
        assert {RAISE.load(place).settings.budget for place in left} == {0.0, 1.0, 2.0}
        if code != -signal.SIGKILL:
            assert code == 0
            break
        kills += 1
        put_in_place(new, program)  # the next run does it again
        assert sorted(budgets(program)) == [0.0, 1.0, 2.0]
    assert kills > 3


def test_processes_that_publish_at_once_lose_nothing(tmp_path: Path) -> None:
    program, each = tmp_path / "program", 12
    numbers = range(4 * each)
    folders = [finished(tmp_path / f"new-{number}", number) for number in numbers]

    def publish(own: list[Path]) -> None:
        for folder in own:
            put_in_place(folder, program)

    children = [start(partial(publish, folders[worker::4])) for worker in range(4)]
    assert [wait(child) for child in children] == [0] * 4
    assert sorted(budgets(program)) == [float(number) for number in numbers]


def test_an_empty_folder_is_no_version_and_a_link_leads_to_where_versions_are(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    assert put_in_place(finished(tmp_path / "new", 1), tmp_path / "program") is None
    (tmp_path / "link").symlink_to(tmp_path / "program", target_is_directory=True)
    kept = put_in_place(finished(tmp_path / "new", 2), tmp_path / "link")
    assert kept == versions_of(tmp_path / "program") / "1" == versions_of(tmp_path / "link") / "1"
    assert (tmp_path / "link").is_symlink()
    assert budgets(tmp_path / "link") == [1.0, 2.0]


def test_the_newest_former_version_stands_in_for_a_program_that_is_missing_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = finished(tmp_path / "program", 1)
    for number in (2, 3):
        put_in_place(finished(tmp_path / "new", number), program)
    program.rename(tmp_path / "away")
    assert RAISE.load(program).settings.budget == 2.0
    assert "is missing; its newest former version is used" in caplog.text
    assert find_program(tmp_path / "nowhere") == tmp_path / "nowhere"
    with pytest.raises(RaiseError, match="not a compiled program"):
        RAISE.load(tmp_path / "nowhere")
