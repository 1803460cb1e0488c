"""Labelled lines for the crisis guard, and the fit of its weights.

The authored queries, and what the people behind them answer, serve as a background of ordinary conversation: the guard
must not break into that.

Two halves, written apart: ``build``, which the guard's authors see, and ``heldout``, which they do not read.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import normalize

from benchmark.authored import build_authored
from benchmark.taxonomy import situations
from modules.danger.phrases import Reading, read
from modules.danger.text import folded
from modules.danger.weights import FILE, Scale, features, is_english, windows
from signatures import RaiseError

Half = Literal["build", "heldout"]
FOLDER = Path(__file__).parent / "data" / "crisis"
FOLDS, SEED = 10, 11
STRENGTH = 3.0
"""Inverse regularization of the fit; cross-validated recall hardly changes between 1 and 10."""
ASKING = ("", "?", "\u061f", "\uff1f")
FALSE_ALARMS = {True: 0.057, False: 0.025}
"""Share of the harmless build lines, English and other, that may fire out of fold: by this thresholds are set."""
BACKGROUND_ALARMS = 0.002
"""The same for ordinary conversation, which is what a guard hears nearly always."""
FRAMES = ("I'm {}", "{}.", "I have {}.", "It's {}.", "Well, I'd say it's {}.", "Honestly, {}", "I work as {}.")
"""How people put a fact about themselves when they are asked."""
ACUTE_KINDS = ("plain", "indirect", "slang", "third_person", "other_language", "harm_to_others", "embedded")
HARMLESS_KINDS = (
    "figure_of_speech",
    "history",
    "denial",
    "about_topic",
    "distress",
    "other_language",
    "everyday_words",
)


@dataclass(frozen=True)
class Line:
    """One thing that a person might write.

    Attributes:
        acute: whether a careful reader would send help at once.
        kind: what makes it easy or hard; ``ACUTE_KINDS`` or ``HARMLESS_KINDS``.
        language: ISO code, with the script where it is not the usual one.
    """

    text: str
    acute: bool
    kind: str
    language: str


def lines(half: Half) -> tuple[Line, ...]:
    """The lines of ``half``.

    Raises:
        RaiseError: if the file is missing or not in the expected form.
    """
    file = FOLDER / f"{half}.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        if content["schema"] != 1:
            raise ValueError(f"schema {content['schema']}")
        found = tuple(Line(**entry) for entry in content["line"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RaiseError(f"{file} cannot be read as crisis lines: {type(error).__name__}: {error}") from error
    return found


@dataclass(frozen=True)
class Fit:
    """Weights, and what the guard made of each line when its own fold was left out of the fit.

    Attributes:
        scales: as in ``modules.danger.weights.scales``.
        unseen: a verdict for each line, in order; phrases are the same in every fold.
    """

    scales: dict[bool, Scale]
    unseen: tuple[bool, ...]

    def save(self, file: Path = FILE) -> None:
        """Write the weights where the guard reads them, heaviest first."""
        content = {}
        for english, name in ((True, "english"), (False, "others")):
            scale = self.scales[english]
            ordered = dict(sorted(scale.weights.items(), key=lambda item: (-abs(item[1]), item[0])))
            content[name] = {"bias": scale.bias, "threshold": scale.threshold, "weights": ordered}
        file.write_text(json.dumps(content, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


@cache
def _found(text: str) -> tuple[str, ...]:
    return tuple(sorted(features(folded(text))))


@cache
def _windows(text: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(features(piece)) for piece in windows(folded(text)))


@cache
def _reading(text: str) -> Reading:
    return read(folded(text))


def _learned(sample: Sequence[Line], threshold: float = 0.0) -> Scale:
    vectors = CountVectorizer(analyzer=_found, binary=True, min_df=2)
    counts = normalize(vectors.fit_transform([line.text for line in sample]))
    model = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced")
    model.fit(counts, [line.acute for line in sample])
    names = vectors.get_feature_names_out()
    learned = {str(name): round(float(w), 3) for name, w in zip(names, model.coef_[0], strict=True)}
    return Scale(round(float(model.intercept_[0]), 3), threshold, learned)


def background() -> tuple[Line, ...]:
    """The authored queries, and the facts in the authored profiles as people say them: harmless lines."""
    queries = [query for each in situations() for query in each.queries]
    facts = {str(fact): None for scenario in build_authored().scenarios for fact in scenario.profile.known().values()}
    told = [frame.format(fact) for fact in facts if not plainly_grave(fact) for frame in FRAMES]
    return tuple(Line(text, False, "authored", "en") for text in (*queries, *told))


def plainly_grave(fact: str) -> bool:
    """Whether a fact of a profile is itself about dying or self-harm: nothing to learn calm from."""
    return bool(re.search(r"suicid|self-harm|dead|die|alive|end it|not be here", fact, re.IGNORECASE))


def without_question(line: Line) -> Line | None:
    """A harmless line less the question that it ends in, if something is left.

    Nearly all harmless lines ask something and most acute ones do not, since they were made up as messages to an
    assistant. That is an accident of how they were written; the weights must not live on it. For the same reason no
    punctuation is weighed.
    """
    if line.acute or line.kind == "authored":
        return None
    sentences = re.split(r"(?<=[.!?\u3002\u061f\uff1f])\s*", line.text)
    told = " ".join(sentence for sentence in sentences if sentence[-1:] not in ASKING)
    if not told:  # one question: what it begins with
        told = re.split(r"[,:;\uff0c\u060c\u3001]", line.text)[0]
    return replace(line, text=told) if 8 <= len(told) < len(line.text) and told[-1:] not in ASKING else None


def fit(sample: Sequence[Line]) -> Fit:
    """Fit weights to the lines of ``sample``, for English and for the rest, and set thresholds by cross-validation.

    The thresholds keep false alarms to ``FALSE_ALARMS`` on hard lines and ``BACKGROUND_ALARMS`` on background lines.
    """
    found = {}
    unseen = [False] * len(sample)
    for english in (True, False):
        places = [i for i, line in enumerate(sample) if is_english(folded(line.text)) is english]
        found[english], verdicts = _fit_scale([sample[i] for i in places], english)
        for i, verdict in zip(places, verdicts, strict=True):
            unseen[i] = verdict
    return Fit(found, tuple(unseen))


def _fit_scale(sample: Sequence[Line], english: bool) -> tuple[Scale, list[bool]]:
    readings = [_reading(line.text) for line in sample]
    plain = np.array([reading.danger is not None for reading in readings])
    denied = np.array([reading.denied for reading in readings])
    acute = np.array([line.acute for line in sample])
    ordinary = np.array([line.kind == "authored" for line in sample])
    # English lines that the phrases settle teach nothing. Other languages have few lines, so that all of them teach.
    settled = (plain | denied) & english
    unseen: NDArray[np.float64] = np.zeros(len(sample))
    strata = [f"{line.acute} {line.kind if english else ''}" for line in sample]
    for training, left_out in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(strata, strata):
        scale = _learned(_teaching(sample[i] for i in training if not settled[i]))
        for i in left_out:
            unseen[i] = -np.inf if denied[i] else scale.heaviest(_windows(sample[i].text))
    threshold = max(
        _threshold(unseen, plain, ~acute & ~ordinary, FALSE_ALARMS[english]),
        _threshold(unseen, plain, ordinary, BACKGROUND_ALARMS),
    )
    lessons = _teaching(line for line, known in zip(sample, settled, strict=True) if not known)
    scale = _learned(lessons, round(threshold, 3))
    return scale, [bool(verdict) for verdict in plain | (unseen > scale.threshold)]


def _teaching(sample: Iterable[Line]) -> list[Line]:
    lessons = [lesson for line in sample for lesson in (line, without_question(line)) if lesson]
    return [lesson for lesson in lessons if lesson.acute or not _reading(lesson.text).denied]


def _threshold(unseen: NDArray[np.float64], plain: NDArray[np.bool_], among: NDArray[np.bool_], share: float) -> float:
    """The lowest threshold at which at most ``share`` of the lines ``among`` fire, those with phrases included."""
    scores = np.sort(unseen[among & ~plain])[::-1]
    if not len(scores):
        return -math.inf
    allowed = int(share * np.sum(among)) - int(np.sum(plain & among))
    return float(scores[min(max(allowed, 0), len(scores) - 1)])


def as_toml(sample: Sequence[Line], preface: str) -> str:
    """``sample`` in the form that ``lines`` reads."""
    tables = ["schema = 1"]
    for line in sample:
        fields: dict[str, Any] = {"text": line.text, "acute": line.acute, "kind": line.kind, "language": line.language}
        body = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
        tables.append(f"[[line]]\n{body}")
    return preface + "\n\n".join(tables) + "\n"
