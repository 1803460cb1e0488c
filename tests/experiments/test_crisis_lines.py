"""The crisis lines: what is in the build half, how the weights are fitted to it, and how rates are computed."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.crisis import lines as crisis_lines
from experiments.crisis.fit import Fit, fit
from experiments.crisis.intake import describe_labels, grade, weighted_kappa
from experiments.crisis.lines import (
    ACUTE_KINDS,
    FOLDER,
    HARMLESS_KINDS,
    Line,
    as_toml,
    background,
    graded,
    lines,
    undisputed,
    without_question,
)
from experiments.crisis.measure import Rate, rate, table, triage_lines
from modules.crisis.guard import plainly_acute
from modules.crisis.weights import load_weights, save_weights
from signatures import RaiseError

BUILD, TWINS = lines("build"), lines("twins")


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


def test_the_guard_gets_the_build_half_right_and_stays_out_of_ordinary_conversation() -> None:
    acute = [line for line in BUILD if line.acute]
    harmless = [line for line in BUILD if not line.acute]
    ordinary = background()
    assert sum(plainly_acute(line.text) for line in acute) / len(acute) >= 0.93  # by heart; the folds below tell more
    assert sum(plainly_acute(line.text) for line in harmless) / len(harmless) <= 0.05
    assert sum(plainly_acute(line.text) for line in ordinary) / len(ordinary) <= 0.01


@pytest.fixture(scope="module")
def fitted() -> Fit:
    return fit([*BUILD, *background()], TWINS)


def test_lines_left_out_of_the_fit_are_told_apart_as_well_as_the_report_says(fitted: Fit) -> None:
    unseen = fitted.unseen[: len(BUILD)]
    acute = rate(BUILD, unseen, lambda line: line.acute)
    harmless = rate(BUILD, unseen, lambda line: not line.acute)
    ordinary = fitted.unseen[len(BUILD) : -len(TWINS)]
    assert acute.fired / acute.n >= 0.76
    assert harmless.fired / harmless.n <= 0.05
    assert sum(ordinary) / len(ordinary) <= 0.004


def test_twins_left_out_of_the_fit_are_told_apart_better_than_their_words_alone_would(fitted: Fit) -> None:
    unseen = fitted.unseen[-len(TWINS) :]
    acute = rate(TWINS, unseen, lambda line: line.acute)
    harmless = rate(TWINS, unseen, lambda line: not line.acute)
    assert acute.fired / acute.n >= 0.55
    assert harmless.fired / harmless.n <= 0.13


def test_the_weights_in_use_are_those_fitted_to_the_lines(fitted: Fit, tmp_path: Path) -> None:
    for english, used in load_weights().items():
        anew = fitted.weights[english]
        assert (used.bias, used.threshold) == pytest.approx((anew.bias, anew.threshold), abs=0.05)
        for block, block_anew in zip(used.blocks, anew.blocks, strict=True):
            assert block.keys() == block_anew.keys()
            assert all(block_anew[name] == pytest.approx(pair, abs=0.1) for name, pair in block.items())
    save_weights(fitted.weights, tmp_path / "weights.json.gz")
    assert load_weights(tmp_path / "weights.json.gz") == fitted.weights


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


GRADED, GRADED_HELDOUT = graded("graded"), graded("graded_heldout")


def test_graded_lines_are_unique_many_and_in_many_languages() -> None:
    assert len({line.text for line in GRADED}) == len(GRADED) >= 3000
    assert len({line.language for line in GRADED}) >= 15
    assert {line.level for line in GRADED} >= {"none", "concern", "acute"}
    assert len(GRADED_HELDOUT) >= 600


def test_no_graded_line_that_the_guard_learns_from_is_held_out() -> None:
    heldout = {_words(line.text) for line in (*GRADED_HELDOUT, *lines("heldout"))}
    shared = [line for line in (*GRADED, *BUILD, *TWINS) if _words(line.text) in heldout]
    assert len(shared) == 0  # no line is named: some are held out


def test_disputed_lines_train_and_measure_nothing() -> None:
    assert all(line.level != "disputed" for line in undisputed("graded"))
    assert [line.line().acute for line in undisputed("graded")] == [
        line.level == "acute" for line in undisputed("graded")
    ]


def test_a_line_is_disputed_where_labels_differ() -> None:
    assert [grade("acute", "acute"), grade("none", "concern")] == ["acute", "disputed"]


def test_labels_that_are_copies_of_each_other_are_no_agreement() -> None:
    levels = ["none", "concern", "acute"] * 100
    assert "no kappa is stated" in describe_labels(levels, levels, levels)
    assert "Cohen's kappa 0.9" in describe_labels(levels, [*levels[:-9], *["none"] * 9], levels)


def test_kappa_is_one_for_equal_labels_and_weighs_distance() -> None:
    labels = ["none", "concern", "acute", "none"]
    assert weighted_kappa(labels, labels) == 1.0
    near, far = ["none", "concern", "concern", "none"], ["none", "concern", "none", "none"]
    assert weighted_kappa(labels, near, "linear") > weighted_kappa(labels, far, "linear")
