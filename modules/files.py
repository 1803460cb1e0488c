"""Files that are written whole or not at all, and files of strangers that are read with care."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

MAX_BYTES = 64 * 2**20
"""A program's file larger than this is no program."""


@contextmanager
def replacing(file: Path) -> Iterator[TextIO]:
    """A text file to write to, which takes the place of ``file`` once the block has ended without an error.

    The folder is made if needed. Each writer has a file of its own until then: of several, the last one wins.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("w", encoding="utf-8") as out:
            yield out
        partial.replace(file)
    except OSError as error:
        error.filename, error.filename2 = str(file), None  # a full disk names no file, and the partial one says nothing
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_whole(file: Path, text: str) -> None:
    """Write ``text`` to ``file`` in one step."""
    with replacing(file) as out:
        out.write(text)


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
