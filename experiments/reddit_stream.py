"""How fast dumps stream through the Reddit prefilter, and in how much memory: made-up dumps of 100 MB and 1 GB.

Run ``python -m experiments.reddit_stream``; it prints a table, the one in ``docs/reddit.md``. Dumps are made in a
temporary folder, with a known number of broken lines; each is streamed by a process of its own, so that its peak memory
is its own. ``--sizes 10,50`` is a quick run. Stages: *prefilter* only decides; *scan* also draws posts and scrubs them.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from benchmark.scenarios.reddit import Flaw, Stage, Yields, scan, subreddit_table
from benchmark.scenarios.reddit.prefilter import Prefilter
from benchmark.scenarios.reddit.scan import sift

MB = 1_000_000
SEED = 7
PER_DOMAIN = 300
"""Posts that the scan draws of each domain."""
KINDS = {"elsewhere": 40, "deleted": 10, "short": 20, "thin": 17, "rich": 10, "comment": 2, "broken": 1}
"""Percent of lines."""
PEOPLE = 20_000
FORMATS = {"ndjson": None, "zst": 0, "zst-long": 31}
"""Name -> window in powers of two; 0 is the compressor's choice, 31 what PushShift's monthly dumps have."""


@dataclass(frozen=True)
class Measured:
    """One dump streamed once.

    Attributes:
        seconds: of the stream, imports excluded.
        lines, broken, passed: as counted.
        before, peak: resident memory in MB, at the start of the stream and at most.
    """

    seconds: float
    lines: int
    broken: int
    passed: int
    before: float
    peak: float


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> Any:
        """Take ``data``."""
        ...


COMMON = (
    "the", "and", "to", "of", "a", "in", "that", "it", "is", "was", "for", "on", "with", "as", "at", "but", "not",
    "this", "have", "from", "they", "we", "you", "so",
)  # fmt: skip


def sentences(rng: random.Random, count: int) -> list[str]:
    """Made-up sentences of ordinary words, so that compression finds about as much as in prose."""
    onsets, vowels = "bcdfglmnprstvw", "aeiou"
    vocabulary = [
        "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(rng.randint(1, 4))) for _ in range(4000)
    ]
    made = []
    for _ in range(count):
        body = [
            rng.choice(COMMON) if rng.random() < 0.45 else rng.choice(vocabulary) for _ in range(rng.randint(6, 22))
        ]
        made.append(" ".join(body).capitalize() + rng.choice([".", ".", ".", "!"]))
    return made


TELLING = (
    "I'm {age} and I work as a nurse.", "I am divorced and I have two kids.", "My rent eats my whole paycheck.",
    "I dropped out of college years ago.", "My back pain keeps me awake.", "I was diagnosed with depression in spring.",
    "I feel exhausted and alone.", "I used to hurt myself and my therapist knows.", "My husband does not talk to me.",
)  # fmt: skip


class Writer:
    """Writes lines of a made-up dump, and counts the broken ones."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.pool = sentences(self.rng, 6000)
        self.ours = sorted(subreddit_table().domains())
        self.broken = 0

    def line(self) -> bytes:
        """One line, without its end."""
        rng = self.rng
        kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
        if kind == "comment":
            return orjson.dumps({"id": "c", "body": " ".join(rng.choices(self.pool, k=3)), "subreddit": "jobs"})
        entry = self._submission(kind)
        data = orjson.dumps(entry)
        if kind == "broken":
            self.broken += 1
            return data[: len(data) // 2]
        return data

    def _submission(self, kind: str) -> dict[str, Any]:
        rng = self.rng
        count = {"short": 2, "elsewhere": rng.randint(0, 12)}.get(kind, rng.randint(8, 25))
        body = rng.choices(self.pool, k=count)
        if kind in ("rich", "thin"):
            telling = rng.sample(TELLING, 7 if kind == "rich" else 2)
            body += [*telling, "I keep asking myself what I want.", "What should I do about my life?"]
            rng.shuffle(body)
        text = " ".join(body).format(age=rng.randint(20, 70))
        number = f"{rng.getrandbits(34):x}"
        return {
            "archived": False, "author": f"person_{rng.randrange(PEOPLE)}", "author_flair_css_class": None,
            "author_fullname": f"t2_{number}", "brand_safe": True, "can_gild": True, "contest_mode": False,
            "created_utc": 1640995200 + rng.randrange(30_000_000), "distinguished": None, "domain": "self.reddit",
            "edited": False, "full_link": f"https://www.reddit.com/r/x/comments/{number}/", "gilded": 0, "id": number,
            "is_crosspostable": True, "is_self": True, "link_flair_richtext": [], "media_embed": {}, "num_comments": 3,
            "over_18": kind == "elsewhere" and rng.random() < 0.2, "permalink": f"/r/x/comments/{number}/", "score": 1,
            "secure_media": None, "selftext": "[deleted]" if kind == "deleted" else text, "stickied": False,
            "subreddit": "somewhere_else" if kind == "elsewhere" else rng.choice(self.ours), "thumbnail": "self",
            "subreddit_id": "t5_2qh1i", "title": rng.choice(self.pool), "url": f"https://www.reddit.com/{number}",
        }  # fmt: skip

    def fill(self, sink: Sink, size: int) -> None:
        """Write lines until there are ``size`` bytes."""
        written = 0
        while written < size:
            line = self.line() + b"\n"
            sink.write(line)
            written += len(line)


@contextmanager
def _sink(file: Path, window: int | None) -> Iterator[Sink]:
    with file.open("wb") as out:
        if window is None:
            yield out
            return
        import zstandard  # noqa: PLC0415  an optional extra

        chosen = {"window_log": window, "enable_ldm": True} if window else {}
        parameters = zstandard.ZstdCompressionParameters.from_level(3, **chosen)
        with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out) as packed:
            yield packed


