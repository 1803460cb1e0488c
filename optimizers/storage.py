"""Where searches are kept, so that they can be resumed, and shared by several workers: an Optuna storage, with locks.

By default that is a journal, a file that is only appended to; an RDB is taken by its URL. Where the storage is a file,
locks are files beside it, which the system opens when their holder dies. Workers that share a database server may have
no file in common, so their locks are entries of the database.
"""

import re
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from lms.shared.database import SCHEMES, parse_url
from optimizers.locks import POLL_SECONDS, AppendLock, study_lock
from optimizers.reach import reach_database
from signatures import RaiseError
from signatures.private import private_file

SQLITE_SECONDS = 60
"""How long SQLite waits for another worker's transaction."""
ATTEMPTS = 10
"""At opening a database server in which another worker is making the tables."""


class Storage:
    """Studies, and locks between workers.

    Args:
        place: path of a journal, URL of an Optuna RDB storage (``sqlite:///x.db``, ``mysql://host/studies``), or None,
            which keeps studies in memory.

    Attributes:
        inner: Optuna's storage.

    Raises:
        RaiseError: if it cannot be opened.
    """

    def __init__(self, place: Path | str | None = None) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        file = _sqlite_file(place) if isinstance(place, str) else place
        self._locks = file.with_name(f"{file.name}.locks") if file else None
        self._mutex = threading.RLock()
        try:
            with self._file_lock("opening"):
                if file is not None:
                    private_file(file)
                self.inner: BaseStorage = self._open(place)
        except Exception as error:  # the boundary: what a database or its driver raises depends on which it is
            raise RaiseError(
                f"cannot open the storage '{place}' ({type(error).__name__}): give an RDB URL such as "
                "sqlite:///mlruns/studies.db."
            ) from error

    def _open(self, place: Path | str | None) -> BaseStorage:
        if isinstance(place, str):
            reach_database(place)
            return _open_rdb(place)
        if place is None or self._locks is None:
            return InMemoryStorage()
        return JournalStorage(JournalFileBackend(str(place), AppendLock(place, self._locks / "append.lock")))

    def forget(self, name: str) -> None:
        """Delete every study whose name starts with ``name``."""
        for study in optuna.get_all_study_names(self.inner):
            if study.startswith(name):
                optuna.delete_study(study_name=study, storage=self.inner)

    def alone(self, task: str) -> AbstractContextManager[object]:
        """Let one worker at a time do what is inside; the lock of a worker that died is taken over."""
        if self._locks is None and isinstance(self.inner, RDBStorage):
            return study_lock(self.inner, task)
        return self._file_lock(f"task {task}")

    def _file_lock(self, name: str) -> AbstractContextManager[object]:
        """A lock file; where there is no file, threads alone are kept apart."""
        if self._locks is None:
            return self._mutex
        self._locks.mkdir(exist_ok=True)
        return FileLock(self._locks / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}.lock")

    def take_over(self, study: optuna.Study, number: int) -> optuna.Trial:
        """A trial that is running already, to go on with. Optuna itself hands out new trials only.

        This leans on how Optuna makes trials; ``tests/contracts/test_optuna.py`` tells when that changes.
        """
        owner = self.inner.get_study_id_from_name(study.study_name)
        return optuna.Trial(study, self.inner.get_trial_id_from_study_id_trial_number(owner, number))


def _open_rdb(url: str, attempts: int = ATTEMPTS) -> RDBStorage:
    """The storage, its tables made if needed; on a server, two workers that start at once may both set out to."""
    options = {"connect_args": {"timeout": SQLITE_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    if url.startswith(SCHEMES):
        url = parse_url(url).render_as_string(hide_password=False)
    try:
        return RDBStorage(url, options)
    except Exception as error:
        made_by_another = "already exists" in str(error) or type(error).__name__ == "IntegrityError"
        if attempts == 1 or not made_by_another:
            raise
    time.sleep(POLL_SECONDS)
    return _open_rdb(url, attempts - 1)


def _sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL, if there is one."""
    scheme, _, path = url.partition(":///")
    return Path(path.partition("?")[0]) if scheme.startswith("sqlite") and path else None
