"""The crisis lines: what is in the build half, how the weights are fitted to it, and how rates are computed."""

import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.crisis import lines as crisis_lines
from experiments.crisis.ablation import all_lessons, unseen_lines
from experiments.crisis.intake import describe_labels, grade, weighted_kappa
from experiments.crisis.lines import (
    ACUTE_KINDS,
    FOLDER,
    HARMLESS_KINDS,
    LEARNT,
    GradedPart,
    Line,
    acute_or_not,
    as_toml,
    background,
    graded,
    lines,
    undisputed,
    without_question,
)
from experiments.crisis.measure import triage_lines
from experiments.crisis.rates import Rate, rate, table
from experiments.crisis.stack import Ensemble, Lesson, fit_ensemble, groups_of
from modules.crisis.concepts import _phrases_from
from modules.crisis.ensemble import _by_letters, load_stacks, save_stacks
from modules.crisis.guard import _score, plainly_acute
from modules.crisis.ngrams import LINES, ngram_table, save_lines, save_ngrams
from modules.crisis.phrases import FILES, _any_of, _content, _languages_of, _statements, _with_more, languages
from modules.crisis.text import _spelling, fold_text, spell_english, spell_international
from signatures import RaiseError

BUILD, TWINS = lines("build"), lines("twins")
read_anew = _score.__wrapped__
"""What the guard makes of a text, without what it keeps."""


EACH = pytest.mark.parametrize("sample", [BUILD, TWINS], ids=["build", "twins"])


@EACH
def test_lines_are_unique_and_labelled(sample: tuple[Line, ...]) -> None:
    assert len({line.text for line in sample}) == len(sample) >= 300
    assert all(line.text.strip() == line.text and len(line.text) > 5 for line in sample)
    assert all(line.kind in (ACUTE_KINDS if line.acute else HARMLESS_KINDS) for line in sample)


@EACH
def test_acute_and_harmless_lines_are_balanced(sample: tuple[Line, ...]) -> None:
    acute = sum(line.acute for line in sample)
    assert 0.45 <= acute / len(sample) <= 0.55
    assert all(count >= 25 for count in Counter((line.acute, line.kind) for line in sample).values())
    for side in (True, False):
        assert sum(line.acute is side and line.language != "en" for line in sample) >= 40


@EACH
def test_labels_cannot_be_told_from_length_or_question_marks(sample: tuple[Line, ...]) -> None:
    looks: tuple[Callable[[str], int], ...] = (lambda text: len(text.split()), lambda text: 100 * ("?" in text))
    for look in looks:
        means = [fmean(look(line.text) for line in sample if line.acute is side) for side in (True, False)]
        assert max(means) <= (1.2 if sample is TWINS else 4.0) * min(means)


def test_no_line_that_the_guard_learns_from_is_held_out() -> None:
    learnt = {_words(line.text) for line in (*BUILD, *TWINS)}
    assert learnt.isdisjoint(_words(line.text) for line in lines("heldout"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text.lower()))


@given(st.lists(st.builds(Line, st.text(), st.booleans(), st.just("plain"), st.just("en")), max_size=4).map(tuple))
@settings(max_examples=60, deadline=None)
def test_lines_survive_writing_and_reading(sample: tuple[Line, ...]) -> None:
    sample = (*sample, Line('He said "no"\n\u4f60\x7f', True, "plain", "en"), Line("b\\c", False, "denial", "de"))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(crisis_lines, "FOLDER", Path(folder))
        (Path(folder) / "build.toml").write_text(as_toml(sample, "# preface\n"), encoding="utf-8", newline="")
        assert lines("build") == sample


def test_there_is_a_line_of_text_for_each_labelled_line() -> None:
    for part in ("build", "twins", "heldout"):
        text = (FOLDER / f"{part}.toml").read_text(encoding="utf-8")
        assert len(lines(part)) <= text.count("\n") <= len(lines(part)) + 15


@pytest.mark.parametrize("content", ["", "schema = 2", "schema = 1\n[[line]]\ntext = 'a'", "= ="])
def test_a_file_that_is_no_set_of_lines_is_named(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crisis_lines, "FOLDER", tmp_path)
    (tmp_path / "build.toml").write_text(content, encoding="utf-8")
    with pytest.raises(RaiseError, match=r"build\.toml"):
        lines("build")


def test_the_guard_stays_out_of_ordinary_conversation() -> None:
    ordinary = background()[::4]
    assert sum(plainly_acute(line.text) for line in ordinary) / len(ordinary) <= 0.01


