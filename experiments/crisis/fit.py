"""The weights of words from labelled lines, and what else the fit of the ensemble (``stack``) needs of a line."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from experiments.crisis.lines import Line, without_question
from modules.crisis.phrases import DangerReading, read_danger
from modules.crisis.text import fold_text
from modules.crisis.weights import Block, Features, Weights, extract_features, windows

SEED = 11
STRENGTH = 10.0
"""Inverse regularization of the fit; cross-validated recall hardly changes between 5 and 30."""
QUERY_WEIGHT, FACT_WEIGHT = 20.0, 0.5
"""How much an authored query counts among harmless lines, and a fact: facts are many, short and easy."""


@cache
def _found(text: str, english: bool) -> Features:
    return extract_features(fold_text(text), english)


@cache
def windows_of(text: str, english: bool) -> tuple[Features, ...]:
    """The features of each window of a text."""
    return tuple(extract_features(piece, english) for piece in windows(fold_text(text)))


@cache
def reading_of(text: str) -> DangerReading:
    """What the phrases make of a text."""
    return read_danger(fold_text(text))


def learn_words(sample: Sequence[Line], english: bool, threshold: float = 0.0) -> Weights:
    """Weights of both blocks from one logistic regression; TF-IDF, each block of unit length."""
    found = [_found(line.text, english) for line in sample]
    vectors = [TfidfVectorizer(analyzer=_words, min_df=2), TfidfVectorizer(analyzer=_concepts, min_df=2)]
    used = vectors if english else vectors[:1]  # other languages have no concepts
    counted = FeatureUnion([(str(place), vector) for place, vector in enumerate(used)]).fit_transform(found)
    acute = np.array([line.acute for line in sample])
    model = LogisticRegression(C=STRENGTH, max_iter=2000, solver="liblinear", random_state=SEED)
    model.fit(counted, acute, sample_weight=_counts(sample, acute))
    blocks: list[Block] = [{}, {}]
    start = 0
    for place, vector in enumerate(used):
        names, rarities = vector.get_feature_names_out(), vector.idf_
        weights = model.coef_[0][start : start + len(names)] * rarities
        start += len(names)
        blocks[place] = {
            str(name): (round(float(w), 2), round(float(r), 2))
            for name, w, r in zip(names, weights, rarities, strict=True)
        }
    return Weights(round(float(model.intercept_[0]), 3), threshold, (blocks[0], blocks[1]))


def _words(found: Features) -> list[str]:
    return sorted(found[0])


def _concepts(found: Features) -> list[str]:
    return sorted(found[1])


def _counts(sample: Sequence[Line], acute: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much each line counts: authored ones as set above, acute ones together as much as all harmless ones."""
    kinds: Mapping[str, float] = {
        "authored": QUERY_WEIGHT,
        "authored offer": QUERY_WEIGHT,
        "authored fact": FACT_WEIGHT,
    }
    counts = np.array([kinds.get(line.kind, 1.0) for line in sample])
    if acute.any() and not acute.all():
        counts[acute] *= counts[~acute].sum() / counts[acute].sum()
    return np.asarray(counts / counts.mean())


def lessons_of(sample: Iterable[Line]) -> list[Line]:
    """Lines, and harmless ones again without their question."""
    return [lesson for line in sample for lesson in (line, without_question(line)) if lesson]


def lowest_threshold(
    scores: NDArray[np.float64], plain: NDArray[np.bool_], among: NDArray[np.bool_], share: float
) -> float:
    """The lowest threshold at which at most ``share`` of the lines ``among`` fire, those with phrases included."""
    left = np.sort(scores[among & ~plain])[::-1]
    if not len(left):
        return -math.inf
    allowed = int(share * np.sum(among)) - int(np.sum(plain & among))
    return float(left[min(max(allowed, 0), len(left) - 1)])
