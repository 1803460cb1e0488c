"""The fit of the guard's ensemble: every view, what each counts, and thresholds by false alarms.

What each counts is fitted to lines of writers of whom no view has learnt anything, as the lines are that it meets in
use; thresholds are set by the harmless ones among them. What is said of lines that views learn from is said out of
fold. Lines that say nearly the same stay in one fold, and so do twins with the line nearest to them and authored
queries of one situation: no view is asked about a line whose likeness it has learnt.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from experiments.crisis.fit import SEED, learn_words, lessons_of, lowest_threshold, reading_of, windows_of
from experiments.crisis.lines import FOLDER, ORDINARY_KINDS, Line
from modules.crisis.encoder import Encoder
from modules.crisis.ensemble import Stack, encoder_input
from modules.crisis.ngrams import PLACES, LabelledLines, NgramTable, count_ngrams, letters_of
from modules.crisis.text import fold_text
from modules.crisis.weights import Weights, is_english
from signatures import RaiseError

FOLDS = 3
ALIKE = 0.35
"""Cosine of n-grams from which on two lines stay in one fold: pairs of twins mostly reach it, other lines hardly do."""
STRENGTH = 30.0
"""Inverse regularization of the n-gram weights."""
WEIGHTS = {"authored": 3.0, "authored fact": 0.3, "authored offer": 3.0, "concern": 0.5}
"""How much lines that are not labelled acute or harmless count in the n-gram weights; those that are count 1."""
SHARES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1)
"""Shares of harmless lines that thresholds are set for."""
BACKGROUND_ALARMS = {True: 0.02, False: 0.03}
"""The most of ordinary conversation, English and other, that words alone may fire on."""
WORDS_ALONE = {True: 0.09, False: 0.09}
"""Shares of hard harmless lines, English and other, that phrases and weights of words may fire on without the rest;
phrases alone take most of it."""
DOUBTED = 0.02
"""Share of acute lines with a phrase that the ensemble may talk the guard out of."""
FOLDED = FOLDER / "encoder_folds.npz"
"""What the encoder makes of each lesson when its fold is left out; ``experiments.crisis.encoder`` writes it."""
VIEWS = ("words", "ngrams", "nearest", "phrase", "denied", "encoder")
PLAIN = len(VIEWS) - 1
"""How many of them there are without the encoder, which is the last."""

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Folds = tuple[tuple[NDArray[np.int64], NDArray[np.int64]], ...]
"""Of each fold, which lessons are learnt from and which are left out."""


@dataclass(frozen=True)
class Lesson:
    """A line to learn from.

    Attributes:
        weight: how much it counts in the n-gram weights.
        votes: whether it is among the lines that vote.
        telling: whether views are compared by it, doubt and words' own thresholds set: not by ordinary talk, which is
            easy, nor by twins, which were written to be taken for their opposite.
        twin: whether it was written together with another.
        situation: of an authored query; those of one situation stay together. Empty for all others.
    """

    line: Line
    weight: float = 1.0
    votes: bool = True
    telling: bool = True
    twin: bool = False
    situation: str = ""

    @property
    def hard(self) -> bool:
        """Whether it was written to be told apart, and not as ordinary conversation or as a twin."""
        return self.telling and not self.line.kind.startswith("authored")


@dataclass(frozen=True)
class Ensemble:
    """The fitted parts, and what each view made of each line when its own fold was left out.

    Attributes:
        stacks: without the encoder.
        encoded: with it.
        views: one row a lesson, one column for each of ``VIEWS``.
        logits: those of ``stacks``, of lines that they were not fitted to.
        encoded_logits: those of ``encoded``.
    """

    weights: dict[bool, Weights]
    table: NgramTable
    acute: tuple[str, ...]
    harmless: tuple[str, ...]
    stacks: dict[bool, Stack]
    encoded: dict[bool, Stack]
    views: Numbers
    logits: Numbers
    encoded_logits: Numbers
    english: Flags
    folds: Folds = field(repr=False)


@cache
def letters(text: str) -> str:
    """What n-grams are taken from."""
    fold = fold_text(text)
    return letters_of(fold, is_english(fold))


def readable(text: str) -> str:
    """What the encoder reads of a short text."""
    return encoder_input(text, fold_text(text))


def fit_ensemble(lessons: Sequence[Lesson], unseen: Sequence[Line]) -> Ensemble:
    """Fit everything; seeded, so the same lessons give the same ensemble.

    Args:
        unseen: lines of other writers, to which the stacks are fitted.
    """
    unseen = [line for line in unseen if not reading_of(line.text).only_denied]  # these are not weighed in use
    acute = np.array([lesson.line.acute for lesson in lessons])
    english = english_of([lesson.line for lesson in lessons])
    folds = folds_of(lessons)
    views = np.zeros((len(lessons), len(VIEWS)))
    views[:, PLAIN] = encoded_of(lessons)
    for training, left_out in folds:
        views[left_out, :PLAIN] = _views([lessons[i] for i in training], [lessons[i] for i in left_out])
    logits: Numbers = np.zeros(len(lessons))
    encoded_logits: Numbers = np.zeros(len(lessons))
    stacks, encoded, weights = {}, {}, {}
    unlearnt, in_english = _views_with_encoder(lessons, unseen), english_of(unseen)
    for is_in_english in (True, False):
        ours, theirs = english == is_in_english, in_english == is_in_english
        logits[ours] = stacked(views[:, :PLAIN], acute, ours, folds)[ours]
        encoded_logits[ours] = stacked(views, acute, ours, folds)[ours]
        members = [lesson for lesson, mine in zip(lessons, ours, strict=True) if mine]
        others = [line for line, mine in zip(unseen, theirs, strict=True) if mine]
        plain = fit_stack(others, unlearnt[theirs, :PLAIN])
        plain = plain.model_copy(update={"doubted": lowest_stated(members, views[ours, :PLAIN], plain)})
        stacks[is_in_english] = with_thresholds(plain, others, unlearnt[theirs], plain)
        both = fit_stack(others, unlearnt[theirs]).model_copy(update={"doubted": plain.doubted})
        encoded[is_in_english] = with_thresholds(both, others, unlearnt[theirs], plain)
        weights[is_in_english] = fit_words(members, views[ours], is_in_english)
    voters = [lesson for lesson in lessons if lesson.votes]
    return Ensemble(
        weights,
        fit_ngrams(lessons),
        tuple(letters(lesson.line.text) for lesson in voters if lesson.line.acute),
        tuple(letters(lesson.line.text) for lesson in voters if not lesson.line.acute),
        stacks,
        encoded,
        views,
        logits,
        encoded_logits,
        english,
        folds,
    )


def english_of(sample: Sequence[Line]) -> Flags:
    """Which lines are read as English."""
    return np.array([is_english(fold_text(line.text)) for line in sample], dtype=np.bool_)


def folds_of(lessons: Sequence[Lesson]) -> Folds:
    """The folds, with each kind of line in all of them."""
    sure = [not lesson.twin and lesson.weight != WEIGHTS["concern"] for lesson in lessons]
    strata = [f"{le.line.acute} {plain} {le.line.kind}" for le, plain in zip(lessons, sure, strict=True)]
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    return tuple(splitter.split(strata, strata, groups_of(lessons)))


def groups_of(lessons: Sequence[Lesson]) -> NDArray[np.int64]:
    """A number for each lesson; those that stay together share it."""
    owner, place, count = count_ngrams([letters(lesson.line.text) for lesson in lessons])
    table = sparse.csr_matrix((count, (owner, place)), shape=(len(lessons), PLACES))
    rarity = np.log(len(lessons) / (1 + np.bincount(place, minlength=PLACES))) + 1
    table = table @ sparse.diags(rarity)
    table = (sparse.diags(1 / np.sqrt(table.multiply(table).sum(1)).A1) @ table).tocsr().astype(np.float32)
    hard = np.flatnonzero([not lesson.line.kind.startswith("authored") for lesson in lessons])
    links: list[tuple[int, int]] = []
    for start in range(0, len(hard), 1000):
        block = hard[start : start + 1000]
        alike = (table[block] @ table[hard].T).toarray()
        alike[np.arange(len(block)), start + np.arange(len(block))] = 0
        closest = hard[alike.argmax(1)]
        links += [(int(i), int(j)) for i, j in zip(block, closest, strict=True) if lessons[i].twin]
        rows, columns = np.nonzero(alike >= ALIKE)
        links += list(zip(block[rows].tolist(), hard[columns].tolist(), strict=True))
    first: dict[str, int] = {}
    for i, lesson in enumerate(lessons):
        if lesson.situation:
            links.append((i, first.setdefault(lesson.situation, i)))
    ends = np.array(links, dtype=np.int64).reshape(-1, 2)
    graph = sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(lessons),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def fit_ngrams(lessons: Sequence[Lesson]) -> NgramTable:
    """Rarity and weight of every n-gram that two lessons have."""
    pairs = [(shorter, lesson.weight) for lesson in lessons for shorter in lessons_of([lesson.line])]
    owner, place, count = count_ngrams([letters(line.text) for line, _ in pairs])
    spread = np.bincount(place, minlength=PLACES)
    rarity = np.where(spread >= 2, np.log((1 + len(pairs)) / (1 + spread)) + 1, 0).astype(np.float16).astype(np.float32)
    value = count * rarity[place]
    norm = np.sqrt(np.bincount(owner, weights=value * value, minlength=len(pairs)))
    norm[norm == 0] = 1
    vectors = sparse.csr_matrix((value / norm[owner], (owner, place)), shape=(len(pairs), PLACES))
    model = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=1000, random_state=SEED)
    model.fit(vectors, [line.acute for line, _ in pairs], sample_weight=[weight for _, weight in pairs])
    return NgramTable(rarity, model.coef_[0].astype(np.float16).astype(np.float32), float(model.intercept_[0]))


def keys_of(lessons: Sequence[Lesson]) -> NDArray[np.uint64]:
    """A hash of the text of each lesson."""
    digests = [hashlib.sha256(lesson.line.text.encode()).digest()[:8] for lesson in lessons]
    return np.frombuffer(b"".join(digests), dtype="<u8")


def known_logits(file: Path = FOLDED) -> dict[int, float]:
    """What the encoder made of lessons when it had not learnt them, by ``keys_of``."""
    with np.load(file, allow_pickle=False) as content:
        return dict(zip(content["key"].tolist(), content["logit"].tolist(), strict=True))


def encoded_of(lessons: Sequence[Lesson], file: Path = FOLDED) -> Numbers:
    """What the encoder makes of lessons when it has not learnt them, as logits.

    Raises:
        RaiseError: if it has never been asked about one of them.
    """
    known = known_logits(file)
    found = [known.get(key) for key in keys_of(lessons).tolist()]
    if None in found:
        missing = lessons[found.index(None)].line.text
        raise RaiseError(f"{file.name} lacks {missing[:60]!r}: run python -m experiments.crisis.encoder first.")
    return np.array(found, dtype=np.float64)


def _views(training: Sequence[Lesson], asked: Sequence[Lesson]) -> Numbers:
    """The views of lessons by what ``training`` teaches, but for the encoder's."""
    table = fit_ngrams(training)
    voters = [lesson.line for lesson in training if lesson.votes]
    known = LabelledLines(
        [letters(line.text) for line in voters if line.acute],
        [letters(line.text) for line in voters if not line.acute],
        table.rarity,
    )
    weights = {
        english: learn_words(
            lessons_of([le.line for le in training if is_english(fold_text(le.line.text)) is english]), english
        )
        for english in (True, False)
    }
    found = []
    for lesson in asked:
        text = lesson.line.text
        english, reading = is_english(fold_text(text)), reading_of(text)
        _, places, counts = count_ngrams([letters(text)])
        found.append(
            (
                weights[english].heaviest(windows_of(text, english)),
                table.score(places, counts),
                known.vote(places, counts),
                reading.danger is not None,
                reading.denied,
            )
        )
    return np.array(found, dtype=np.float64)


