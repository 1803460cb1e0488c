"""PushShift dumps, read line by line in constant memory: JSON Lines, plain or packed (Zstandard, gzip, bzip2, xz).

What is broken is counted and skipped: lines that are no JSON, lines without an end, files cut off in the middle.
"""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from benchmark.scenarios.reddit.yields import Flaw
from modules.files import HEAD, packing_of, refuse_foreign, wide_encoding
from signatures import RaiseError

PLAIN_CHUNK, PACKED_CHUNK = 1 << 18, 1 << 14
"""Bytes read at once; few of a compressed file, since its bytes become many."""
LONGEST_LINE = 1 << 22
"""Bytes; a submission is far shorter, so whatever is longer has lost its line ends."""
LARGEST_WINDOW = 1 << 31
"""Bytes that decompression may look back; PushShift's monthly dumps use as much as this."""
ZSTANDARD = "Zstandard"
OPENERS: dict[str, Callable[[Any], Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
"""Packing -> what unpacks it; Zstandard needs a library of its own."""
_DAMAGES = (zlib.error, lzma.LZMAError)

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
        RaiseError: for a file that is missing or given twice, one that is packed in a way that cannot be unpacked here,
            or one whose text is not in UTF-8.
    """
    for file in files:
        if not file.is_file():
            raise RaiseError(f"there is no dump {file}: name PushShift files of submissions, such as RS_2022-01.zst.")
    if len({file.resolve() for file in files}) < len(files):
        raise RaiseError("a dump is named twice: name each file once.")
    for file in files:
        _check_packing(file)


def lines(file: Path, flaws: Counter[Flaw], progress: Bytes | None = None) -> Iterator[bytes]:
    """The lines of a dump, without their ends; what cannot be read is counted in ``flaws``."""
    rest, skipping, before = b"", False, _unfinished(flaws)
    for chunk in _without_mark(_chunks(file, flaws, progress or (lambda count: None))):
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        if skipping and pieces:
            del pieces[0]  # the end of a line that was too long
            skipping = False
        yield from pieces
        if skipping or len(rest) > LONGEST_LINE:
            flaws[Flaw.TOO_LONG] += not skipping
            rest, skipping = b"", True
    if not rest:
        return
    if _is_json(rest):
        yield rest  # only its line end is missing
    elif _unfinished(flaws) == before:
        flaws[Flaw.CUT_OFF] += 1


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _unfinished(flaws: Counter[Flaw]) -> int:
    """Files so far that do not hold all that they once held."""
    return flaws[Flaw.CUT_OFF] + flaws[Flaw.DAMAGED]


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Without a byte order mark at the start."""
    yield next(chunks, b"").removeprefix(codecs.BOM_UTF8)
    yield from chunks


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


def _check_packing(file: Path) -> None:
    with _opened(file) as handle:
        head = handle.read(HEAD)
    packing = packing_of(head)
    if packing == ZSTANDARD:
        _library()
    elif packing not in OPENERS:
        refuse_foreign(file, head)
    first = next(_chunks(file, Counter(), lambda count: None), b"")
    if encoding := wide_encoding(first[:HEAD]):
        raise RaiseError(f"{file} is in {encoding}: save it as UTF-8.")


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        with file.open("rb") as handle:
            yield handle
    except OSError as error:
        raise RaiseError(f"cannot read the dump {file}: {error}.") from error


def _chunks(file: Path, flaws: Counter[Flaw], progress: Bytes) -> Iterator[bytes]:
    with _opened(file) as handle:
        packing = packing_of(handle.read(HEAD))
        handle.seek(0)
        if packing == ZSTANDARD:
            yield from _unpack_zstandard(_read(handle, PACKED_CHUNK, progress), flaws)
        elif packing in OPENERS:
            yield from _unpack(OPENERS[packing](_Counting(handle, progress)), flaws)
        else:
            yield from _read(handle, PLAIN_CHUNK, progress)


class _Counting:
    """A file whose reading is reported."""

    def __init__(self, handle: BinaryIO, progress: Bytes) -> None:
        self._handle, self._progress = handle, progress

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        data = self._handle.read(size)
        self._progress(len(data))
        return data

    def seekable(self) -> bool:
        """It is read from start to end."""
        return False


def _unpack(unpacked: Any, flaws: Counter[Flaw]) -> Iterator[bytes]:
    """Decompressed by a file of the standard library; one that is cut off or damaged ends there, and is counted."""
    while True:
        try:
            chunk = unpacked.read1(PLAIN_CHUNK)  # one step at a time: what comes before a cut is not lost with it
        except EOFError:
            flaws[Flaw.CUT_OFF] += 1
            return
        except _DAMAGES:
            flaws[Flaw.DAMAGED] += 1
            return
        except OSError as error:
            if error.errno is not None:  # of the disk, not of the contents
                raise
            flaws[Flaw.DAMAGED] += 1
            return
        if not chunk:
            return
        yield chunk


def _read(handle: BinaryIO, size: int, progress: Bytes) -> Iterator[bytes]:
    while chunk := handle.read(size):
        progress(len(chunk))
        yield chunk


def _unpack_zstandard(chunks: Iterator[bytes], flaws: Counter[Flaw]) -> Iterator[bytes]:
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
            "a dump packed with Zstandard needs the extra 'reddit': pip install 'raise-penguin[reddit]', or unpack it "
            "first."
        ) from error
    return zstandard
