"""Files that are written whole or not at all, whoever else writes them at the same time."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


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
    finally:
        partial.unlink(missing_ok=True)


def write_whole(file: Path, text: str) -> None:
    """Write ``text`` to ``file`` in one step."""
    with replacing(file) as out:
        out.write(text)