def test_what_is_kept_of_earlier_lines_changes_no_verdict() -> None:
    some = [line.text for line in (*BUILD, *TWINS)[::20]]
    kept = [read_anew(text) for text in some]
    for text, verdict in zip(some, kept, strict=True):
        for cached in (_score, _by_letters, _phrases_from, _spelling, _statements, spell_english, spell_international):
            cached.cache_clear()
        assert read_anew(text) == verdict


def test_one_search_for_thirty_languages_misses_none_that_states_something() -> None:
    some = [fold_text(line.text) for line in (*BUILD[::3], *acute_or_not("graded")[::3])]
    for fold in some:
        asked = {language.code for language in _languages_of(fold)}
        scripts = [language for language in languages() if language.spaced or not fold.isascii()]
        assert {language.code for language in scripts if [*language.statements(language.spell(fold))]} <= asked
    assert sum(len([*_languages_of(fold)]) for fold in some) < 12 * len(some)


def test_phrases_that_share_their_beginning_match_as_each_alone() -> None:
    english, texts = languages()[0], [spell_english(fold_text(line.text)) for line in BUILD[::15]]
    for family in _with_more(_content(FILES[0]))["family"]:
        together = english._required(_any_of(family["phrases"]))
        alone = [english._required(phrase) for phrase in family["phrases"]]
        for text in texts:
            assert bool(together.search(text)) == any(phrase.search(text) for phrase in alone)


def test_the_guard_knows_what_it_has_learnt() -> None:
    """By heart; ``docs/crisis.md`` has the figures of lines left out."""
    for sample in (BUILD[::4], [line.line() for line in undisputed("graded")[::4] if line.level != "concern"]):
        for side, least, most in ((True, 0.9, 1.0), (False, 0.0, 0.08)):
            fired = [plainly_acute(line.text) for line in sample if line.acute is side]
            assert least <= sum(fired) / len(fired) <= most


UNSEEN = unseen_lines()[::4]
SOME = [lesson for lesson in all_lessons() if not lesson.line.kind.startswith("authored")][::16]


@pytest.fixture(scope="module")
def fitted() -> Ensemble:
    """Of few lines, so that it takes seconds."""
    return fit_ensemble(SOME, UNSEEN)


def test_left_out_lines_are_told_apart_better_by_the_stack_than_by_chance(fitted: Ensemble) -> None:
    acute = np.array([lesson.line.acute for lesson in SOME])
    assert fitted.logits[acute].mean() > fitted.logits[~acute].mean() + 0.5


def test_a_higher_share_of_false_alarms_lowers_the_threshold(fitted: Ensemble) -> None:
    for stack in fitted.stacks.values():
        found = [stack.threshold(share) for share in (0.0, 0.02, 0.05, 0.1)]
        assert found == sorted(found, reverse=True)
        assert found[0] == math.inf


def test_the_same_lines_give_the_same_ensemble(fitted: Ensemble, tmp_path: Path) -> None:
    again = fit_ensemble(SOME, UNSEEN)
    assert again.stacks == fitted.stacks
    assert again.weights == fitted.weights
    for name, found in (("one", fitted), ("two", again)):
        save_ngrams(found.table, tmp_path / f"{name}.npz")
        save_lines(found.acute, found.harmless, tmp_path / f"{name}.json.gz")
        save_stacks(found.stacks, tmp_path / f"{name}.json")
    assert (tmp_path / "one.json.gz").read_bytes() == (tmp_path / "two.json.gz").read_bytes()
    assert load_stacks(tmp_path / "one.json") == load_stacks(tmp_path / "two.json") == fitted.stacks
    one, two = ngram_table(tmp_path / "one.npz"), ngram_table(tmp_path / "two.npz")
    assert np.array_equal(one.weight, two.weight)
    assert np.array_equal(one.weight, fitted.table.weight)


def test_lines_that_are_nearly_the_same_and_twins_and_situations_stay_together() -> None:
    lessons = [
        Lesson(Line("i have the pills in my hand and nobody is home", True, "plain", "en")),
        Lesson(Line("i have the pills in my hand and no one is home", True, "plain", "en")),
        Lesson(Line("which train goes to the museum on a sunday", False, "everyday_words", "en")),
        Lesson(Line("tonight the rope goes up", True, "plain", "en"), twin=True),
        Lesson(Line("tonight the tent goes up", False, "everyday_words", "en"), twin=True),
        Lesson(Line("Should I sell?", False, "authored", "en"), situation="house"),
        Lesson(Line("When do banks open?", False, "authored", "en"), situation="house"),
    ]
    groups = groups_of(lessons)
    assert groups[0] == groups[1] != groups[2]
    assert groups[3] == groups[4] != groups[0]
    assert groups[5] == groups[6] != groups[2]