def _views_with_encoder(training: Sequence[Lesson], asked: Sequence[Line]) -> Numbers:
    """The views of lines by what ``training`` teaches and by the encoder that ships."""
    reader = Encoder()
    encoded = [reader.logit(readable(line.text)) for line in asked]
    plain = _views(training, [Lesson(line) for line in asked]).reshape(len(asked), PLAIN)
    return np.column_stack([plain, np.array(encoded, dtype=np.float64)])


def _coefficients(views: Numbers, acute: Flags) -> tuple[float, Numbers]:
    """Bias and what each view counts, from a logistic regression on views of like spread."""
    spread = views.std(0)
    spread[spread == 0] = 1
    model = LogisticRegression(C=1.0, max_iter=1000).fit(views / spread, acute)
    return float(model.intercept_[0]), model.coef_[0] / spread


def stacked(views: Numbers, acute: Flags, ours: Flags, folds: Folds) -> Numbers:
    """The logits of lessons in ``ours``, each by a stack of those of the other folds; 0 for all others."""
    logits: Numbers = np.zeros(len(views))
    for training, left_out in folds:
        learnt, here = training[ours[training]], left_out[ours[left_out]]
        bias, coefficients = _coefficients(views[learnt], acute[learnt])
        logits[here] = bias + views[here] @ coefficients
    return logits


