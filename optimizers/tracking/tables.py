"""The tables of a new local MLflow store, made by a process of their own while this one goes on.

MLflow makes them by some seventy migrations, which take seconds of processor time, once a folder.
"""

import contextlib
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from optimizers.tracking.address import tracking_uri
from signatures.private import private_file, private_folder

_BY_MLFLOW = "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).search_experiments(max_results=1)"
LONGEST = 300
"""Seconds; a machine on which it takes longer has other troubles, and the tables are made when they are needed."""


def local_file(root: Path) -> Path | None:
    """The database in ``root``; None if runs go elsewhere."""
    uri = tracking_uri(root)
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:") else None


def alone_with(file: Path) -> FileLock:
    """Let one worker at a time make the tables of a local store, and its experiment; MLflow fails where two do."""
    return FileLock(f"{file}.lock")


def lacks_tables(root: Path) -> bool:
    """Whether the store of ``root`` is a local one in which nothing is yet."""
    file = local_file(root)
    if file is None or not file.is_file():
        return file is not None
    with closing(sqlite3.connect(file)) as db:
        try:
            return not db.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError:  # no database, which whoever opens the store tells
            return False


def make_file(root: Path) -> None:
    """Make the file of a local store, without tables, for its owner alone: MLflow would let everybody read it.

    A new one is written ahead (WAL): MLflow commits some twenty times a run, and waits for the disk half as often.

    Raises:
        OSError, sqlite3.Error: if it cannot be made.
    """
    file = local_file(root)
    if file is None:
        return
    private_folder(root)
    private_file(file)
    if not file.stat().st_size:
        with closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA journal_mode = WAL")


def make_tables(root: Path) -> None:
    """Make the tables of a local store that lacks them, and wait until they are there.

    Ctrl-C does not reach the process that makes them: half of them would be worse than none. Where it fails, whoever
    opens the store makes them and tells why that fails.

    Raises:
        OSError: if the file cannot be made.
    """
    if file := local_file(root):
        make_file(root)
        with alone_with(file), contextlib.suppress(OSError, subprocess.SubprocessError):
            if lacks_tables(root):
                subprocess.run(  # noqa: S603  our own words
                    [sys.executable, "-c", _BY_MLFLOW, tracking_uri(root)],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    start_new_session=True,
                    timeout=LONGEST,
                    check=False,
                )
