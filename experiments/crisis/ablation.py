"""What each view of the guard's ensemble is worth alone and together, what it costs, and what it weighs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmark.scenarios.taxonomy import situations
from experiments.crisis.fit import lowest_threshold, reading_of
from experiments.crisis.lines import LEARNT, ORDINARY_KINDS, Line, acute_or_not, background, lines, undisputed
from experiments.crisis.rates import Rate
from experiments.crisis.stack import VIEWS, WEIGHTS, Ensemble, Lesson
from modules.crisis import encoder, ensemble, ngrams, weights
from modules.crisis.guard import _score, acute_by_words, read_crisis

WARM_UP = 20
"""Texts read before the clock runs."""


def all_lessons() -> list[Lesson]:
    """Everything that the guard learns from: build half, twins, graded lines, ordinary conversation.

    Lines of concern are not acute, but count less, have no vote and set no threshold: help too early does them no harm.
    """
    found = [Lesson(line) for line in lines("build")]
    found += [Lesson(line, telling=False, twin=True) for line in lines("twins")]
    for grade in undisputed(*LEARNT):
        sure, hard = grade.level != "concern", grade.kind not in ORDINARY_KINDS
        found.append(Lesson(grade.line(), 1.0 if sure else WEIGHTS["concern"], votes=sure, telling=sure and hard))
    situation = {query: f"{each.domain} {each.id}" for each in situations() for query in each.queries}
    return found + [
        Lesson(line, WEIGHTS[line.kind], votes=False, situation=situation.get(line.text, "")) for line in background()
    ]


def unseen_lines() -> list[Line]:
    """What the ensemble is stacked by: lines of writers of whom no view has learnt anything, concern aside."""
    return list(acute_or_not("graded_unseen"))


def verdicts(fitted: Ensemble, lessons: Sequence[Lesson], share: float, *, encoded: bool) -> NDArray[np.bool_]:
    """What the ensemble makes of each lesson when its fold is left out, where ``share`` of hard harmless ones fire.

    Not at the thresholds that ship: an encoder of a fold is surer of less than the one that ships.
    """
    logits = fitted.encoded_logits if encoded else fitted.logits
    phrase = fitted.views[:, VIEWS.index("phrase")] > 0
    denied = np.array([reading_of(lesson.line.text).only_denied for lesson in lessons])
    return np.asarray(phrase | (_above(logits, fitted, lessons, share) & ~denied))


def _above(score: NDArray[np.float64], fitted: Ensemble, lessons: Sequence[Lesson], share: float) -> NDArray[np.bool_]:
    """Which lessons score higher than all but ``share`` of the hard harmless ones, those with phrases counted in."""
    phrase = fitted.views[:, VIEWS.index("phrase")] > 0
    harmless = np.array([lesson.hard and not lesson.line.acute for lesson in lessons])
    above = np.zeros(len(lessons), dtype=np.bool_)
    for group in (fitted.english, ~fitted.english):
        above |= group & (score > lowest_threshold(score, phrase, harmless & group, share))
    return above


def ablation(fitted: Ensemble, lessons: Sequence[Lesson], share: float) -> list[str]:
    """Markdown: recall of each view with phrases, none of them doubted, where ``share`` of harmless lines fire."""
    acute = np.array([lesson.line.acute for lesson in lessons])
    hard = np.array([lesson.hard for lesson in lessons])
    phrase = fitted.views[:, VIEWS.index("phrase")] > 0
    scores = {name: fitted.views[:, VIEWS.index(name)] for name in ("words", "ngrams", "nearest")}
    scores["these, stacked"] = fitted.logits
    scores["encoder"] = fitted.views[:, VIEWS.index("encoder")]
    scores["all, stacked"] = fitted.encoded_logits
    out = [
        f"| view, each with phrases | recall, English | recall, others | false alarms (at most {share:g} wanted) |",
        "|---|---|---|---|",
    ]
    fired = {"phrases alone": phrase}
    fired |= {name: phrase | _above(score, fitted, lessons, share) for name, score in scores.items()}
    for name, verdict in fired.items():
        cells = [_rate(verdict, hard & acute & group) for group in (fitted.english, ~fitted.english)]
        out.append(f"| {name} | {cells[0]} | {cells[1]} | {_rate(verdict, hard & ~acute)} |")
    return out


def _rate(fired: NDArray[np.bool_], among: NDArray[np.bool_]) -> Rate:
    return Rate(int(fired[among].sum()), int(among.sum()))


def calibration(logits: NDArray[np.float64], lessons: Sequence[Lesson]) -> list[str]:
    """Markdown: the share of acute lines among those with a score near each tenth, out of fold; twins aside."""
    hard = np.array([lesson.hard for lesson in lessons])
    acute = np.array([lesson.line.acute for lesson in lessons])[hard]
    score = 1 / (1 + np.exp(-logits[hard]))
    bins = np.minimum((score * 5).astype(int), 4)
    out = ["| score | lines | mean score | acute |", "|---|---|---|---|"]
    for place in range(5):
        here = bins == place
        if here.any():
            share = Rate(int(acute[here].sum()), int(here.sum()))
            out.append(
                f"| {place / 5:.1f} to {place / 5 + 0.2:.1f} | {here.sum()} | {score[here].mean():.2f} | {share} |"
            )
    return out


@contextmanager
def without_encoder() -> Iterator[None]:
    """The guard as it is where the extra is not installed."""

    def forget() -> None:
        _score.cache_clear()
        ensemble._by_letters.cache_clear()

    forget()
    with patch.object(ensemble, "encoder", lambda: None):
        yield
    forget()


def cost(texts: Sequence[str]) -> list[str]:
    """Markdown: CPU time a message, none read before, and the size of what each part ships."""
    out = ["| guard | ms a message, p50 | p95 | longest | data |", "|---|---|---|---|---|"]
    plain = [weights.FILE, ngrams.FILE, ngrams.LINES, ensemble.FILE]
    ways: list[tuple[str, Callable[[str], object], list[Path]]] = [
        ("phrases and words, as exports have it", acute_by_words, [weights.FILE]),
        ("ensemble without the encoder", read_crisis, plain),
    ]
    if encoder.is_installed():
        more = [ensemble.ENCODED, encoder.FILE, encoder.VECTORS, encoder.PIECES]
        ways.append(("with the encoder", read_crisis, [*plain, *more]))
    for title, read, files in ways:
        taken = []
        with without_encoder() if files == plain else nullcontext():
            for i, text in enumerate(texts):
                began = time.thread_time()
                read(f"{text} {title[0] * (i % 3)}")  # a word more, so that nothing is remembered
                taken.append(1000 * (time.thread_time() - began))
        middle, most = np.quantile(taken[WARM_UP:], [0.5, 0.95])
        size = sum(file.stat().st_size for file in files) / 1e6
        out.append(f"| {title} | {middle:.2f} | {most:.2f} | {max(taken[WARM_UP:]):.1f} | {size:.1f} MB |")
    return out
