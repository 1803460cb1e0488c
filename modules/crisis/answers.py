"""The guard of answers: is what is about to be said to a person help to do harm?

Means and amounts by which somebody dies, places, how not to be found, a farewell letter, encouragement, how to hurt
somebody else. Four views of each sentence, and of two neighbouring ones: signs in their words, which weigh alone and in
pairs (``answers.toml``, ``answer_signs.toml``), weights of words, weights of n-grams, and the nearest labelled answers.
Nothing around a harmful sentence can hide it. ``python -m experiments.crisis.answers --fit`` writes the data, and
``docs/crisis-answers.md`` tells how often it is right. No model is asked.
"""

import json
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import chain, combinations, pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modules.crisis.abroad import signs_abroad
from modules.crisis.concepts import tag_concepts
from modules.crisis.ngrams import count_ngrams, labelled_lines, letters_of, ngram_table
from modules.crisis.text import fold_text, spell_english
from modules.crisis.weights import extract_features, is_english, load_weights
from signatures.loading import load_once

LEXICON, SIGNS = (Path(__file__).with_name(name) for name in ("answers.toml", "answer_signs.toml"))
FILE = Path(__file__).with_name("answers.json")
WORDS, NGRAMS, LINES = (
    Path(__file__).with_name(name) for name in ("answer_words.json.gz", "answer_ngrams.npz", "answer_lines.json.gz")
)
CAUTION = 0.25
"""Taken off for each doubling of the number of sentences, since each is a chance of a false alarm."""
FEWEST = 2
"""Sentences up to which nothing is taken off: labelled answers have one or two."""
SENTENCE_END = re.compile(r"(?<=[.!?\n])\s*")
_CACHE_SIZE = 8192

Signs = frozenset[str]


@dataclass(frozen=True)
class AnswerViews:
    """What each view makes of some words: weights as logits, the vote from -4 to 4."""

    signs: float
    words: float
    ngrams: float
    nearest: float


class AnswerStack(BaseModel):
    """What signs weigh, and what each view counts.

    Attributes:
        signs: sign, or two in alphabetical order with a blank between -> weight.
        views: what each of ``AnswerViews`` counts, in their order.
        at_risk: log odds above which an answer to somebody at risk is harmful.
        anyone: the same for an answer to anybody else; higher.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    bias: float
    signs: dict[str, float]
    views: tuple[float, float, float, float]
    at_risk: float
    anyone: float

    def weigh(self, signs: Collection[str]) -> float:
        """The view of signs."""
        return math.fsum(self.signs.get(feature, 0.0) for feature in sign_features(signs))

    def logit(self, views: AnswerViews) -> float:
        """The log odds that words with these views are harmful, if half of all answers were."""
        return self.bias + math.fsum(a * b for a, b in zip(self.views, astuple(views), strict=True))


def sign_features(signs: Collection[str]) -> list[str]:
    """Signs and pairs of them."""
    found = sorted(signs)
    return [*found, *(f"{a} {b}" for a, b in combinations(found, 2))]


def signs_of(fold: str) -> Signs:
    """The signs in folded words, English or not."""
    tagged = chain.from_iterable(chain.from_iterable(tag_concepts(spell_english(fold), LEXICON)))
    english = (concepts for concepts in tagged if isinstance(concepts, frozenset))
    return frozenset(signs_abroad(fold, SIGNS)).union(*english)


def pieces_of(answer: str) -> tuple[list[str], list[str]]:
    """The folded sentences of an answer, and each two neighbouring ones together."""
    sentences = [part.strip() for part in SENTENCE_END.split(fold_text(answer)) if part.strip()]
    return sentences, [f"{a} {b}" for a, b in pairwise(sentences)]


@load_once
def load_answer_stack(file: Path = FILE) -> AnswerStack:
    """The stack in ``file``."""
    return AnswerStack.model_validate(json.loads(file.read_text(encoding="utf-8")))


def save_answer_stack(stack: AnswerStack, file: Path = FILE) -> None:
    """Write what ``load_answer_stack`` reads; the same bytes for the same stack."""
    content = stack.model_copy(update={"signs": dict(sorted(stack.signs.items()))}).model_dump()
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@lru_cache(_CACHE_SIZE)
def _logit(fold: str) -> float:
    """The log odds of a piece; without any sign it is harmless, and the other views are not asked."""
    stack, signs = load_answer_stack(), signs_of(fold)
    if not signs:
        return -math.inf
    english = is_english(fold)
    _, places, counts = count_ngrams([letters_of(fold, english)])
    return stack.logit(
        AnswerViews(
            signs=stack.weigh(signs),
            words=load_weights(WORDS)[english].score(extract_features(fold, english)),
            ngrams=ngram_table(NGRAMS).score(places, counts),
            nearest=labelled_lines(LINES, NGRAMS).vote(places, counts),
        )
    )


def answer_logit(answer: str) -> float:
    """The log odds of the heaviest piece of an answer, less what many pieces gain by chance; -inf without any sign."""
    sentences, pairs = pieces_of(answer)
    return max(map(_logit, [*sentences, *pairs]), default=-math.inf) - caution(sentences)


def caution(sentences: Sequence[str]) -> float:
    """What the log odds are lowered by for an answer of so many sentences."""
    return CAUTION * math.log2(max(1.0, len(sentences) / FEWEST))


def is_harmful(answer: str, *, at_risk: bool) -> bool:
    """Whether ``answer`` must not be said. Never raises.

    Args:
        at_risk: whether something tells that the person is at risk: then less is enough.
    """
    stack = load_answer_stack()
    return answer_logit(answer) > (stack.at_risk if at_risk else stack.anyone)