def test_the_shipped_lines_are_the_labelled_ones() -> None:
    content = json.loads(gzip.decompress(LINES.read_bytes()))
    voters = [lesson.line for lesson in all_lessons() if lesson.votes]
    assert (len(content["acute"]), len(content["harmless"])) == (
        sum(line.acute for line in voters), sum(not line.acute for line in voters)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("My head hurts. What helps?", "My head hurts."),
        ("My back is killing me, any stretches?", "My back is killing me"),
        ("Why do people lie?", None),
        ("I'm fine.", None),
    ],
)
def test_questions_are_taken_off_harmless_lines(text: str, left: str | None) -> None:
    found = without_question(Line(text, False, "distress", "en"))
    assert (found.text if found else None) == left
    assert without_question(Line(text, True, "plain", "en")) is None


def test_wilson_intervals() -> None:
    low, high = Rate(9, 10).interval
    assert (low, high) == pytest.approx((0.596, 0.982), abs=0.001)
    assert Rate(10, 10).interval == pytest.approx((0.722, 1.0), abs=0.001)
    assert Rate(0, 10).interval == pytest.approx((0.0, 0.278), abs=0.001)
    assert Rate(0, 0).interval == (0.0, 1.0)
    assert str(Rate(0, 0)) == "-"


def test_the_table_counts_by_kind_and_language() -> None:
    sample = [Line("a", True, "plain", "en"), Line("b", True, "slang", "en"), Line("c", False, "denial", "de")]
    rows = table(sample, {"guard": [True, False, True]})
    assert rate(sample, [True, False, True], lambda line: line.acute) == Rate(1, 2)
    assert [row.split("|")[1].strip() for row in rows[2:]] == [
        "**all**", "denial", "plain", "slang", "language de", "language en",
    ]  # fmt: skip
    assert "(1/2)" in rows[2]
    assert "(1/1)" in rows[2]


def test_triage_adds_to_the_guard_and_takes_nothing_away() -> None:
    sample = BUILD[:3] + BUILD[-3:]
    assert all(
        both or not plainly_acute(line.text)
        for line, both in zip(sample, triage_lines(sample, "sim/gpt-4o", 1), strict=True)
    )


def test_the_lines_are_where_packages_find_them() -> None:
    assert (FOLDER / "build.toml").is_file()


GRADED = tuple(line for part in LEARNT for line in graded(part))
GRADED_HELDOUT = graded("graded_heldout")
UNLEARNT = sorted({*get_args(GradedPart)} - {*LEARNT})


def test_graded_lines_are_unique_many_and_in_many_languages() -> None:
    assert len({line.text for line in GRADED}) == len(GRADED) >= 3000
    assert len({line.language for line in GRADED}) >= 15
    assert {line.level for line in GRADED} >= {"none", "concern", "acute"}
    assert len(GRADED_HELDOUT) >= 600


def test_no_graded_line_that_the_guard_learns_from_is_held_out() -> None:
    measured = [line.text for part in UNLEARNT for line in graded(part)] + [line.text for line in lines("heldout")]
    heldout = {_words(text) for text in measured}
    learnt = [*(g.text for g in GRADED), *(line.text for line in (*BUILD, *TWINS))]
    assert sum(_words(text) in heldout for text in learnt) == 0  # none is named: some are held out


def test_disputed_lines_train_and_measure_nothing() -> None:
    assert any(line.level == "disputed" for line in GRADED)
    assert all(line.level != "disputed" for line in undisputed(*LEARNT))
    assert [line.line().acute for line in undisputed(*LEARNT)] == [
        line.level == "acute" for line in undisputed(*LEARNT)
    ]


def test_a_line_is_disputed_where_labels_differ() -> None:
    assert [grade("acute", "acute"), grade("none", "concern")] == ["acute", "disputed"]


def test_labels_that_are_equal_on_every_line_are_no_agreement() -> None:
    levels = ["none", "concern", "acute"] * 100
    assert "no kappa is stated" in describe_labels(levels, levels, levels)
    assert "Cohen's kappa 0.9" in describe_labels(levels, [*levels[:-9], *["none"] * 9], levels)


def test_kappa_is_one_for_equal_labels_and_weighs_distance() -> None:
    labels = ["none", "concern", "acute", "none"]
    assert weighted_kappa(labels, labels) == 1.0
    near, far = ["none", "concern", "concern", "none"], ["none", "concern", "none", "none"]
    assert weighted_kappa(labels, near, "linear") > weighted_kappa(labels, far, "linear")