def make(folder: Path, name: str, megabytes: int) -> tuple[Path, int]:
    """A dump of so many MB (before compression), and how many of its lines are broken."""
    file, writer = folder / f"dump-{megabytes}.{name}", Writer(SEED)
    with _sink(file, FORMATS[name]) as sink:
        writer.fill(sink, megabytes * MB)
    return file, writer.broken


def _resident() -> float:
    """MB of memory that this process has had at most; Linux only, since rusage also counts what the parent had."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def stream(file: Path, stage: str) -> Measured:
    """Stream one dump in this process."""
    prefilter, table, yields = Prefilter(), subreddit_table(), Yields()
    before, began = _resident(), time.perf_counter()
    if stage == "prefilter":
        for _ in sift(file, table.domains(), prefilter, yields):
            pass
    else:
        yields = scan([file], table, per_domain=PER_DOMAIN).yields
    seconds = time.perf_counter() - began
    return Measured(
        seconds, yields.lines, yields.flaws[Flaw.BROKEN], yields.stage(Stage.PREFILTER), before, _resident()
    )  # fmt: skip


def measured(file: Path, stage: str) -> Measured:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "experiments.reddit_stream", "--file", str(file), "--stage", stage]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout))


def report(sizes: list[int], formats: list[str]) -> None:
    """Make, stream, print; one dump at a time."""
    print("| dump | file MB | stage | s | MB/s | lines/s | passed | broken (planted) | MB at start | peak MB |")
    print(f"{'|---' * 10}|")
    for name in formats:
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                file, planted = make(Path(folder), name, size)
                for stage in ("prefilter", "scan"):
                    m = measured(file, stage)
                    cells = (
                        f"{name}, {size:,} MB", f"{file.stat().st_size / MB:,.0f}", stage, f"{m.seconds:.1f}",
                        f"{size / m.seconds:.0f}", f"{m.lines / m.seconds:,.0f}", f"{m.passed / m.lines:.1%}",
                        f"{m.broken:,} ({planted:,})", f"{m.before:.0f}", f"{m.peak:.0f}",
                    )  # fmt: skip
                    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Measure all, or, as a child, one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="100,1000", help="MB of each dump before compression")
    parser.add_argument("--formats", default=",".join(FORMATS), help="among ndjson, zst, zst-long")
    parser.add_argument("--file", type=Path, help="stream this dump in this process and print JSON")
    parser.add_argument("--stage", default="prefilter", choices=["prefilter", "scan"])
    chosen = parser.parse_args()
    if chosen.file:
        print(json.dumps(asdict(stream(chosen.file, chosen.stage))))
    else:
        report([int(size) for size in chosen.sizes.split(",")], chosen.formats.split(","))


if __name__ == "__main__":
    main()
