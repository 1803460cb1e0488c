"""Former versions of a program folder: ``PROGRAM`` is the newest finished program, those before it are
``PROGRAM.versions/1``, ``2``, and so on. Folders are only ever renamed, so each is whole, and none is lost.
"""

import contextlib
import itertools
import logging
from pathlib import Path

from signatures.private import private_folder

logger = logging.getLogger(__name__)


def versions_of(program: Path) -> Path:
    """The folder of the former versions; beside what ``program`` leads to, where that is a link."""
    place = program.resolve() if program.is_symlink() else program
    return place.with_name(f"{place.name}.versions")


def former_versions(program: Path) -> list[Path]:
    """The former versions, oldest first."""
    folder = versions_of(program)
    found = [place for place in folder.iterdir() if _is_number(place.name)] if folder.is_dir() else []
    return sorted((place for place in found if place.is_dir()), key=lambda place: int(place.name))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()


def find_program(program: Path) -> Path:
    """``program`` itself; where it is missing, its newest former version.

    It is missing for a moment while another one takes its place, and longer if the process was killed in that moment.
    """
    if program.exists() or not (former := former_versions(program)):
        return program
    logger.warning("%s is missing; its newest former version is used: %s", program, former[-1])
    return former[-1]


def put_in_place(finished: Path, program: Path) -> Path | None:
    """Make the folder ``finished`` the program; returns what became of the one that was there, None if there was none.

    Several processes may do so at once: each of their programs is the current one for a while, and then kept.
    """
    place, kept = program.resolve() if program.is_symlink() else program, None
    while True:
        with contextlib.suppress(OSError):
            place.rmdir()  # an empty folder that somebody has made for the program
        if place.exists():
            kept = _keep(place) or kept
        try:
            finished.rename(place)
        except OSError:
            if not (finished.exists() and place.exists()):  # otherwise another process was faster
                raise
        else:
            return kept


def _keep(program: Path) -> Path | None:
    """Move ``program`` to its former versions; None if another process has just done so."""
    folder = private_folder(versions_of(program))
    newest = max((int(place.name) for place in former_versions(program)), default=0)
    for number in itertools.count(newest + 1):
        kept = folder / str(number)
        try:
            program.rename(kept)
        except OSError:
            if not program.exists():
                return None
            if not kept.exists():  # otherwise another process took the number
                raise
        else:
            return kept
    raise AssertionError("numbers do not end")
