"""Counts become verdicts in words, and settings that make up for what is weak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.probe.limits import CHECKS, MEASURES, measures_of
from benchmark.probe.rate import separates
from benchmark.probe.steps import Count
from benchmark.probe.verdicts import Finding, Fitness, judge_check, judge_role, overall, threshold_for
from lms import Role

THRESHOLDS = range(1, 6)


def counts_of(check: str, *, part: int = 10, **other: Count) -> dict[str, Count]:
    """Counts that keep every threshold, but for ``other``."""
    kept: dict[str, Count] = {
        measure.name: (0 if measure.most is not None else part, 10) for measure in measures_of(check)
    }
    if "parts" in kept:
        kept |= {separates(threshold): kept["parts"] for threshold in THRESHOLDS}
    return {**kept, **{name.replace("_", " "): count for name, count in other.items()}}


def findings(role: Role, **weak: dict[str, Count]) -> dict[str, Finding]:
    return {check: Finding({**counts_of(check), **weak.get(check, {})}, 10) for check in CHECKS[role]}


@pytest.mark.parametrize("role", list(CHECKS))
def test_who_keeps_every_threshold_is_fit(role: Role) -> None:
    verdict = overall(judge_role(role, findings(role)))
    assert (verdict.fitness, verdict.reasons, verdict.settings) == (Fitness.FIT, (), {})


def test_each_threshold_decides_by_itself() -> None:
    silent = []
    for measure in MEASURES:
        if measure.least is None and measure.most is None:
            continue
        bad: Count = (10, 10) if measure.most is not None else (0, 10)
        counts = {**counts_of(measure.check), measure.name: bad}
        if measure.name == "parts":
            counts |= {separates(threshold): bad for threshold in THRESHOLDS}
        if judge_check(measure.check, Finding(counts, 10)).fitness is Fitness.FIT:
            silent.append((measure.check, measure.name))
    assert silent == []


def test_questions_off_target_are_put_plainly_and_invalid_choices_follow_the_plan() -> None:
    verdict = overall(
        judge_role(Role.TARGET, findings(Role.TARGET, ask={"on target": (2, 10)}, plan={"valid": (5, 10)}))
    )
    assert verdict.fitness is Fitness.SETTINGS
    assert verdict.settings == {"shortlist": 1, "phrasing": "plain"}
    assert "ask: 2 of 10 questions about their attribute, put to the person (at least 50 % wanted)" in verdict.reasons


def test_another_threshold_is_recommended_where_it_parts_better() -> None:
    weak = {separates(threshold): (5, 10) for threshold in THRESHOLDS} | {separates(2): (9, 10)}
    verdict = judge_check("abstain", Finding({**counts_of("abstain"), **weak}, 10))
    assert (verdict.fitness, verdict.settings) == (Fitness.SETTINGS, {"threshold": 2})
    assert verdict.reasons == (
        "5 of 10 asks with nothing known, answers with all ten known, at the threshold (at least 75 % wanted), at 4",
    )


def test_fused_takes_the_place_of_a_rating_that_does_not_do() -> None:
    weak: dict[str, Count] = {"monotone": (1, 10)}
    verdicts = judge_role(Role.TARGET, findings(Role.TARGET, abstain=weak))
    assert (verdicts["abstain"].fitness, verdicts["abstain"].settings) == (Fitness.SETTINGS, {"abstention": "fused"})
    both = judge_role(Role.TARGET, findings(Role.TARGET, abstain=weak, fused=weak))
    assert overall(both).fitness is Fitness.UNFIT
    fused = judge_role(Role.TARGET, findings(Role.TARGET, fused=weak))
    assert overall(fused).fitness is Fitness.FIT


def test_what_cannot_be_made_up_for_is_not_fit() -> None:
    for check, name, count in [
        ("triage", "false alarms", (4, 10)),
        ("triage", "caught", (5, 10)),
        ("read", "known invented", (5, 10)),
        ("respond", "invents nothing", (5, 10)),
    ]:
        assert overall(judge_role(Role.TARGET, findings(Role.TARGET, **{check: {name: count}}))).fitness is (
            Fitness.UNFIT
        )


def test_too_much_unanswered_is_no_verdict_unless_it_is_unfit_already() -> None:
    assert judge_check("triage", Finding(counts_of("triage"), 10, 1)).fitness is Fitness.FIT
    assert judge_check("triage", Finding(counts_of("triage"), 10, 2)).fitness is Fitness.UNDECIDED
    assert judge_check("triage", Finding({}, 10, 10)).fitness is Fitness.UNDECIDED
    bad = {**counts_of("triage"), "false alarms": (9, 10)}
    assert judge_check("triage", Finding(bad, 10, 2)).fitness is Fitness.UNFIT


@given(st.lists(st.integers(0, 10), min_size=5, max_size=5))
def test_no_threshold_parts_better_than_the_one_recommended_for_a_weak_default(parted: list[int]) -> None:
    counts = {separates(threshold): (count, 10) for threshold, count in zip(THRESHOLDS, parted, strict=True)}
    chosen = threshold_for(counts)
    assert counts[separates(chosen)][0] == max(parted) or (chosen == 4 and counts[separates(4)][0] >= 7.5)


@given(st.integers(0, 10), st.integers(0, 10))
def test_more_right_answers_never_make_a_verdict_worse(one: int, other: int) -> None:
    order = [Fitness.UNFIT, Fitness.UNDECIDED, Fitness.SETTINGS, Fitness.FIT]
    low, high = sorted((one, other))
    for measure in MEASURES:
        if measure.least is None or measure.name == "parts":
            continue
        verdicts = [
            judge_check(measure.check, Finding({**counts_of(measure.check), measure.name: (part, 10)}, 10))
            for part in (low, high)
        ]
        assert order.index(verdicts[0].fitness) <= order.index(verdicts[1].fitness)