def fit_stack(sample: Sequence[Line], views: Numbers) -> Stack:
    """What each view counts among lines of which nothing was learnt; no phrase is doubted, and only phrases fire."""
    bias, coefficients = _coefficients(views, np.array([line.acute for line in sample]))
    columns = {name: round(float(c), 4) for name, c in zip(VIEWS, coefficients, strict=False)}
    return Stack(bias=round(bias, 4), doubted=-np.inf, thresholds={}, **columns)


def lowest_stated(lessons: Sequence[Lesson], views: Numbers, stack: Stack) -> float:
    """The logit below which a phrase is doubted: all but ``DOUBTED`` of acute lines with a phrase score higher.

    Args:
        views: of lessons, out of fold.
    """
    told = np.array([lesson.line.acute and lesson.telling for lesson in lessons])
    surest_last = np.sort(weighed(views, stack)[told & (views[:, VIEWS.index("phrase")] > 0)])
    return round(float(surest_last[int(DOUBTED * len(surest_last))]), 3)


def with_thresholds(stack: Stack, sample: Sequence[Line], views: Numbers, plain: Stack) -> Stack:
    """``stack`` with the logits at which shares of hard harmless lines fire, and of ordinary ones no more.

    Args:
        sample: lines of writers of whom nothing was learnt.
        plain: the stack without the encoder, by which phrases are doubted.
    """
    scores, thresholds = weighed(views, stack), {}
    firm = (views[:, VIEWS.index("phrase")] > 0) & (weighed(views, plain) >= plain.doubted)
    harmless = np.array([not line.acute for line in sample])
    ordinary = harmless & np.array([line.kind in ORDINARY_KINDS for line in sample])
    for share in SHARES:
        found = max(
            lowest_threshold(scores, firm, harmless & ~ordinary, share),
            lowest_threshold(scores, firm, ordinary, share),
        )
        thresholds[f"{share}"] = round(found, 3) if np.isfinite(found) else None
    return stack.model_copy(update={"thresholds": thresholds})


