"""Danger that no phrase states: words, word pairs and concepts, each with a weight, added up.

``weights.json.gz`` is fitted to the build lines (``python -m experiments.crisis --fit``): for each feature its weight,
positive where it speaks for danger, and how rare it is. Nothing is learned at run time.
"""

import gzip
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from modules.crisis.abroad import signs_abroad
from modules.crisis.concepts import concept_features
from modules.crisis.phrases import languages
from modules.crisis.text import LETTERS, TOKEN, spell_english
from signatures.loading import load_once

FILE = Path(__file__).with_name("weights.json.gz")
LANGUAGES = {True: "english", False: "others"}
"""Whether a text is in English -> the table of its weights."""
WINDOW = 400
"""Characters that are weighed together. Longer texts are weighed window by window, and the heaviest counts."""
_COMMON = (
    "i the to and of it my you he she they his her them not did does will would can could are were have has had for "
    "with this that what how if but from up out just now your their our get got going want know who when where should "
    "about than more any some there then because too please tonight im ive dont cant gonna wanna is be"
)
COMMON_ENGLISH = frozenset(_COMMON.split())
"""English words that hardly a sentence does without, but for those that are words of other languages too."""
COMMON_SHARE = 0.12
"""More of these than this share of its words, and a text is in English."""
CAUTION = 0.35
"""Added to the threshold for each doubling of the number of windows, since each is a chance of a false alarm."""
UNSPACED = r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+"
_RUN = re.compile(UNSPACED)


Features = tuple[frozenset[str], frozenset[str]]
"""Features of a text in two blocks: words with signs, and concepts."""
Block = Mapping[str, tuple[float, float]]
"""Feature -> its weight, and its rarity."""


def extract_features(fold: str, is_in_english: bool) -> Features:
    """What is weighed in a folded text: words and signs, and, in English, concepts."""
    return _words_and_signs(fold), concept_features(spell_english(fold)) if is_in_english else frozenset()


def _words_and_signs(fold: str) -> frozenset[str]:
    """Words, word pairs, signs and pairs of signs; characters, pairs and triples where a script has no spaces."""
    text = spell_english(fold)
    words = TOKEN.findall(text)
    found = {*words, *(f"{a} {b}" for a, b in pairwise(words))}
    for run in _RUN.findall(text):
        found.update(run[i : i + n] for n in (1, 2, 3) for i in range(len(run) - n + 1))
    signs = [f"<{sign}>" for sign in languages()[0].signs(text)]
    abroad = sorted(f"<{sign}, abroad>" for sign in signs_abroad(fold))
    pairs = [*combinations(signs, 2), *combinations(abroad, 2)]
    return frozenset({*found, *signs, *abroad, *(f"{a} {b}" for a, b in pairs)})


@dataclass(frozen=True)
class Weights:
    """What features of English texts weigh, or those of all others together.

    Attributes:
        threshold: scores above it mean danger.
        blocks: of words and signs, and of concepts.
    """

    bias: float
    threshold: float
    blocks: tuple[Block, Block]

    def score(self, found: Features) -> float:
        """The weights of what is known, in each block divided by the norm of the rarities: so length does not count."""
        return self.bias + sum(_weighed(block, names) for block, names in zip(self.blocks, found, strict=True))

    def heaviest(self, pieces: Sequence[Features]) -> float:
        """The score of the heaviest of ``pieces`` (features of each window), less what many pieces gain by chance."""
        return max(self.score(piece) for piece in pieces) - CAUTION * math.log2(len(pieces))


def _weighed(block: Block, names: frozenset[str]) -> float:
    known = [block[name] for name in block.keys() & names]
    # exact sums, since the order of a set differs from run to run
    norm = math.sqrt(math.fsum([rarity * rarity for _, rarity in known]))
    return math.fsum([weight for weight, _ in known]) / norm if known else 0.0


def is_english(fold: str) -> bool:
    """Whether a folded text has common English words, as English sentences do, or no sign of another language."""
    return has_english_words(fold) or (fold.isascii() and not signs_abroad(fold))


def has_english_words(fold: str) -> bool:
    """Whether a folded text has common English words."""
    words = LETTERS.findall(fold.replace("'", ""))
    return sum(word in COMMON_ENGLISH for word in words) > COMMON_SHARE * len(words)


def is_common_word(fold: str) -> bool:
    """Whether a folded text is one common English word, as answers to questions are: too little to weigh by itself."""
    return has_english_words(fold) and len(LETTERS.findall(fold.replace("'", ""))) == 1


@load_once
def load_weights(file: Path = FILE) -> dict[bool, Weights]:
    """The weights for English texts (True) and for all others (False)."""
    content: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return {english: _from_table(content[name]) for english, name in LANGUAGES.items()}


def _from_table(table: Mapping[str, Any]) -> Weights:
    words, concepts = (
        dict(zip(block["names"], zip(block["weights"], block["rarities"], strict=True), strict=True))
        for block in (table["words"], table["concepts"])
    )
    return Weights(table["bias"], table["threshold"], (words, concepts))


def save_weights(weights: Mapping[bool, Weights], file: Path = FILE) -> None:
    """Write what ``load_weights`` reads: compressed JSON, columns by name, the same bytes for the same weights."""
    content = {"schema": 1, **{name: _as_table(weights[english]) for english, name in LANGUAGES.items()}}
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as out:
        out.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    file.write_bytes(packed.getvalue())


def _as_table(weights: Weights) -> dict[str, Any]:
    blocks = {}
    for title, block in zip(("words", "concepts"), weights.blocks, strict=True):
        names = sorted(block)
        columns = zip(*(block[name] for name in names), strict=True) if names else ((), ())
        blocks[title] = {"names": names, **dict(zip(("weights", "rarities"), columns, strict=True))}
    return {"bias": weights.bias, "threshold": weights.threshold, **blocks}


def windows(fold: str) -> list[str]:
    """``fold`` in overlapping pieces of about ``WINDOW`` characters, cut between words; short texts in one."""
    if len(fold) <= WINDOW * 3 // 2:
        return [fold]
    pieces = []
    for start in range(0, len(fold) - WINDOW // 2, WINDOW // 2):
        end = start + WINDOW
        first = fold.find(" ", start, end) + 1 if start else 0
        last = fold.rfind(" ", start, end) if end < len(fold) else len(fold)
        pieces.append(fold[first or start : end if last < 0 else last])
    return pieces


def weighs_heavily(fold: str) -> bool:
    """Whether the heaviest window of a folded text is over the threshold."""
    if is_common_word(fold):
        return False
    in_english = is_english(fold)
    weights = load_weights()[in_english]
    return weights.heaviest([extract_features(piece, in_english) for piece in windows(fold)]) > weights.threshold


def weights_tables() -> dict[str, dict[str, Any]]:
    """The weights by feature, for programs in other languages: feature -> weight and rarity."""
    return {
        name: {
            "bias": weights.bias,
            "threshold": weights.threshold,
            **{title: {feature: list(pair) for feature, pair in sorted(block.items())} for title, block in blocks},
        }
        for english, name in LANGUAGES.items()
        for weights in [load_weights()[english]]
        for blocks in [list(zip(("words", "concepts"), weights.blocks, strict=True))]
    }
