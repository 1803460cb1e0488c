"""Character n-grams: what they weigh, and which labelled lines share most of them with a text.

Every n-gram of two to five characters is hashed to one of ``PLACES`` places with numpy. The hash is arithmetic on
code points, so it is the same on every machine. ``ngrams.npz`` holds rarity and weight of each place,
``nearest.json.gz`` the labelled lines; ``python -m experiments.crisis --fit`` writes both. Nothing is learned at run
time.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regex
from numpy.typing import NDArray

from modules.crisis.text import spell_english
from signatures.loading import load_once

FILE = Path(__file__).with_name("ngrams.npz")
LINES = Path(__file__).with_name("nearest.json.gz")
BITS = 18
PLACES = 1 << BITS
"""How many places there are; two n-grams that share one are not told apart, which at this size is rare."""
SHORTEST, LONGEST = 2, 5
NEAREST = 4
"""Lines of each label that vote."""
COMMONEST = 150
"""Lines that may share an n-gram for it to count in the vote: commoner ones tell little and take most of the time."""
_STEP, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
"""Odd constants, as multiplicative hashing wants: the golden ratio in 64 bits, and one of the rrmxmx hash."""
_KEPT = regex.compile(r"[\w\p{M}]+|['\U0001f300-\U0001faff]")

Indices = NDArray[np.int64]
Floats = NDArray[np.float32]


def letters_of(fold: str, english: bool) -> str:
    """A folded text without punctuation: how a line ends must not tell what it is (``experiments.crisis.lines``)."""
    return " ".join(_KEPT.findall(spell_english(fold) if english else fold))


def count_ngrams(texts: Sequence[str]) -> tuple[Indices, Indices, Floats]:
    """For each text and each place that it has: the number of the text, the place, and 1 + the log of how often."""
    padded = [f" {text} ".encode("utf-32-le", "replace") for text in texts]
    codes = np.frombuffer(b"".join(padded), dtype=np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(texts)), [len(text) // 4 for text in padded])
    rolled, found = codes + np.uint64(1), []
    for n in range(SHORTEST, LONGEST + 1):
        if len(codes) < n:
            break
        rolled = rolled[:-1] * _STEP + codes[n - 1 :]
        whole = owner[: len(rolled)] == owner[n - 1 :]
        place = ((rolled ^ (rolled >> np.uint64(32))) * _MIX) >> np.uint64(64 - BITS)
        found.append(owner[: len(rolled)][whole] * PLACES + place[whole].astype(np.int64))
    keys, counts = np.unique(np.concatenate(found), return_counts=True)
    return keys // PLACES, keys % PLACES, (1 + np.log(counts)).astype(np.float32)


@dataclass(frozen=True)
class NgramTable:
    """What n-grams weigh: logistic regression on TF-IDF vectors of unit length.

    Attributes:
        rarity: inverse document frequency by place; 0 for what hardly any line has.
        weight: by place.
    """

    rarity: Floats
    weight: Floats
    bias: float

    def score(self, places: Indices, counts: Floats) -> float:
        """The logit of a text; the bias alone for one without any known n-gram."""
        vector = counts * self.rarity[places]
        norm = float(np.sqrt(vector @ vector))
        return self.bias + (float(vector @ self.weight[places]) / norm if norm else 0.0)


@load_once
def ngram_table(file: Path = FILE) -> NgramTable:
    """The table in ``file``."""
    with np.load(file, allow_pickle=False) as content:
        return NgramTable(
            content["rarity"].astype(np.float32), content["weight"].astype(np.float32), float(content["bias"])
        )


def save_ngrams(table: NgramTable, file: Path = FILE) -> None:
    """Write what ``ngram_table`` reads."""
    kept = {"rarity": table.rarity.astype(np.float16), "weight": table.weight.astype(np.float16)}
    np.savez_compressed(file, allow_pickle=False, bias=np.float64(table.bias), **kept)


class LabelledLines:
    """The labelled lines by place of their n-grams, so that one look finds those that share some with a text."""

    def __init__(self, acute: Sequence[str], harmless: Sequence[str], rarity: Floats) -> None:
        self.acute, self.total = len(acute), len(acute) + len(harmless)
        owner, place, count = count_ngrams([*acute, *harmless])
        spread = np.bincount(place, minlength=PLACES)
        self.rarity = np.where(spread <= COMMONEST, rarity, 0).astype(np.float32)
        value = count * self.rarity[place]
        norm = np.sqrt(np.bincount(owner, weights=value * value, minlength=self.total))
        kept = value > 0
        owner, place, value = owner[kept], place[kept], value[kept]
        order = np.argsort(place, kind="stable")
        self.posting = np.empty(len(order), [("owner", np.int32), ("value", np.float32)])  # one look-up finds both
        self.posting["owner"], self.posting["value"] = owner[order], (value / norm[owner])[order]
        self.start = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=PLACES))])

    def similarities(self, places: Indices, counts: Floats) -> NDArray[np.float64]:
        """The cosine between a text and each line, acute ones first."""
        vector = counts * self.rarity[places]
        norm = float(np.sqrt(vector @ vector)) or 1.0
        first, size = self.start[places], self.start[places + 1] - self.start[places]
        # every posting of every place, one after another
        at = np.repeat(first - np.concatenate([[0], np.cumsum(size)[:-1]]), size) + np.arange(size.sum())
        posting = self.posting[at]
        shares = posting["value"] * np.repeat(vector / norm, size)
        return np.bincount(posting["owner"], weights=shares, minlength=self.total).astype(np.float64)

    def vote(self, places: Indices, counts: Floats) -> float:
        """How much nearer the nearest acute lines are than the nearest harmless ones, from minus 4 to 4."""
        found = self.similarities(places, counts)
        return _nearest(found[: self.acute]) - _nearest(found[self.acute :])


def _nearest(similarities: NDArray[np.float64]) -> float:
    """The sum of the highest, which are taken off one by one: for so few that is several times faster than sorting."""
    left, total = similarities.copy(), 0.0
    for _ in range(min(NEAREST, len(left))):
        highest = left.argmax()
        total += float(left[highest])
        left[highest] = -1.0
    return total


@load_once
def labelled_lines(file: Path = LINES, ngrams: Path = FILE) -> LabelledLines:
    """The lines in ``file``, ready to be compared by the n-grams of a table; takes about a second, once."""
    content = json.loads(gzip.decompress(file.read_bytes()))
    return LabelledLines(content["acute"], content["harmless"], ngram_table(ngrams).rarity)


def save_lines(acute: Sequence[str], harmless: Sequence[str], file: Path = LINES) -> None:
    """Write what ``labelled_lines`` reads: lines as ``letters_of`` gives them; the same bytes for the same lines."""
    content = json.dumps({"schema": 1, "acute": [*acute], "harmless": [*harmless]}, ensure_ascii=False)
    file.write_bytes(gzip.compress(content.encode(), mtime=0))
