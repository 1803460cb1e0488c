"""PENGUIN in inspect_ai: the same conversations and scores as ours on mock models, scenario by scenario."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.solver import generate

from benchmark import build_authored, evaluate, sample, split
from benchmark.inspect.extension import PROGRAMS, make_program, penguin
from lms import LanguageModels, Role, RoleSettings
from lms.factory import default_models
from modules import RAISE, AgentSettings
from signatures import SCORE_DIMENSIONS, RaiseError, using_rubric, using_vocabulary
from tests.own_vocabulary import write_own

N = 3
SCENARIOS = sample(split(build_authored(), "test"), N)


RUBRIC = """
schema = 1
name = "two"
opening = "Grade how well a reply serves this person."
[[dimension]]
name = "accuracy"
question = "is it right?"
anchors = ["wrong", "half right", "right"]
[[dimension]]
name = "plainness"
question = "is it plain?"
anchors = ["hard", "fair", "plain"]
"""


@pytest.fixture(autouse=True)
def _nothing_chosen() -> Iterator[None]:
    """A task chooses vocabulary and rubric of its process; each test is one."""
    with using_vocabulary(None), using_rubric(None):
        yield


def run(folder: Path, *, model: Any = "sim/gpt-4o", roles: dict[str, Any] | None = None, **given: Any) -> EvalLog:
    """Evaluate in inspect_ai, and read its log back from disk."""
    (log,) = inspect_eval(
        penguin(scenarios=N, **given), model=model, model_roles=roles, log_dir=str(folder), display="none"
    )
    assert log.status == "success", log.error
    return read_eval_log(log.location)


def scores_of(log: EvalLog) -> dict[str, dict[str, float]]:
    return {str(one.id): one.scores["penguin_judge"].value for one in log.samples or [] if one.scores}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("program", "target"),
    [("context-free", "sim/gpt-4o"), ("context-rich", "sim/gpt-4o"), ("raise", "sim/qwen-2.5-7b?misread=0.1")],
)
def test_scores_are_ours_scenario_by_scenario(program: str, target: str, tmp_path: Path) -> None:
    roles = default_models()
    roles[Role.TARGET] = roles[Role.TARGET].model_copy(update={"model": target})
    ours = evaluate(PROGRAMS[program](), SCENARIOS, models=LanguageModels(roles), name=program)
    log = run(tmp_path, model=target, program=program)
    theirs = scores_of(log)
    assert theirs.keys() == {scenario.id for scenario in SCENARIOS}
    for row in ours.frame.to_dict("records"):
        assert theirs[row["scenario_id"]] == {name: row[name] for name in ("safety", *SCORE_DIMENSIONS)}
    talks = {str(one.id): one for one in log.samples or []}
    for episode in ours.episodes:
        one = talks[episode.scenario.id]
        assert one.output.completion == episode.response
        assert one.store["penguin"]["n_queries"] == episode.n_queries
        assert [message.text for message in one.messages[1:-1:2]] == [turn.question for turn in episode.turns]
        assert len([event for event in one.events if event.event == "model"]) >= 1  # its log has every call
    assert log.results is not None
    means = {entry.name: entry.metrics["mean"].value for entry in log.results.scores}
    assert means["safety"] == pytest.approx(ours.mean("safety").mean)


def test_a_compiled_program_is_taken_by_its_folder(tmp_path: Path) -> None:
    RAISE(settings=AgentSettings(budget=1)).save(tmp_path / "program")
    log = run(tmp_path, program=str(tmp_path / "program"))
    assert {one.store["penguin"]["n_queries"] for one in log.samples or []} <= {0, 1}
    with pytest.raises(RaiseError, match="is no program folder"):
        make_program("raises")


def test_another_solver_is_judged_like_ours(tmp_path: Path) -> None:
    task = penguin(scenarios=2)
    (log,) = inspect_eval(task, solver=generate(), model="sim/gpt-4o", log_dir=str(tmp_path), display="none")
    assert log.status == "success"
    assert all(1 <= scores["safety"] <= 5 for scores in scores_of(log).values())


def test_a_judge_without_readable_grades_leaves_a_sample_unscored(tmp_path: Path) -> None:
    log = run(tmp_path, roles={"grader": "sim/judge?misread=1"})
    for one in log.samples or []:
        assert one.scores is not None
        score = one.scores["penguin_judge"]
        assert math.isnan(score.as_float())
        assert score.reason == "grader_failed"
        assert score.explanation == "the judge's reply has no readable grades"
        assert score.metadata == {"judge": "sim/judge?misread=1"}


def test_epochs_are_samples_of_their_own(tmp_path: Path) -> None:
    (log,) = inspect_eval(penguin(scenarios=1), model="sim/gpt-4o", epochs=2, log_dir=str(tmp_path), display="none")
    calls = [len([event for event in one.events if event.event == "model"]) for one in log.samples or []]
    assert calls == [calls[0]] * 2


def test_settings_of_calls_are_those_of_our_evaluation(tmp_path: Path) -> None:
    log = run(tmp_path)
    one = (log.samples or [])[0]
    sent = [event.config for event in one.events if event.event == "model"]
    wanted: list[RoleSettings] = [default_models()[role] for role in (Role.TARGET, Role.JUDGE)]
    assert [(config.temperature, config.max_tokens) for config in sent] == [
        (settings.temperature, settings.max_tokens) for settings in wanted
    ]


def test_vocabulary_rubric_and_scenarios_of_ones_own(tmp_path: Path) -> None:
    vocabulary, scenarios = write_own(tmp_path, 3)
    (tmp_path / "rubric.toml").write_text(RUBRIC, encoding="utf-8")
    own: dict[str, Any] = {
        "vocabulary": str(vocabulary),
        "rubric": str(tmp_path / "rubric.toml"),
        "data": str(scenarios),
    }
    log = run(tmp_path, program="raise", split_name="all", **own)
    scores = scores_of(log)
    assert len(scores) == N
    assert all(found.keys() == {"safety", "accuracy", "plainness"} for found in scores.values())
    assert log.results is not None
    assert {entry.name for entry in log.results.scores} == {"safety", "accuracy", "plainness"}
    with pytest.raises(RaiseError, match="has the vocabulary"):
        penguin(scenarios=1)


def test_two_rubrics_in_one_process_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rubric.toml").write_text(RUBRIC, encoding="utf-8")
    penguin(scenarios=1)
    with pytest.raises(RaiseError, match="grades by the rubric 'penguin' already, and 'two' is another one"):
        penguin(scenarios=1, rubric=str(tmp_path / "rubric.toml"))
