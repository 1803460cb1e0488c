"""The fit of the crisis guard's weights to labelled lines, and what it makes of lines that it was not fitted to."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import FeatureUnion

from experiments.crisis.lines import Line, without_question
from modules.crisis.phrases import DangerReading, read_danger
from modules.crisis.text import fold_text
from modules.crisis.weights import Block, Features, Weights, extract_features, is_english, windows

FOLDS, SEED = 10, 11
STRENGTH = 10.0
"""Inverse regularization of the fit; cross-validated recall hardly changes between 5 and 30."""
QUERY_WEIGHT, FACT_WEIGHT = 20.0, 0.5
"""How much an authored query counts among harmless lines, and a fact: facts are many, short and easy."""
FALSE_ALARMS = {True: 0.051, False: 0.025}
"""Share of the harmless build lines, English and other, that may fire out of fold: by this thresholds are set."""
BACKGROUND_ALARMS = 0.003
"""The same for ordinary conversation, which is what a guard hears nearly always."""


@dataclass(frozen=True)
class Fit:
    """Weights, and what the guard made of each line when its own fold was left out of fit and threshold.

    Attributes:
        weights: as ``modules.crisis.weights.load_weights`` gives them.
        unseen: a verdict for each line, in order, twins last; phrases are the same in every fold.
    """

    weights: dict[bool, Weights]
    unseen: tuple[bool, ...]


@cache
def _found(text: str, english: bool) -> Features:
    return extract_features(fold_text(text), english)


@cache
def _windows(text: str, english: bool) -> tuple[Features, ...]:
    return tuple(extract_features(piece, english) for piece in windows(fold_text(text)))


@cache
def _reading(text: str) -> DangerReading:
    return read_danger(fold_text(text))


def _learn(sample: Sequence[Line], english: bool, threshold: float = 0.0) -> Weights:
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
    kinds: Mapping[str, float] = {"authored": QUERY_WEIGHT, "authored fact": FACT_WEIGHT}
    counts = np.array([kinds.get(line.kind, 1.0) for line in sample])
    if acute.any() and not acute.all():
        counts[acute] *= counts[~acute].sum() / counts[acute].sum()
    return np.asarray(counts / counts.mean())


def fit(sample: Sequence[Line], twins: Sequence[Line] = ()) -> Fit:
    """Fit weights to the lines of ``sample`` and ``twins``, for English and for the rest, and set thresholds.

    The thresholds keep false alarms to ``FALSE_ALARMS`` on hard lines and ``BACKGROUND_ALARMS`` on background lines of
    ``sample``, by cross-validation. The twins have no say in them: each was written to be taken for its opposite, so
    a threshold that suits them would miss most other lines.
    """
    found = {}
    every = [*sample, *twins]
    unseen = [False] * len(every)
    for english in (True, False):
        places = [i for i, line in enumerate(every) if is_english(fold_text(line.text)) is english]
        telling = np.array([i < len(sample) for i in places])
        found[english], verdicts = _fit_weights([every[i] for i in places], telling, english)
        for i, verdict in zip(places, verdicts, strict=True):
            unseen[i] = verdict
    return Fit(found, tuple(unseen))


def _fit_weights(sample: Sequence[Line], telling: NDArray[np.bool_], english: bool) -> tuple[Weights, list[bool]]:
    """Weights, and what they make of each line left out.

    Args:
        telling: which lines the threshold is set by.
    """
    readings = [_reading(line.text) for line in sample]
    plain = np.array([reading.danger is not None for reading in readings])
    denied = np.array([reading.denied for reading in readings])
    scores: NDArray[np.float64] = np.zeros(len(sample))
    strata = [f"{line.acute} {line.kind if english else ''}" for line in sample]
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(strata, strata))
    for training, left_out in folds:
        weights = _learn(_lessons(sample[i] for i in training), english)
        for i in left_out:
            scores[i] = -np.inf if denied[i] else weights.heaviest(_windows(sample[i].text, english))
    unseen = plain.copy()
    for training, left_out in folds:  # a line has no say in the threshold that it is judged by
        known = [i for i in training if telling[i]]
        threshold = _threshold([sample[i] for i in known], scores[known], plain[known], english)
        unseen[left_out] |= scores[left_out] > threshold
    known = list(np.flatnonzero(telling))
    threshold = _threshold([sample[i] for i in known], scores[known], plain[known], english)
    weights = _learn(_lessons(sample), english, round(threshold, 3))
    return weights, [bool(verdict) for verdict in unseen]


def _lessons(sample: Iterable[Line]) -> list[Line]:
    lessons = [lesson for line in sample for lesson in (line, without_question(line)) if lesson]
    return [lesson for lesson in lessons if lesson.acute or not _reading(lesson.text).denied]


def _threshold(sample: Sequence[Line], scores: NDArray[np.float64], plain: NDArray[np.bool_], english: bool) -> float:
    """The lowest threshold that keeps to both shares of false alarms."""
    acute = np.array([line.acute for line in sample])
    ordinary = np.array([line.kind.startswith("authored") for line in sample])
    hard = ~acute & ~ordinary
    return max(
        _lowest_threshold(scores, plain, hard, FALSE_ALARMS[english]),
        _lowest_threshold(scores, plain, ordinary, BACKGROUND_ALARMS),
    )


def _lowest_threshold(
    scores: NDArray[np.float64], plain: NDArray[np.bool_], among: NDArray[np.bool_], share: float
) -> float:
    """The lowest threshold at which at most ``share`` of the lines ``among`` fire, those with phrases included."""
    left = np.sort(scores[among & ~plain])[::-1]
    if not len(left):
        return -math.inf
    allowed = int(share * np.sum(among)) - int(np.sum(plain & among))
    return float(left[min(max(allowed, 0), len(left) - 1)])
