"""The guard's views of a text, stacked into one calibrated score.

Phrases (``phrases``), weights of words and concepts (``weights``), weights of character n-grams and the nearest
labelled lines (``ngrams``), and, if it is installed, an encoder (``encoder``). ``ensemble.json`` says what each counts
and from which score on a text is acute, in English and in other languages, and ``encoded.json`` the same with the
encoder; ``python -m experiments.crisis --fit`` writes both.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modules.crisis.encoder import as_written, encoder
from modules.crisis.ngrams import count_ngrams, labelled_lines, letters_of, ngram_table
from modules.crisis.phrases import MOST, DangerReading
from modules.crisis.text import fold_text
from modules.crisis.weights import (
    CAUTION,
    LANGUAGES,
    extract_features,
    has_english_words,
    is_common_word,
    is_english,
    load_weights,
    windows,
)
from signatures.loading import load_once
from signatures.words import without_invisible

FILE = Path(__file__).with_name("ensemble.json")
ENCODED = Path(__file__).with_name("encoded.json")
FALSE_ALARMS = 0.05
"""Share of hard harmless lines that may fire, by default; ordinary conversation fires far less often."""


@dataclass(frozen=True)
class Views:
    """What each view makes of a text: weights and encoder as logits, the vote from -4 to 4."""

    words: float
    ngrams: float
    nearest: float
    phrase: bool
    denied: bool
    encoder: float = 0.0


class Stack(BaseModel):
    """What each view counts, and the score from which on a text is acute.

    Attributes:
        doubted: logit of a sentence with a phrase of danger, in the stack without the encoder, below which the phrase
            does not decide by itself.
        encoder: 0 where there is none.
        thresholds: share of hard harmless lines that may fire (as text) -> logit; None if only phrases fire.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    bias: float
    words: float
    ngrams: float
    nearest: float
    phrase: float
    denied: float
    encoder: float = 0.0
    doubted: float
    thresholds: dict[str, float | None]

    def logit(self, views: Views) -> float:
        """The log odds that a text is acute, if a quarter of all texts were, as among the lines it is stacked by."""
        return (
            self.bias
            + self.words * views.words
            + self.ngrams * views.ngrams
            + self.nearest * views.nearest
            + self.phrase * views.phrase
            + self.denied * views.denied
            + self.encoder * views.encoder
        )

    def threshold(self, false_alarms: float) -> float:
        """The logit above which a text is acute: that of the highest share in the table up to ``false_alarms``."""
        allowed = [float(share) for share in self.thresholds if float(share) <= false_alarms]
        found = self.thresholds[f"{max(allowed)}"] if allowed else None
        return math.inf if found is None else found


@load_once
def load_stacks(file: Path = FILE) -> dict[bool, Stack]:
    """The stack for English texts (True) and for all others (False)."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return {english: Stack.model_validate(content[name]) for english, name in LANGUAGES.items()}


def stacks_in_use() -> dict[bool, Stack]:
    """Those with the encoder if there is one, and those without if not."""
    return load_stacks(FILE if encoder() is None else ENCODED)


def save_stacks(stacks: Mapping[bool, Stack], file: Path = FILE) -> None:
    """Write what ``load_stacks`` reads."""
    content = {name: stacks[english].model_dump(exclude_defaults=True) for english, name in LANGUAGES.items()}
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def view(piece: str, english: bool, reading: DangerReading, encoded: float = 0.0) -> Views:
    """The views of one window of a folded text.

    Args:
        reading: that of the phrases.
        encoded: what the encoder makes of it.
    """
    ngrams, nearest = _by_letters(letters_of(piece, english))
    return Views(
        words=load_weights()[english].score(extract_features(piece, english)),
        ngrams=ngrams,
        nearest=nearest,
        phrase=reading.danger is not None,
        denied=reading.denied,
        encoder=encoded,
    )


@lru_cache(maxsize=64)  # a sentence with a phrase is viewed by itself, too, and often is the whole message
def _by_letters(letters: str) -> tuple[float, float]:
    """What the n-grams of ``letters`` weigh, and the vote of the nearest lines."""
    _, places, counts = count_ngrams([letters])
    return ngram_table().score(places, counts), labelled_lines().vote(places, counts)


def encoder_input(text: str, fold: str) -> str:
    """What the encoder reads of a text: of an English one its fold, with slips put right; of others their own spelling.

    Folded, words of languages that live by their accents and marks are no words that the encoder knows.
    """
    english = has_english_words(fold) or (text.isascii() and is_english(fold))
    return letters_of(fold, english=True) if english else as_written(text)


def stacked_logit(text: str, fold: str, reading: DangerReading) -> tuple[float, bool]:
    """The log odds of the heaviest window of a text, less what many windows gain by chance; is it English?

    A single common word weighs nothing: "tonight" is an answer. Nor does a short denial.

    Args:
        fold: of ``text``.
        reading: what the phrases make of ``fold``.
    """
    english, reader = is_english(fold), encoder()
    if reading.only_denied or is_common_word(fold):
        return -math.inf, english
    pieces = windows(" ".join(without_invisible(text).split()))
    folds = [fold] if len(pieces) == 1 else [fold_text(piece) for piece in pieces]
    stack = stacks_in_use()[english]
    heaviest = -math.inf
    for piece, folded in zip(pieces, folds, strict=True):
        encoded = reader.logit(encoder_input(piece, folded)) if reader else 0.0
        heaviest = max(heaviest, stack.logit(view(folded, english, reading, encoded)))
    return heaviest - CAUTION * math.log2(len(pieces)), english


def stated_logit(reading: DangerReading) -> float | None:
    """The log odds of the sentence whose phrase of danger decides by itself; None if none does.

    A sentence that tells of a song, a game or an idiom does not. Only the sentences with a phrase are looked at, so
    nothing around a plain statement can hide it; nor can many other statements.
    """
    for sentence in reading.sentences:
        english = is_english(sentence)
        stack = load_stacks()[english]  # the encoder takes some plain statements for less than they are
        logit = max(stack.logit(view(piece, english, reading)) for piece in windows(sentence))
        if logit >= stack.doubted or len(reading.sentences) >= MOST:
            return logit
    return None
