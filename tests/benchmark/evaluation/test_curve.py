"""Safety against questions: worked out by hand on tables, and measured on conversations with stand-ins."""

import json
import math
from pathlib import Path
from typing import Any

import dspy
import numpy as np
import pytest
from dspy.lm15 import AuthError
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Curve, Evaluation, Judge, Scenario, evaluate, measure_curve
from benchmark.jobs.journal import Journal
from lms import LanguageModels, Role
from modules import RAISE, ContextRich, OraclePath, RandomPath, Vanilla
from modules.crisis.guard import plainly_acute
from signatures import RaiseError, UserContext
from tests.benchmark.scripted import Scripted, listen

NAN = math.nan
FEW = 7


def curve(table: list[list[float]], rich: list[float] | None = None, situations: list[str] | None = None) -> Curve:
    names = situations or [f"s{i}" for i in range(len(table))]
    return Curve("x", np.array(table), names, np.array(rich or [5.0] * len(table)), simulated=True)


def measured(
    program: dspy.Module, scenarios: list[Scenario], models: LanguageModels, **more: Any
) -> tuple[Evaluation, Curve]:
    store = {"store": more["store"]} if "store" in more else {}
    done = evaluate(program, scenarios, models=models, name="x", **store)
    rich = evaluate(ContextRich(), scenarios, models=models, name="rich", **store)
    return done, measure_curve(program, done, rich, models=models, **more)


# By hand


def test_points_are_means_over_all_scenarios() -> None:
    points = curve([[1.0, 2.0, 4.0], [3.0, 4.0, 5.0]]).points()
    assert [(p.questions, p.safety, p.n, p.unscored) for p in points] == [
        (0, 2.0, 2, 0),
        (1, 3.0, 2, 0),
        (2, 4.5, 2, 0),
    ]
    assert all(p.safety_lo <= p.safety <= p.safety_hi for p in points)


def test_what_is_unscored_is_counted_at_its_point_and_never_averaged() -> None:
    points = curve([[1.0, NAN], [3.0, 4.0], [NAN, NAN]]).points()
    assert [(p.safety, p.n, p.unscored) for p in points] == [(2.0, 3, 1), (4.0, 3, 2)]


def test_the_area_goes_on_with_the_last_point_and_is_the_same_whoever_asked_more() -> None:
    assert curve([[1.0, 4.0], [1.0, 4.0]]).area()[0] == pytest.approx((1 + 5 * 4) / 6)
    assert curve([[2.0], [3.0]]).area()[0] == 2.5
    longer = curve([[1.0, 4.0, 4.0, 4.0, 4.0, 4.0, 5.0, 5.0]] * 2)
    assert longer.area()[0] == pytest.approx((1 + 5 * 4) / 6)  # what comes after five questions is not in it


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 8).flatmap(
    lambda width: st.lists(st.lists(st.integers(3, 15), min_size=width, max_size=width), min_size=2, max_size=6)
))  # fmt: skip
def test_area_and_bounds_stay_on_the_scale_and_between_the_points(thirds: list[list[int]]) -> None:
    found = curve([[value / 3 for value in row] for row in thirds])
    area, lo, hi = found.area()
    means = [point.safety for point in found.points()]
    assert min(means) - 1e-9 <= area <= max(means) + 1e-9
    assert 1 - 1e-9 <= lo <= area + 1e-9
    assert area - 1e-9 <= hi <= 5 + 1e-9


def test_the_fewest_questions_that_reach_95_percent_of_context_rich() -> None:
    rising = [[2.0, 3.8, 3.7, 4.0]] * 4
    assert curve(rising, [4.0] * 4).questions_for() == (1, 1, 1)  # 0.95 * 4 = 3.8; that it sinks again does not matter
    assert curve(rising, [4.2] * 4).questions_for() == (3, 3, 3)
    assert curve(rising, [4.5] * 4).questions_for() == (None, None, None)
    assert curve(rising, [NAN] * 4).questions_for() == (None, None, None)


def test_the_interval_of_questions_tells_how_sure_that_is() -> None:
    # half the situations reach it at once, the others with the third question
    table = [[4.0, 4.0, 4.0], [2.0, 2.0, 4.0]] * 6
    needed, lo, hi = curve(table, [4.0] * 12).questions_for(share=0.8)
    assert (needed, lo, hi) == (2, 0, 2)


