"""Nothing twice: ids and scenarios, and queries that are the same, nearly the same, or built alike."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.scenarios.quality.gate import Asked, Gate, queries, rules, words
from benchmark.scenarios.scenario import Scenario

CELLS = 4_000_000
"""Cosines in memory at a time (32 MB): large sets are compared block by block."""


def copies_gates(scenarios: Sequence[Scenario]) -> list[Gate]:
    """The gates of this module, for a whole set."""
    asked = queries(scenarios)
    return [_unique(scenarios), *_same(asked), *_near(asked)]


def _unique(scenarios: Sequence[Scenario]) -> Gate:
    ids = Counter(s.id for s in scenarios)
    contents = Counter((s.situation, s.query, s.profile_id) for s in scenarios)
    twice = [f"id {name}, {n} times" for name, n in ids.items() if n > 1]
    twice += [
        f"{situation}: {query} (by one person {n} times)" for (situation, query, _), n in contents.items() if n > 1
    ]
    about = "Every scenario has an id and a content of its own."
    return Gate("unique_scenarios", about, "0 twice", f"{len(twice)} twice", not twice, tuple(twice))


def _same(asked: Sequence[Asked]) -> Iterator[Gate]:
    shapes: tuple[tuple[str, str, Callable[[str], str]], ...] = (
        ("exact_copies", "Queries of different situations that are the same to the letter.", str),
        ("normalized_copies", "Queries that differ only in case, spaces or punctuation.", normalize),
    )
    for name, about, shape in shapes:
        groups: dict[str, list[Asked]] = defaultdict(list)
        for query in asked:
            groups[shape(query.text)].append(query)
        copies = tuple(" = ".join(map(str, group)) for group in groups.values() if len(group) > 1)
        yield Gate(name, about, "0", str(len(copies)), not copies, copies)


def normalize(text: str) -> str:
    """Lower case, words only; the text itself where it has no words (other scripts keep theirs)."""
    return " ".join(words(text)) or re.sub(r"\s+", " ", text)


def _near(asked: Sequence[Asked]) -> Iterator[Gate]:
    limits = rules().limits
    about = "Cosine of character 3- to 5-grams weighted by TF-IDF, two queries of {}."
    kinds = (
        ("near_copies_within", "one situation", limits.near_within),
        ("near_copies_across", "different situations", limits.near_across),
    )
    pairs = list(close_pairs(asked, min(limits.near_within, limits.near_across)))
    best = {True: 0.0, False: 0.0}
    for value, one, other in nearest(asked):
        same = one.situation == other.situation
        best[same] = max(best[same], value)
    for same, (name, who, limit) in zip((True, False), kinds, strict=True):
        here = sorted(((v, a, b) for v, a, b in pairs if (a.situation == b.situation) is same), key=lambda p: -p[0])
        best[same] = max([best[same], *(v for v, _, _ in here)])
        over = tuple(f"{v:.2f} {a} ~ {b}" for v, a, b in here if v > limit)
        yield Gate(name, about.format(who), f"at most {limit:g}", f"highest {best[same]:.2f}", not over, over)


def _blocks(asked: Sequence[Asked]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """(first row, cosines of a block of rows with all queries), own cosine blanked."""
    if not any(words(query.text) for query in asked):
        return
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  takes a second to load

    table = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit_transform(
        [query.text for query in asked]
    )
    rows = max(1, CELLS // len(asked))
    for start in range(0, len(asked), rows):
        block = (table[start : start + rows] @ table.T).toarray()
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -1.0
        yield start, block


def close_pairs(asked: Sequence[Asked], limit: float) -> Iterator[tuple[float, Asked, Asked]]:
    """Pairs with a cosine above ``limit``, each once."""
    for start, block in _blocks(asked):
        for i, j in zip(*np.nonzero(block > limit), strict=True):
            if start + i < j:
                yield float(block[i, j]), asked[start + i], asked[j]


def nearest(asked: Sequence[Asked]) -> Iterator[tuple[float, Asked, Asked]]:
    """For each query the one most like it, within its situation and beyond: (cosine, query, other)."""
    keys = np.array([query.situation for query in asked])
    for start, block in _blocks(asked):
        for i, row in enumerate(block):
            same = keys == keys[start + i]
            for group in (same, ~same):
                if group.sum() > 1 or (group.any() and not group[start + i]):
                    j = int(np.where(group, row, -1.0).argmax())
                    yield float(row[j]), asked[start + i], asked[j]
