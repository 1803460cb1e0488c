"""From dumps to candidates: a bounded, seeded sample of the posts that pass the prefilter, one post a person.

The sample is that of the smallest hashes, so it needs no knowledge of how many posts there are, is the same for any
order of the dumps, and a larger sample contains the smaller one. What is kept has been scrubbed.
"""

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from benchmark.scenarios.reddit.dumps import Post, lines, parse
from benchmark.scenarios.reddit.prefilter import Prefilter, whole_text
from benchmark.scenarios.reddit.scrub import scrub
from benchmark.scenarios.reddit.tables import SubredditTable, personal
from benchmark.scenarios.reddit.yields import Drop, Flaw, Stage, Yields
from modules.files import parse_json, replacing
from signatures.identity import content_id

SCHEMA = 1
STAGE = "reading dumps (MB)"
"""Of the progress reports, which are in whole megabytes, one a percent."""


@dataclass(frozen=True)
class Candidate:
    """A scrubbed post that a model should look at.

    Attributes:
        domain: of its subreddit.
        text: title and text.
        person: a hash of the account, so that nobody is drawn twice.
        order: a hash of the post; of several by one person, the smallest is drawn.
    """

    domain: str
    text: str
    person: int
    order: int

    @property
    def key(self) -> str:
        """A hash of the text."""
        return content_id(self.text)


@dataclass(frozen=True)
class Scan:
    """What dumps hold.

    Attributes:
        candidates: by domain, in the order in which they were drawn.
        yields: the account up to ``Stage.DRAWN``.
        resumed: dumps that an earlier run had read.
    """

    candidates: tuple[Candidate, ...]
    yields: Yields
    resumed: int = 0


class Draw:
    """Draws at most ``size`` posts of each domain, in memory for as many.

    Posts are scrubbed when they are asked for, since most of those that are drawn at first are replaced later.

    Args:
        size: of the sample of one domain.
        seed: another seed, another sample.
    """

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed = size, seed
        self._heaps: dict[str, list[tuple[int, int]]] = {}  # (-person, person): the last to be drawn is on top
        self._kept: dict[tuple[str, int], Candidate] = {}
        self._raw: set[tuple[str, int]] = set()

    def offer(self, domain: str, post: Post) -> None:
        """Consider ``post``; of two by one person, the one with the smaller hash stays."""
        person = self._hash(post.author.lower())
        heap, place = self._heaps.setdefault(domain, []), (domain, person)
        other = self._kept.get(place)
        if other is None and len(heap) >= self.size and -heap[0][0] < person:
            return
        text = whole_text(post)
        candidate = Candidate(domain, text, person, self._hash(text))
        if other is None or candidate.order < other.order:
            self.take(candidate)
            if place in self._kept:
                self._raw.add(place)

    def take(self, candidate: Candidate) -> None:
        """Keep ``candidate``, and let go whoever is one too many."""
        place = (candidate.domain, candidate.person)
        new = place not in self._kept
        self._kept[place] = candidate
        if not new:
            return
        heap = self._heaps.setdefault(candidate.domain, [])
        heapq.heappush(heap, (-candidate.person, candidate.person))
        if len(heap) > self.size:
            gone = (candidate.domain, heapq.heappop(heap)[1])
            del self._kept[gone]
            self._raw.discard(gone)

    def kept(self) -> list[Candidate]:
        """Everything drawn so far, scrubbed, by domain and person."""
        for place in self._raw:
            self._kept[place] = replace(self._kept[place], text=scrub(self._kept[place].text).text)
        self._raw.clear()
        return [self._kept[place] for place in sorted(self._kept)]

    def _hash(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=b"%d" % self.seed)
        return int.from_bytes(digest.digest(), "big")


@dataclass
class _State:
    """How far a scan has come, in the file that lets it go on after a kill."""

    setup: str
    done: list[str] = field(default_factory=list)
    yields: Yields = field(default_factory=Yields)
    kept: list[Candidate] = field(default_factory=list)

    def save(self, file: Path) -> None:
        """Write it down, atomically."""
        with replacing(file, private=True) as out:
            head = {"schema": SCHEMA, "setup": self.setup, "done": self.done, "yields": self.yields.to_json()}
            for row in (head, *map(asdict, self.kept)):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _load(file: Path | None, setup: str) -> _State:
    """What an earlier scan with the same settings found; nothing if there is none."""
    if file is None or not file.exists():
        return _State(setup)
    try:
        with file.open(encoding="utf-8") as rows:
            head: dict[str, Any] = parse_json(next(rows))
            if head["schema"] != SCHEMA or head["setup"] != setup:
                return _State(setup)
            kept = [Candidate(**parse_json(row)) for row in rows]
        return _State(setup, head["done"], Yields.from_json(head["yields"]), kept)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return _State(setup)  # a damaged file costs another scan, nothing else


