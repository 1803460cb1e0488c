"""PushShift dumps, read line by line in constant memory: JSON Lines, plain or compressed with Zstandard.

What is broken is counted and skipped: lines that are no JSON, lines without an end, files cut off in the middle.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from benchmark.scenarios.reddit.yields import Flaw
from signatures import RaiseError

PLAIN_CHUNK, PACKED_CHUNK = 1 << 18, 1 << 14
"""Bytes read at once; few of a compressed file, since its bytes become many."""
LONGEST_LINE = 1 << 22
"""Bytes; a submission is far shorter, so whatever is longer has lost its line ends."""
LARGEST_WINDOW = 1 << 31
"""Bytes that decompression may look back; PushShift's monthly dumps use as much as this."""
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([0x50 + i, 0x2A, 0x4D, 0x18]) for i in range(16))

Bytes = Callable[[int], None]
"""Called with the bytes of the file read since the last call."""


@dataclass(frozen=True)
class Post:
    """What the pipeline looks at in a submission; nothing else of it is kept.

    Attributes:
        subreddit: in lower case.
        author: account name; it is hashed to draw one post a person, and never leaves the scan.
        title, text: as posted.
        over_18, stickied: flags.
        by_staff: whether a moderator or administrator speaks as such.
        removed: whether the platform says that it took the post away.
    """

    subreddit: str
    author: str
    title: str
    text: str
    over_18: bool = False
    stickied: bool = False
    by_staff: bool = False
    removed: bool = False


def check_dumps(files: Sequence[Path]) -> None:
    """Make sure that every dump is there and can be read, before hours are spent on the first.

    Raises:
        RaiseError: for a file that is missing or given twice, or a compressed one without the library that unpacks it.
    """
    for file in files:
        if not file.is_file():
            raise RaiseError(f"there is no dump {file}: name PushShift files of submissions, such as RS_2022-01.zst.")
    if len({file.resolve() for file in files}) < len(files):
        raise RaiseError("a dump is named twice: name each file once.")
    if any(_is_packed(file) for file in files):
        _library()


def lines(file: Path, flaws: Counter[Flaw], progress: Bytes | None = None) -> Iterator[bytes]:
    """The lines of a dump, without their ends; what cannot be read is counted in ``flaws``."""
    rest, skipping = b"", False
    for chunk in _chunks(file, flaws, progress or (lambda count: None)):
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        if skipping and pieces:
            del pieces[0]  # the end of a line that was too long
            skipping = False
        yield from pieces
        if skipping or len(rest) > LONGEST_LINE:
            flaws[Flaw.TOO_LONG] += not skipping
            rest, skipping = b"", True
    if rest:
        yield rest


def parse(line: bytes) -> Post | Flaw:
    """The post in a line, or why there is none. Missing fields and odd types are what old dumps have; they are fine."""
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Flaw.BROKEN
    if not isinstance(entry, dict):
        return Flaw.BROKEN
    if "title" not in entry:
        return Flaw.NO_SUBMISSION
    return Post(
        subreddit=_text(entry, "subreddit").lower(),
        author=_text(entry, "author"),
        title=_text(entry, "title"),
        text=_text(entry, "selftext"),
        over_18=bool(entry.get("over_18")),
        stickied=bool(entry.get("stickied")),
        by_staff=bool(entry.get("distinguished")),
        removed=bool(entry.get("removed_by_category") or entry.get("removed_by") or entry.get("banned_by")),
    )


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _is_packed(file: Path) -> bool:
    with file.open("rb") as handle:
        head = handle.read(4)
    return head == _ZSTANDARD or head in _SKIPPABLE


def _chunks(file: Path, flaws: Counter[Flaw], progress: Bytes) -> Iterator[bytes]:
    try:
        packed = _is_packed(file)
        with file.open("rb") as handle:
            raw = _read(handle, PACKED_CHUNK if packed else PLAIN_CHUNK, progress)
            yield from _unpack(raw, flaws) if packed else raw
    except OSError as error:
        raise RaiseError(f"cannot read the dump {file}: {error}.") from error


def _read(handle: BinaryIO, size: int, progress: Bytes) -> Iterator[bytes]:
    while chunk := handle.read(size):
        progress(len(chunk))
        yield chunk


def _unpack(chunks: Iterator[bytes], flaws: Counter[Flaw]) -> Iterator[bytes]:
    """Decompressed, frame after frame; a file that is cut off or damaged ends there, and is counted."""
    zstandard = _library()
    unpacker = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
    frame = None
    for chunk in chunks:
        data = chunk
        while data:
            frame = frame or unpacker.decompressobj()
            try:
                unpacked = frame.decompress(data)
            except zstandard.ZstdError:
                flaws[Flaw.DAMAGED] += 1
                return
            data = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
            if unpacked:
                yield unpacked
    if frame is not None:
        flaws[Flaw.CUT_OFF] += 1


def _library() -> Any:
    try:
        import zstandard  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise RaiseError(
            "a compressed dump needs the extra 'reddit': pip install 'raise-penguin[reddit]', or unpack the file first."
        ) from error
    return zstandard
