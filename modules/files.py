"""Files that are written whole or not at all, former files that are kept, and files of strangers, read with care."""

import filecmp
import itertools
import json
import logging
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from signatures.private import private_file

logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 2**20
"""A program's file larger than this is no program."""


@contextmanager
def replacing(file: Path, *, private: bool = False) -> Iterator[TextIO]:
    """A text file to write to, which takes the place of ``file`` once the block has ended without an error.

    The folder is made if needed. Each writer has a file of its own until then: of several, the last one wins.

    Args:
        private: let its owner alone read it.
    """
    if file.exists() and not file.is_file():  # a pipe or a device is written to as it is
        with file.open("w", encoding="utf-8") as out:
            yield out
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}.partial")
    try:
        if private:
            private_file(partial)
        with partial.open("w", encoding="utf-8") as out:
            yield out
        partial.replace(file)
    except OSError as error:
        error.filename, error.filename2 = str(file), None  # a full disk names no file, and the partial one says nothing
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_whole(file: Path, text: str, *, private: bool = False) -> None:
    """Write ``text`` to ``file`` in one step; see ``replacing``."""
    with replacing(file, private=private) as out:
        out.write(text)


@contextmanager
def keeping(*files: Path) -> Iterator[None]:
    """No finished file is lost: what ``files`` held before the block is kept where the block puts something else.

    ``report.md`` is kept beside itself as ``report.md.1``, or with the next number that is free for all of ``files``,
    and a note on the log says so. Files that come out with the same bytes are not kept twice.
    """
    former = _copy_all([file for file in files if file.is_file()])
    try:
        yield
    finally:
        for file, copy in former.items():
            if file.exists() and filecmp.cmp(file, copy, shallow=False):
                copy.unlink()
            else:
                logger.warning("the former %s is kept as %s", file, copy)


def _copy_all(files: Sequence[Path]) -> dict[Path, Path]:
    """File -> its copy beside it, all under one number, the next that is free."""
    for number in itertools.count(1):
        copies = {file: file.with_name(f"{file.name}.{number}") for file in files}
        if any(copy.exists() for copy in copies.values()):
            continue
        for file, copy in copies.items():
            private_file(copy)  # until it has the access that the file has
            shutil.copyfile(file, copy)
            shutil.copymode(file, copy)
        return copies
    raise AssertionError("numbers do not end")


def parse_json(text: str) -> Any:
    """What the JSON in ``text`` says.

    Raises:
        ValueError: if it is no JSON, nested deeper than can be read, or holds half a character, which no file can.
    """
    try:
        content = json.loads(text)
        if "\\ud" in text.lower():
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return content


def read_plain(file: Path) -> str:
    """The text of a regular file of at most ``MAX_BYTES``.

    Raises:
        ValueError: for a link, a pipe, a device, or a larger file, which a program folder from elsewhere could hold.
        OSError, UnicodeDecodeError: if it cannot be read.
    """
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise ValueError(f"{file.name} is not a regular file")
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file.name} is larger than {MAX_BYTES >> 20} MB")
    return file.read_text(encoding="utf-8")
