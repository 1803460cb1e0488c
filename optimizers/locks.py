"""Locks between workers that share a storage; none outlives its holder."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.storages.journal import JournalFileOpenLock
from optuna.study import StudyDirection

from lms.workers import alive, worker

POLL_SECONDS = 0.5
PATIENCE = 20
"""Looks at a study lock that nobody has signed before its maker is taken for dead."""


class AppendLock(JournalFileOpenLock):
    """Held while a line is appended to a journal.

    Optuna's own keeps the others waiting for half a minute if its holder is killed. A line that a killed worker left
    half written is cut off first: with another one behind it, nobody could read the journal any more.
    """

    def __init__(self, journal: Path, lock: Path) -> None:
        super().__init__(str(journal))
        self._journal, self._lock = journal, FileLock(lock)

    def acquire(self) -> bool:
        """See the class."""
        self._lock.acquire()
        with self._journal.open("rb+") as file:
            if file.seek(0, os.SEEK_END) and not _ends_a_line(file):
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        """See the class."""
        self._lock.release()


def _ends_a_line(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


@contextlib.contextmanager
def study_lock(storage: BaseStorage, task: str) -> Iterator[None]:
    """A lock that is a study, since making one under a name that is taken fails, on any storage.

    For workers that share a database server and no files. The lock of a worker that died is taken over, where that can
    be known: on this machine.
    """
    name, unsigned = f"lock: {task}", 0
    while (mine := _create_study(storage, name)) is None:
        study, holder = _read_holder(storage, name)
        unsigned = unsigned + 1 if study is not None and not holder else 0
        if unsigned > PATIENCE or (holder and not alive(holder)):
            _delete_study(storage, study)
        elif study is not None:
            time.sleep(POLL_SECONDS)
    storage.set_study_user_attr(mine, "holder", worker())
    try:
        yield
    finally:
        _delete_study(storage, mine)


def _create_study(storage: BaseStorage, name: str) -> int | None:
    try:
        study: int = storage.create_new_study([StudyDirection.MINIMIZE], name)
    except DuplicatedStudyError:
        return None
    return study


def _read_holder(storage: BaseStorage, name: str) -> tuple[int | None, str]:
    """The lock, None if it is free by now, and who holds it, "" if nobody has signed."""
    try:
        study = storage.get_study_id_from_name(name)
        return study, str(storage.get_study_user_attrs(study).get("holder", ""))
    except KeyError:
        return None, ""


def _delete_study(storage: BaseStorage, study: int | None) -> None:
    """Delete this very study: another one of its name may be another worker's by now. Servers give no id twice."""
    if study is not None:
        with contextlib.suppress(KeyError):  # another worker took it for abandoned
            storage.delete_study(study)
