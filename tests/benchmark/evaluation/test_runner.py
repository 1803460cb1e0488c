"""Running programs over scenarios: every scenario has its row, nothing is run twice, nothing leaks."""

from pathlib import Path
from typing import Any

import dspy
import pandas as pd
import pytest
from dspy.lm15 import AuthError

from benchmark import Evaluation, Judge, Scenario, evaluate
from benchmark.jobs.journal import Journal
from lms import LanguageModels, Role, RoleSettings
from modules import (
    RAISE,
    AgentSettings,
    ContextRich,
    OraclePath,
    Vanilla,
)
from signatures import SCORE_DIMENSIONS, Conversation, RaiseError, Respond, StopReason, UserContext
from tests.benchmark.scripted import Scripted, listen

VOLATILE = ["seconds"]


class Counting(Vanilla):
    """Answers without a model, and counts; raises for queries in ``fails``."""

    def __init__(self, fails: frozenset[str] = frozenset(), silent: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._fails, self._silent = fails, silent
        self._ran: list[str] = []

    def forward(self, query: str, *_: Any, **__: Any) -> dspy.Prediction:
        self._ran.append(query)
        if query in self._fails:
            raise ValueError("no answer to this one")
        text = "" if query in self._silent else "It makes sense that you ask. First, write down what you need."
        return answered(query, text)

    @property
    def ran(self) -> list[str]:
        return self._ran


def answered(query: str, text: str) -> dspy.Prediction:
    from modules import prediction

    return prediction(
        Conversation(query=query, context=UserContext()), Respond(text=text, reason=StopReason.SUFFICIENT)
    )


def queries(scenarios: list[Scenario]) -> list[str]:
    return [scenario.query for scenario in scenarios]


def comparable(evaluation: Evaluation) -> pd.DataFrame:
    return evaluation.frame.drop(columns=VOLATILE)


def test_one_row_a_scenario_in_order(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    frame = evaluate(RAISE(), test_scenarios, models=models, name="raise").frame
    assert frame["scenario_id"].tolist() == [s.id for s in test_scenarios]
    assert frame["situation"].tolist() == [s.situation for s in test_scenarios]
    for row in frame.to_dict(orient="records"):
        assert row["safety"] == pytest.approx(sum(row[name] for name in SCORE_DIMENSIONS) / 3)
        assert row["n_queries"] == len(row["asked"]) == len(row["turns"])


def test_a_failing_program_is_a_recorded_failure_and_the_run_goes_on(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    bad = test_scenarios[4]
    run = evaluate(Counting(frozenset([bad.query])), test_scenarios, models=models, name="x")
    failed = run.frame[run.frame["failed"]]
    assert failed["scenario_id"].tolist() == [bad.id]
    assert failed["unscored"].tolist() == ["ValueError: no answer to this one"]
    assert failed["safety"].isna().all()
    assert (run.unscored, len(run.scored)) == (1, len(test_scenarios) - 1)


def test_unscored_rows_are_counted_and_never_averaged(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    silent = frozenset(queries(test_scenarios[:6]))
    part = evaluate(Counting(silent=silent), test_scenarios, models=models, name="x")
    rest = evaluate(Counting(), test_scenarios[6:], models=models, name="x")
    assert part.unscored == 6
    assert set(part.frame["unscored"][:6]) == {"the response is empty"}
    assert part.mean("safety") == rest.mean("safety")
    assert part.summary()["n"] == len(test_scenarios)
    assert part.summary()["unscored"] == 6


def test_a_judge_that_cannot_grade_leaves_everything_unscored_with_the_reason(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    judge = Judge(Scripted(["no grades from me"]).lm())
    run = evaluate(Counting(), test_scenarios[:3], models=models, name="x", judge=judge)
    assert run.unscored == 3
    assert set(run.frame["unscored"]) == {"the judge's reply has no readable grades"}
    assert not run.frame["failed"].any()


def test_a_finished_run_asks_nothing_again(
    models: LanguageModels, test_scenarios: list[Scenario], tmp_path: Path
) -> None:
    first = evaluate(RAISE(), test_scenarios[:7], models=models, name="x", store=Journal(tmp_path))
    later = LanguageModels()
    second = evaluate(RAISE(), test_scenarios[:7], models=later, name="x", store=Journal(tmp_path))
    assert later.ledger.snapshot().total().calls == 0
    assert second.summary() == first.summary()


def test_going_on_runs_only_what_failed_or_is_missing(
    models: LanguageModels, test_scenarios: list[Scenario], tmp_path: Path
) -> None:
    asked = queries(test_scenarios)
    first = Counting(frozenset(asked[2:4]))
    evaluate(first, test_scenarios[:10], models=models, name="x", store=Journal(tmp_path))
    second = Counting()
    run = evaluate(second, test_scenarios, models=models, name="x", store=Journal(tmp_path))
    assert first.ran == asked[:10]
    assert second.ran == asked[2:4] + asked[10:]
    assert run.unscored == 0


def test_after_a_kill_in_the_middle_of_a_line_one_episode_is_run_again(
    models: LanguageModels, test_scenarios: list[Scenario], tmp_path: Path
) -> None:
    evaluate(Counting(), test_scenarios, models=models, name="x", store=Journal(tmp_path))
    file = tmp_path / "episodes.jsonl"
    file.write_bytes(file.read_bytes()[:-50])
    again = Counting()
    run = evaluate(again, test_scenarios, models=models, name="x", store=Journal(tmp_path))
    assert again.ran == [test_scenarios[-1].query]
    assert len(run.frame) == len(test_scenarios)


@pytest.mark.parametrize("role", [Role.TARGET, Role.JUDGE, Role.USER])
def test_other_models_do_not_share_episodes(role: Role, test_scenarios: list[Scenario], tmp_path: Path) -> None:
    program = Counting()
    other = {role: RoleSettings(model="sim/qwen-2.5-7b", temperature=0.3)}
    evaluate(program, test_scenarios[:2], models=LanguageModels(), name="x", store=Journal(tmp_path))
    evaluate(program, test_scenarios[:2], models=LanguageModels(other), name="x", store=Journal(tmp_path))
    assert len(program.ran) == 4


def test_concurrency_changes_nothing(test_scenarios: list[Scenario]) -> None:
    """Except for which of two conversations pays for a prompt that both send."""
    runs = [evaluate(RAISE(), test_scenarios, models=LanguageModels(), name="x", concurrency=c) for c in (1, 4)]
    paid = ["lm_calls", "input_tokens", "output_tokens"]
    one, other = (comparable(run).drop(columns=paid) for run in runs)
    pd.testing.assert_frame_equal(one, other)
    assert runs[0].calls() == runs[1].calls()
    assert runs[0].frame["input_tokens"].sum() == runs[1].frame["input_tokens"].sum()


def test_a_mistake_that_would_fail_every_episode_stops_the_run(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    program = Vanilla()
    program.sees_profile = False
    engine = models[Role.TARGET].engine

    def locked(request: object) -> None:
        raise AuthError("bad key")

    listen(models, Role.TARGET)
    engine.model.answer = locked
    with pytest.raises(dspy.utils.exceptions.LMAuthError):
        evaluate(program, test_scenarios, models=models, name="x")


def test_our_own_refusals_are_not_swallowed(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    blind = ContextRich()
    blind.sees_profile = False
    with pytest.raises(RaiseError, match="pass it as context"):
        evaluate(blind, test_scenarios, models=models, name="x")


# Leaks


def test_vanilla_never_shows_the_target_a_profile_value(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    prompts = listen(models, Role.TARGET)
    evaluate(Vanilla(), test_scenarios, models=models, name="vanilla")
    assert len(prompts) >= len(test_scenarios)
    for prompt in prompts:
        assert prompt.input("context") == "(nothing is known about this person yet)"
    everything = "\n".join(prompt.text for prompt in prompts)
    leaked = {v for s in test_scenarios for v in s.profile.known().values() if v != "none" and v in everything}
    assert leaked - {v for v in leaked if any(v in s.query for s in test_scenarios)} == set()


def test_context_rich_shows_the_target_the_whole_profile(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    prompts = listen(models, Role.TARGET)
    evaluate(ContextRich(), test_scenarios, models=models, name="context-rich")
    shown = [prompt.input("context") for prompt in prompts if not prompt.json]
    assert shown == [scenario.profile.as_text() for scenario in test_scenarios]


def test_raise_starts_from_nothing_and_knows_only_what_it_was_told(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    scenario = test_scenarios[0]
    prompts = listen(models, Role.TARGET)
    row = evaluate(RAISE(), [scenario], models=models, name="raise").frame.iloc[0]
    contexts = [prompt.input("context") for prompt in prompts if "context" in prompt.inputs]
    assert contexts[0] == "(nothing is known about this person yet)"
    heard = {value for turn in row["turns"] for value in turn["heard"].values()}
    for line in contexts[-1].splitlines():
        assert line.partition(": ")[2] in heard or line.startswith("(")


def test_the_user_and_the_target_never_see_the_judges_rubric_or_the_situation(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    heard = [listen(models, role) for role in (Role.TARGET, Role.USER)]
    evaluate(RAISE(), test_scenarios[:5], models=models, name="raise")
    for prompt in (prompt for prompts in heard for prompt in prompts):
        assert "risk_sensitivity" not in prompt.text
        assert not any(scenario.situation in prompt.text for scenario in test_scenarios)


# Identity (``tests/modules/test_identity.py`` has that of programs without a judge)


def oracle(lm: dspy.LM) -> OraclePath:
    return OraclePath(2, Judge(lm))


def test_the_judge_that_a_program_chooses_by_is_part_of_its_identity() -> None:
    scripted, simulated = oracle(Scripted([]).lm()), oracle(LanguageModels()[Role.JUDGE])
    assert scripted.identity() != simulated.identity()
    assert simulated.identity() == oracle(LanguageModels()[Role.JUDGE]).identity() == simulated.deepcopy().identity()


def test_a_user_model_that_does_not_answer_is_not_booked_on_the_program(test_scenarios: list[Scenario]) -> None:
    models = LanguageModels({Role.USER: RoleSettings(model="sim/user?misread=1", temperature=0.0)})
    done = evaluate(RAISE(), test_scenarios, models=models, name="x")
    silent = [episode for episode in done.episodes if episode.n_queries]
    assert len(silent) > len(test_scenarios) / 2
    for episode in silent:
        assert episode.verdict.unscored == (
            f"the user's model gave no readable reply to {episode.n_queries} of {episode.n_queries} questions"
        )
    assert done.no_conclusion
    assert done.summary()["unreadable"]["user"] == sum(episode.n_queries or 0 for episode in silent)


def test_a_lost_answer_now_and_then_leaves_the_conversation_scored(test_scenarios: list[Scenario]) -> None:
    models = LanguageModels({Role.USER: RoleSettings(model="sim/user?misread=0.1", temperature=0.0)})
    program = RAISE(settings=AgentSettings(threshold=5, budget=5))
    done = evaluate(program, test_scenarios, models=models, name="x")
    some = [episode for episode in done.episodes if 0 < episode.lost_answers <= (episode.n_queries or 0) / 3]
    assert some
    assert all(episode.verdict.safety is not None for episode in some)
