"""Where searches are kept, so that they can be resumed, and shared by several workers: an Optuna storage."""

import contextlib
import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterator

import optuna
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random

from signatures import RaiseError

POLL_SECONDS = 0.5
PATIENCE = 20
"""Looks at a lock that nobody has signed before its maker is taken for dead."""


def worker() -> str:
    """A name for this worker: machine, process, and something that no other worker of the process has."""
    return f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"


def alive(name: str) -> bool:
    """Whether the worker's process may still be at work; of other machines nothing is known."""
    host, pid, _ = name.split(" ")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Storage:
    """Studies, and locks between workers.

    Args:
        url: of an Optuna RDB storage, e.g. ``sqlite:///mlruns/studies.db``; None keeps studies in memory.

    Raises:
        RaiseError: if it cannot be opened.
    """

    def __init__(self, url: str | None = None) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.inner: optuna.storages.BaseStorage
        if url is None:
            self.inner = optuna.storages.InMemoryStorage()
            return
        try:
            self.inner = _connected(url)
        except (SQLAlchemyError, ImportError, RuntimeError, ValueError) as error:
            raise RaiseError(
                f"cannot open the storage {url!r} ({type(error).__name__}): give an RDB URL such as "
                "sqlite:///mlruns/studies.db."
            ) from error

    def forget(self, name: str) -> None:
        """Delete every study whose name starts with ``name``."""
        for study in optuna.get_all_study_names(self.inner):
            if study.startswith(name):
                optuna.delete_study(study_name=study, storage=self.inner)

    @contextlib.contextmanager
    def alone(self, task: str) -> Iterator[None]:
        """Let one worker at a time do what is inside; the lock of a worker that died is taken over.

        The lock is a study, since making one under a name that is taken fails, on any storage.
        """
        name, me = f"lock: {task}", worker()
        unsigned = 0
        while not self._locked(name, me):
            holder = self._holder(name)
            unsigned = unsigned + 1 if holder == "" else 0
            if unsigned > PATIENCE or (holder and not alive(holder)):
                self._unlock(name)
            elif holder is not None:
                time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            self._unlock(name)

    def _locked(self, name: str, me: str) -> bool:
        try:
            lock = optuna.create_study(storage=self.inner, study_name=name)
        except optuna.exceptions.DuplicatedStudyError:
            return False
        lock.set_user_attr("holder", me)
        return True

    def _holder(self, name: str) -> str | None:
        """Who holds the lock; "" if nobody has signed, None if it is free."""
        try:
            return str(optuna.load_study(storage=self.inner, study_name=name).user_attrs.get("holder", ""))
        except KeyError:
            return None

    def _unlock(self, name: str) -> None:
        with contextlib.suppress(KeyError):  # another worker took it for abandoned
            optuna.delete_study(storage=self.inner, study_name=name)


def _made_by_another(error: BaseException) -> bool:
    return isinstance(error, IntegrityError) or (isinstance(error, SQLAlchemyError) and "already exists" in str(error))


@retry(
    retry=retry_if_exception(_made_by_another),
    wait=wait_random(0.05, 0.5),
    stop=stop_after_attempt(10),
    reraise=True,
)
def _connected(url: str) -> optuna.storages.RDBStorage:
    """The storage, its tables made if needed; two workers that start at once may both set out to make them."""
    if not url.startswith("sqlite"):
        return optuna.storages.RDBStorage(url)
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})
    event.listen(storage.engine, "connect", _write_ahead)
    event.listen(storage.engine, "begin", _alone_from_the_start)
    storage.engine.dispose()  # connections made so far are not set up
    return storage


def _write_ahead(connection: sqlite3.Connection, _: object) -> None:
    """As the reply store does: what is committed outlives the process, and a commit need not wait for the disk."""
    connection.isolation_level = None  # transactions begin where we say
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _alone_from_the_start(connection: Connection) -> None:
    """Lock at the first look, not the first change: else two workers see the same trial waiting, and both take it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
