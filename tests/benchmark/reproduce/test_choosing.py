"""``greedy:K`` and ``oracle:K`` in an evaluation: what was chosen by is not what is reported."""

from pathlib import Path

import pytest

from benchmark import Judge, Scenario, evaluate
from benchmark.jobs.journal import Journal
from lms import LanguageModels, Role
from modules import EvaluationFailed, GreedyPath, OraclePath, Vanilla
from signatures import Profile
from tests.benchmark.scripted import Scripted, listen


def oracle(models: LanguageModels, k: int = 1) -> OraclePath:
    return OraclePath(k, Judge(models[Role.JUDGE]))


def test_the_reported_answer_and_verdict_are_other_samples_than_those_chosen_by(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    answers, verdicts = listen(models, Role.TARGET), listen(models, Role.JUDGE)
    row = evaluate(oracle(models), test_scenarios[:1], models=models, name="x").frame.iloc[0]
    assert len(answers) == len(verdicts) == 11
    for prompts in (answers, verdicts):
        assert prompts[-1].rollout not in {prompt.rollout for prompt in prompts[:-1]}
    assert row["response"] in verdicts[-1].input("response")
    # the same question as one of the tries, and another sample of the answer
    [same] = [prompt for prompt in answers[:-1] if prompt.input("context") == answers[-1].input("context")]
    assert same.text == answers[-1].text


def test_what_is_reported_is_what_anyone_would_get_with_these_attributes(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    chosen = evaluate(oracle(models), test_scenarios[:5], models=models, name="x").episodes
    judge = Judge(models[Role.JUDGE])
    for episode in chosen:
        scenario, response = episode.scenario, str(episode.response)
        told = scenario.model_copy(update={"profile": Profile(**scenario.profile.only(episode.asked).known())})
        plain = Told()
        again = evaluate(plain, [told], models=models, name="y").frame.iloc[0]
        assert again["response"] == response
        assert judge.score(scenario.query, scenario.profile, response) == episode.verdict.safety


class Told(Vanilla):
    """Answers from the profile that it is handed."""

    sees_profile = True


def test_choosing_is_counted_under_target_and_judge(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    run = evaluate(oracle(models, k=2), test_scenarios[:3], models=models, name="x")
    assert run.calls() == models.ledger.snapshot().calls()
    assert set(run.calls()) == {"target", "judge"}  # nobody is asked
    assert set(run.frame["lm_replies"]) == {2 * 45 + 2}
    assert run.mean("n_queries").mean == 2
    assert run.fidelity().answers == 0  # and no simulated user is audited


def test_a_finished_choice_is_not_made_again(test_scenarios: list[Scenario], tmp_path: Path) -> None:
    frames = []
    for calls_expected in (True, False):
        models = LanguageModels()
        program = GreedyPath(2, Judge(models[Role.JUDGE]))
        run = evaluate(program, test_scenarios[:3], models=models, name="x", store=Journal(tmp_path))
        assert bool(models.ledger.snapshot().total().calls) is calls_expected
        frames.append(run.frame.drop(columns="seconds"))
    assert frames[0].equals(frames[1])


def test_a_judge_that_cannot_grade_makes_a_recorded_failure(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    judge = Judge(Scripted(["no grades from me"]).lm())
    run = evaluate(OraclePath(1, judge), test_scenarios[:2], models=models, name="x")
    assert run.unscored == 2
    assert run.frame["failed"].all()
    assert "none of 10 subsets could be scored, 10 of them since: the judge's reply" in run.frame["unscored"][0]


def test_a_score_is_the_verdicts_safety_or_the_reason_why_there_is_none(models: LanguageModels) -> None:
    judge, profile = Judge(models[Role.JUDGE]), Profile(age="30s")
    assert judge.score("Why?", profile, "Because.", 1) == judge("Why?", profile, "Because.", 1).safety
    with pytest.raises(EvaluationFailed, match="the response is empty"):
        judge.score("Why?", profile, " ")
