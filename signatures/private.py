"""Files that hold what people said are for their owner alone, on systems that know owners (POSIX)."""

import contextlib
import os
import stat
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o007
"""What everybody else may do. Taken away from files that are there already; what their group may do is left, since a
group may share a store on purpose."""


def private_folder(folder: Path) -> Path:
    """Make ``folder``, with what is missing above it, for its owner alone; folders that are there are left alone."""
    for missing in reversed([place for place in folder.parents if not place.exists()]):
        missing.mkdir(mode=FOLDER, exist_ok=True)
    folder.mkdir(mode=FOLDER, exist_ok=True)
    return folder


def private_file(file: Path) -> Path:
    """Make ``file`` for its owner alone; one that is there already is closed to everybody but owner and group.

    Raises:
        OSError: if it can be made nowhere, such as in a folder that is missing.
    """
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, FILE))
    elif file.is_file() and os.name == "posix" and file.stat().st_mode & OTHERS:
        with contextlib.suppress(OSError):  # another owner's file, or a disk that is mounted read-only
            file.chmod(stat.S_IMODE(file.stat().st_mode) & ~OTHERS)
    return file


def make_private(folder: Path) -> None:
    """Close ``folder`` and all that is in it to everybody but the owner, for what other libraries have written."""
    if os.name != "posix":
        return
    for place in (folder, *folder.rglob("*")):
        if not place.is_symlink():
            with contextlib.suppress(OSError):  # another owner's
                place.chmod(FOLDER if place.is_dir() else FILE)
