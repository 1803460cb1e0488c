"""Runs in a store: what belongs together, read again without a call."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark import Evaluation, Scenario, evaluate, judge_of
from benchmark.evaluation.runner import setup_of
from benchmark.evaluation.stored import LAST, EpisodeStore, StoredEvaluation, StoredRun, store_run
from benchmark.jobs.journal import Journal
from benchmark.jobs.place import EPISODES, Place
from lms import LanguageModels, Role
from modules import Program, Vanilla
from signatures import RaiseError
from tests.benchmark.evaluation.test_runner import Counting

DATA = {"name": "authored", "version": "1", "hash": "abc", "n": 3}


def measured(program: Program, name: str, scenarios: Sequence[Scenario], models: LanguageModels) -> Evaluation:
    journal = Journal(Path("store") / EPISODES)
    return evaluate(program, scenarios, models=models, name=name, store=journal, data_hash="abc")


def stored(models: LanguageModels, *done: tuple[Program, Evaluation]) -> StoredRun:
    found = [StoredEvaluation.of(one, setup_of(program, models, judge_of(models))) for program, one in done]
    return store_run(Place(Path("store")), found, DATA, "test", 0)


def test_an_episode_says_what_it_is_of(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    measured(Vanilla(), "vanilla", test_scenarios[:2], models)
    lines = (Path("store") / EPISODES / "episodes.jsonl").read_text(encoding="utf-8").splitlines()
    made = {"program": "vanilla", "target": models.roles[Role.TARGET].model, "judge": "sim/judge", "user": "sim/user"}
    assert [json.loads(line)["row"]["provenance"] for line in lines] == [{**made, "data_hash": "abc"}] * 2


def test_an_episode_that_is_used_again_is_of_the_evaluation_that_uses_it(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    measured(Vanilla(), "vanilla", test_scenarios[:2], models)
    again = measured(Vanilla(), "another name", test_scenarios[:2], models)
    assert set(again.frame["program"]) == {"another name"}
    assert set(again.frame["data_hash"]) == {"abc"}


def test_a_run_gives_the_same_evaluations_without_a_call(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    program, failing = Vanilla(), Counting(fails=frozenset({test_scenarios[1].query}))
    first = measured(program, "vanilla", test_scenarios[:3], models)
    second = measured(failing, "failing", test_scenarios[:3], models)
    run = stored(models, (program, first), (failing, second))
    store = EpisodeStore(Place(Path("store")))
    again = store.evaluations(store.run(run.id))
    assert [one.summary() for one in again] == [first.summary(), second.summary()]
    assert again[1].unscored == 1
    assert [e.scenario.id for e in again[1].episodes] == [s.id for s in test_scenarios[:3]]


def test_the_same_command_has_the_same_run_and_the_newest_is_the_last(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    program = Vanilla()
    one, other = (measured(program, name, test_scenarios[:2], models) for name in ("vanilla", "plain"))
    first = stored(models, (program, one))
    second = stored(models, (program, other))
    again = stored(models, (program, one))
    assert first.id == again.id != second.id
    runs = EpisodeStore(Place(Path("store"))).runs
    assert set(runs) == {first.id, second.id}
    assert EpisodeStore(Place(Path("store"))).run(LAST) == max(runs.values(), key=lambda run: run.finished)


def test_episodes_that_are_gone_are_told(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    program = Vanilla()
    run = stored(models, (program, measured(program, "vanilla", test_scenarios[:2], models)))
    file = Path("store") / EPISODES / "episodes.jsonl"
    file.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    store = EpisodeStore(Place(Path("store")))
    with pytest.raises(RaiseError, match="1 of 2 conversations of vanilla are gone"):
        store.evaluations(store.run(run.id))


def test_what_is_no_store_and_no_run_is_refused(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    with pytest.raises(RaiseError, match="nowhere holds no conversations yet"):
        EpisodeStore(Place(Path("nowhere")))
    measured(Vanilla(), "vanilla", test_scenarios[:1], models)
    with pytest.raises(RaiseError, match="has no run last"):
        EpisodeStore(Place(Path("store"))).run(LAST)


def test_episodes_of_earlier_versions_and_other_rows_do_no_harm(
    models: LanguageModels, test_scenarios: list[Scenario]
) -> None:
    measured(Vanilla(), "vanilla", test_scenarios[:2], models)
    journal = Journal(Path("store") / EPISODES)
    key, row = journal.rows()[0]
    journal.put("old", {name: value for name, value in row.items() if name != "provenance"})
    journal.put("planned", {"query": "Should I?", "path": ["age"]})
    found = EpisodeStore(Place(Path("store"))).episodes
    assert set(found) == {key, journal.rows()[1][0], "old"}
    assert found["old"].provenance is None