def scan(
    dumps: Sequence[Path],
    table: SubredditTable,
    *,
    per_domain: int,
    seed: int = 0,
    prefilter: Prefilter | None = None,
    state: Path | None = None,
    progress: OnProgress = ignore_progress,
) -> Scan:
    """Stream ``dumps`` through the prefilter and draw candidates.

    Args:
        per_domain: candidates of each domain at most.
        state: file in which finished dumps are noted with what was drawn from them; another run goes on from there.

    Raises:
        RaiseError: if a dump cannot be read.
    """
    prefilter = prefilter or Prefilter()
    wanted = [prefilter.wanted.model_dump(mode="json"), personal().model_dump(mode="json"), table.domains()]
    found = _load(state, content_id("scan", wanted, per_domain, seed))
    draw = Draw(per_domain, seed)
    for candidate in found.kept:
        draw.take(candidate)
    resumed, report = 0, _percents(progress, sum(file.stat().st_size for file in dumps))
    for file in dumps:
        stat = file.stat()
        identity = f"{file.name} {stat.st_size} {stat.st_mtime_ns}"
        if identity in found.done:
            resumed += 1
            report(stat.st_size)
            continue
        flaws = found.yields.flaws.copy()
        for domain, post in sift(file, table.domains(), prefilter, found.yields, report):
            draw.offer(domain, post)
        found.done.append(identity)
        for flaw in (Flaw.CUT_OFF, Flaw.DAMAGED):
            if found.yields.flaws[flaw] > flaws[flaw]:
                found.yields.unfinished[file.name] = flaw
        found.kept = draw.kept()
        if state is not None:
            found.save(state)
    return _choose_candidates(found.kept, found.yields.copy(), resumed)


def sift(
    file: Path,
    domains: dict[str, str],
    prefilter: Prefilter,
    yields: Yields,
    progress: Callable[[int], None] | None = None,
) -> Iterator[tuple[str, Post]]:
    """(domain, post) of every post of a dump that passes the prefilter; everything is counted in ``yields``."""
    for line in lines(file, yields.flaws, progress):
        if not line.strip():
            continue
        yields.lines += 1
        post = parse(line)
        if isinstance(post, Flaw):
            yields.flaws[post] += 1
            continue
        domain = domains.get(post.subreddit)
        if domain is None:
            yields.flaws[Flaw.ELSEWHERE] += 1
            continue
        yields.passed[domain][Stage.POST] += 1
        refusal = prefilter.refusal(post)
        if refusal is None:
            yields.passed[domain][Stage.PREFILTER] += 1
            yield domain, post
        else:
            yields.dropped[domain][refusal] += 1


def _choose_candidates(kept: Sequence[Candidate], yields: Yields, resumed: int) -> Scan:
    """One post a person and text over all domains, and the account of who was not drawn."""
    people: set[int] = set()
    texts: set[str] = set()
    chosen: set[Candidate] = set()
    for candidate in sorted(kept, key=lambda one: (one.order, one.domain)):  # no domain comes first
        if candidate.person in people or candidate.key in texts:
            yields.dropped[candidate.domain][Drop.REPEATED] += 1
            continue
        people.add(candidate.person)
        texts.add(candidate.key)
        chosen.add(candidate)
    drawn = [candidate for candidate in kept if candidate in chosen]
    in_sample = Counter(candidate.domain for candidate in kept)
    for domain, counts in yields.passed.items():
        yields.dropped[domain][Drop.NOT_DRAWN] = counts[Stage.PREFILTER] - in_sample[domain]
    for candidate in drawn:
        yields.passed[candidate.domain][Stage.DRAWN] += 1
    return Scan(tuple(drawn), yields, resumed)


def _percents(progress: OnProgress, total: int) -> Callable[[int], None]:
    """A report of bytes just read, as one of all bytes so far, once a percent."""
    read, told = 0, -1

    def report(count: int) -> None:
        nonlocal read, told
        read += count
        percent = 100 * read // max(1, total)
        if percent > told:
            told = percent
            progress(Progress(STAGE, read >> 20, total >> 20))

    report(0)
    return report
