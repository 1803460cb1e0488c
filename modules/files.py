"""Files that are written whole or not at all, former files that are kept, and files of strangers, read with care."""

import codecs
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

from signatures import RaiseError
from signatures.private import private_file

logger = logging.getLogger(__name__)
MAX_BYTES = 64 * 2**20
"""A program's file larger than this is no program."""
HEAD = 6
"""Bytes of a file that tell how it is packed, or that its text is not in UTF-8."""
PACKINGS = {
    "gzip": (b"\x1f\x8b",),
    "bzip2": tuple(b"BZh%d" % level + start for level in range(1, 10) for start in (b"1A", b"\x17r")),
    "xz": (b"\xfd7zXZ\0",),
    "Zstandard": (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + i, 0x2A, 0x4D, 0x18]) for i in range(16))),
    "zip": (b"PK\x03\x04",),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c",),
    "RAR": (b"Rar!\x1a\x07",),
}
"""Packing -> the bytes that files of it begin with."""
_WIDE = {"UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)}


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
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as out:  # a path may hold bytes
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
    return read_text(file)


def read_text(file: Path) -> str:
    """The text of a user's file in UTF-8, with or without a byte order mark, line ends as ``\\n``.

    Raises:
        RaiseError: if it is packed or in another encoding; the sentence names which, as far as that can be told.
        OSError: if it cannot be read.
    """
    data = file.read_bytes()
    refuse_foreign(file, data[:HEAD])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RaiseError(f"{file} is not in UTF-8 (line {line}): save it as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refuse_foreign(file: Path, head: bytes) -> None:
    """Refuse a file that is packed, or whose characters take two or four bytes each.

    Args:
        head: the first ``HEAD`` bytes of it.

    Raises:
        RaiseError: naming the packing or the encoding.
    """
    if packing := packing_of(head):
        raise RaiseError(f"{file} is packed with {packing}: unpack it first.")
    if encoding := wide_encoding(head):
        raise RaiseError(f"{file} is in {encoding}: save it as UTF-8.")


def packing_of(head: bytes) -> str:
    """What a file that begins with ``head`` is packed with; empty if it is not."""
    return next((name for name, marks in PACKINGS.items() if head.startswith(marks)), "")


def wide_encoding(head: bytes) -> str:
    """``UTF-16`` or ``UTF-32`` if ``head`` has its mark, or the zeros of ASCII letters in it; else empty."""
    for encoding, marks in _WIDE.items():
        if head.startswith(marks):
            return encoding
    zeros = head[:4].count(0)
    return "UTF-32" if zeros == 3 else "UTF-16" if zeros == 2 and bool(head[0]) != bool(head[1]) else ""