def weighed(views: Numbers, stack: Stack) -> Numbers:
    """The logits of rows of views; views that the stack does not count may be left out."""
    counted = np.array([getattr(stack, name) for name in VIEWS])[: views.shape[1]]
    return np.asarray(stack.bias + views @ counted, dtype=np.float64)


def fit_words(lessons: Sequence[Lesson], views: Numbers, english: bool) -> Weights:
    """The weights of words, with the threshold at which exports use them alone (``acute_by_words``)."""
    ordinary, hard = _harmless(lessons)
    phrase = views[:, VIEWS.index("phrase")] > 0
    # a short denial is not weighed there
    denied = [reading_of(lesson.line.text).only_denied for lesson in lessons]
    scores = np.where(denied, -np.inf, views[:, VIEWS.index("words")])
    threshold = max(
        lowest_threshold(scores, phrase, hard, WORDS_ALONE[english]),
        lowest_threshold(scores, phrase, ordinary, BACKGROUND_ALARMS[english]),
    )
    return learn_words(lessons_of([lesson.line for lesson in lessons]), english, round(threshold, 3))


def _harmless(lessons: Sequence[Lesson]) -> tuple[Flags, Flags]:
    """Which lessons are ordinary conversation, and which are hard harmless lines that set words' own thresholds."""
    ordinary = np.array(
        [lesson.line.kind.startswith("authored") or lesson.line.kind in ORDINARY_KINDS for lesson in lessons]
    )
    return ordinary, np.array([lesson.hard and not lesson.line.acute for lesson in lessons])
