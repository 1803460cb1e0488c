"""Storages and their locks: one worker at a time, nobody waits for the dead, half a line ruins nothing."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import optuna
import pytest

from optimizers.locks import study_lock
from optimizers.storage import Storage
from signatures import RaiseError

DEAD = "elsewhere 1 00000000"


def most_inside(lock: Callable[[], AbstractContextManager[object]], workers: int = 4) -> int:
    """How many of some threads were ever at once inside a lock that each makes for itself."""
    inside, most = [0], [0]

    def enter() -> None:
        with lock():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1

    with ThreadPoolExecutor(workers) as pool:
        for task in [pool.submit(enter) for _ in range(workers)]:
            task.result()
    return most[0]


def alone_at(place: Path | str) -> AbstractContextManager[object]:
    """The lock of a task, by a storage of its own."""
    return Storage(place).alone("a task")


def test_a_lock_lets_one_in_at_a_time_wherever_studies_are_kept(tmp_path: Path) -> None:
    for place in (tmp_path / "studies.journal", f"sqlite:///{tmp_path / 'studies.db'}"):
        assert most_inside(partial(alone_at, place)) == 1
    memory = Storage()
    assert most_inside(lambda: memory.alone("a task")) == 1


def test_locks_of_different_tasks_do_not_wait_for_each_other(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "studies.journal")
    with storage.alone("planning"), storage.alone("searching"), Storage(tmp_path / "studies.journal").alone("a third"):
        pass


HOLDER = """
import sys
from pathlib import Path
from optimizers.storage import Storage
with Storage(Path(sys.argv[1])).alone("task"):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_the_lock_of_a_worker_that_was_killed_is_free(tmp_path: Path) -> None:
    journal, project = tmp_path / "studies.journal", Path(__file__).parents[2]
    command = [sys.executable, "-c", HOLDER, str(journal)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with Storage(journal).alone("task"):
        pass


def test_a_lock_in_a_database_lets_one_in_at_a_time_and_outlives_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizers.locks.POLL_SECONDS", 0.01)
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    assert most_inside(lambda: study_lock(Storage(url).inner, "task"), workers=3) == 1
    storage = Storage(url)
    monkeypatch.setattr("optimizers.locks.alive", lambda name: name != DEAD)
    for holder in (DEAD, ""):  # one died inside, one before it could sign
        lock = optuna.create_study(storage=storage.inner, study_name="lock: task")
        if holder:
            lock.set_user_attr("holder", holder)
        with study_lock(storage.inner, "task"):
            pass
    assert optuna.get_all_study_names(storage.inner) == []


def test_a_database_without_a_file_keeps_its_locks_itself() -> None:
    storage = Storage("sqlite://")
    with storage.alone("task"):
        assert optuna.get_all_study_names(storage.inner) == ["lock: task"]
    assert optuna.get_all_study_names(storage.inner) == []


def test_a_lock_that_was_taken_over_is_not_undone_by_its_first_holder() -> None:
    storage = optuna.storages.InMemoryStorage()
    with study_lock(storage, "task"):
        optuna.delete_study(study_name="lock: task", storage=storage)
        optuna.create_study(study_name="lock: task", storage=storage)  # another worker took it over
    assert optuna.get_all_study_names(storage) == ["lock: task"]


def test_a_line_that_a_killed_worker_left_half_written_is_cut_off(tmp_path: Path) -> None:
    journal = tmp_path / "studies.journal"
    living = Storage(journal)
    optuna.create_study(storage=living.inner, study_name="first")
    with journal.open("ab") as file:
        file.write(b'{"op_code": 2, "study_id": 0, "user_at')
    optuna.create_study(storage=living.inner, study_name="second")
    optuna.create_study(storage=Storage(journal).inner, study_name="third")
    assert optuna.get_all_study_names(Storage(journal).inner) == ["first", "second", "third"]
    assert optuna.get_all_study_names(living.inner) == ["first", "second", "third"]


def test_a_storage_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.journal").write_text("nonsense\nnonsense\n")
    for place in (
        f"sqlite:///{tmp_path}/no/such/folder/x.db",
        "nonsense",
        "nosuchdatabase://host/x",
        tmp_path / "no/such/folder/x.journal",
        tmp_path / "broken.journal",
    ):
        with pytest.raises(RaiseError, match="cannot open the storage"):
            Storage(place)


def test_tables_that_another_worker_is_just_making_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizers.storage.POLL_SECONDS", 0.0)
    real, tries = optuna.storages.RDBStorage, []

    def racing(url: str, options: object) -> optuna.storages.RDBStorage:
        tries.append(url)
        if len(tries) < 3:
            raise RuntimeError("table studies already exists")
        return real(url)

    monkeypatch.setattr("optimizers.storage.RDBStorage", racing)
    with pytest.raises(TypeError):  # a function is no class for isinstance; the storage itself was opened
        Storage("sqlite://").alone("task")
    assert len(tries) == 3