def test_one_situation_has_no_interval() -> None:
    found = curve([[1.0, 5.0], [3.0, 5.0]], situations=["s", "s"]).as_dict()
    assert found["points"][0] == {
        "questions": 0, "safety": 2.0, "safety_lo": None, "safety_hi": None, "n": 2, "unscored": 0,
    }  # fmt: skip
    assert (found["area_lo"], found["questions_for_95"], found["questions_for_95_lo"]) == (None, 1, None)


def test_nothing_scored_is_null_in_json() -> None:
    found = curve([[NAN], [NAN]], [NAN, NAN]).as_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["area"], found["questions_for_95"], found["context_rich"]) == (None, None, None)
    assert found["points"] == [
        {"questions": 0, "safety": None, "safety_lo": None, "safety_hi": None, "n": 2, "unscored": 2}
    ]


# On conversations


def test_after_all_its_questions_a_conversation_has_the_evaluations_score_and_keeps_it(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    done, found = measured(RAISE(), test_scenarios, models)
    asked = done.frame["n_queries"].tolist()
    assert found.table.shape == (len(test_scenarios), max(asked) + 1)
    assert len(set(asked)) > 1
    for row, n, safety in zip(found.table, asked, done.frame["safety"], strict=True):
        assert (row[n:] == safety).all()
    assert found.points()[-1].safety == pytest.approx(done.mean("safety").mean)


def test_without_questions_it_answers_as_vanilla_does(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    calm = [scenario for scenario in test_scenarios if not plainly_acute(scenario.query)]  # vanilla has no guard
    _, found = measured(RandomPath(2), calm, models)
    plain = evaluate(Vanilla(), calm, models=models, name="vanilla").frame
    assert found.table[:, 0].tolist() == plain["safety"].tolist()


def test_each_answer_is_given_from_what_was_known_then_and_judged_against_the_whole_profile(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    program = RandomPath(3)
    done = evaluate(program, test_scenarios[:1], models=models, name="x")
    rich = evaluate(ContextRich(), test_scenarios[:1], models=models, name="rich")
    fresh = LanguageModels()  # everything is asked anew
    answers, verdicts = listen(fresh, Role.TARGET), listen(fresh, Role.JUDGE)
    measure_curve(program, done, rich, models=fresh)
    context, expected = UserContext(), []
    for turn in done.frame.iloc[0]["turns"]:
        expected.append(context.as_text())
        context = context.learn(turn["heard"])
    assert [prompt.input("context") for prompt in answers] == list(dict.fromkeys(expected))
    assert len(expected) == 3
    assert {prompt.input("profile") for prompt in verdicts} == {test_scenarios[0].profile.as_text()}


def test_the_programs_own_responder_answers(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    program = RandomPath(1)
    program.respond.signature = program.respond.signature.with_instructions("Answer in verse.")
    done = evaluate(program, test_scenarios[:2], models=models, name="x")
    rich = evaluate(ContextRich(), test_scenarios[:2], models=models, name="rich")
    prompts = listen(models, Role.TARGET)
    measure_curve(program, done, rich, models=models)
    assert len(prompts) == 2
    assert all("Answer in verse." in prompt.text for prompt in prompts)


def test_programs_that_ask_nothing_have_one_point_and_cost_nothing(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    for program in (Vanilla(), ContextRich()):
        done, found = measured(program, test_scenarios[:FEW], models)
        assert found.table.tolist() == [[safety] for safety in done.frame["safety"]]
        assert found.lm_calls == {}


def test_reference_points_have_a_curve_too(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    done, found = measured(OraclePath(2, Judge(models[Role.JUDGE])), test_scenarios[:2], models)
    assert found.table.shape == (2, 3)
    assert found.table[:, 2].tolist() == done.frame["safety"].tolist()


def test_going_on_asks_no_answered_call_again(test_scenarios: list[Scenario], tmp_path: Path) -> None:
    models = LanguageModels()
    _, first = measured(RAISE(), test_scenarios[:FEW], models, store=Journal(tmp_path))
    assert sum(first.lm_calls.values()) > 0
    later = LanguageModels()  # without the stored replies
    _, second = measured(RAISE(), test_scenarios[:FEW], later, store=Journal(tmp_path))
    assert later.ledger.snapshot().total().calls == 0
    assert second.as_dict() == first.as_dict()


def test_after_a_kill_in_the_middle_of_a_line_one_answer_is_given_again(
    test_scenarios: list[Scenario], tmp_path: Path
) -> None:
    measured(RandomPath(2), test_scenarios[:FEW], LanguageModels(), store=Journal(tmp_path))
    file = tmp_path / "episodes.jsonl"
    file.write_bytes(file.read_bytes()[:-50])
    again = LanguageModels()
    measured(RandomPath(2), test_scenarios[:FEW], again, store=Journal(tmp_path))
    assert again.ledger.snapshot().calls() == {"target": 1, "judge": 1}


def test_concurrency_changes_nothing(test_scenarios: list[Scenario]) -> None:
    found = [measured(RAISE(), test_scenarios, LanguageModels(), concurrency=c)[1].as_dict() for c in (1, 4)]
    assert found[0] == found[1]


def test_answers_that_cannot_be_judged_are_unscored_with_the_reason(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    judge = Judge(Scripted(["no grades from me"]).lm())
    done, found = measured(RandomPath(2), test_scenarios[:FEW], models, judge=judge)
    early = int(done.frame["n_queries"].sum())
    assert sum(point.unscored for point in found.points()) == early > FEW
    assert found.as_dict()["unscored_reasons"] == {"the judge's reply has no readable grades": early}
    assert found.points()[2].safety == pytest.approx(done.mean("safety").mean)


def test_failures_are_recorded_and_asked_for_again_next_time(test_scenarios: list[Scenario], tmp_path: Path) -> None:
    program, models = RandomPath(2), LanguageModels()
    done, rich = (
        evaluate(p, test_scenarios[:FEW], models=models, name="x", store=Journal(tmp_path))
        for p in (program, ContextRich())
    )
    early = int(done.frame["n_queries"].sum())
    first = measure_curve(program, done, rich, models=models, judge=Judging(models), store=Journal(tmp_path))
    assert np.isnan(first.table).sum() == early > FEW
    assert first.reasons == {"ConnectionError: nobody there": early}
    second = measure_curve(program, done, rich, models=models, store=Journal(tmp_path))
    assert [point.unscored for point in second.points()] == [0, 0, 0]


class Judging(Judge):
    """A judge that cannot be reached."""

    def __init__(self, models: LanguageModels) -> None:
        super().__init__(models[Role.JUDGE])

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise ConnectionError("nobody there")


class Breaks(Vanilla):
    """Fails in every conversation."""

    def forward(self, query: str, *_: Any, **__: Any) -> dspy.Prediction:
        raise ValueError("no answer")


def test_a_conversation_that_failed_is_unscored_at_every_point(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    _, found = measured(Breaks(), test_scenarios[:FEW], models)
    assert [(p.questions, p.n, p.unscored) for p in found.points()] == [(0, FEW, FEW)]


def test_a_mistake_that_would_fail_every_answer_stops_it(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    program = RandomPath(2)
    done = evaluate(program, test_scenarios[:FEW], models=models, name="x")
    rich = evaluate(ContextRich(), test_scenarios[:FEW], models=models, name="rich")

    def locked(request: object) -> None:
        raise AuthError("bad key")

    fresh = LanguageModels()
    listen(fresh, Role.TARGET)
    fresh[Role.TARGET].engine.model.answer = locked
    with pytest.raises(dspy.utils.exceptions.LMAuthError):
        measure_curve(program, done, rich, models=fresh)


def test_a_curve_needs_a_responder_and_context_rich_on_the_same_scenarios(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    done = evaluate(Vanilla(), test_scenarios[:2], models=models, name="vanilla")
    part = evaluate(ContextRich(), test_scenarios[:1], models=models, name="rich")
    with pytest.raises(RaiseError, match="rich was not evaluated on scenario"):
        measure_curve(Vanilla(), done, part, models=models)
    with pytest.raises(RaiseError, match="no responder"):
        measure_curve(dspy.Module(), done, done, models=models)
