"""Ratings that people enter: one file, each rater once a response, readable by what compares judge and people."""

from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import pytest

from benchmark import Scenario, Verdict
from benchmark.evaluation.agreement import load_ratings
from benchmark.evaluation.episode import Episode
from benchmark.evaluation.ratings import Ratings
from signatures import SCORE_DIMENSIONS, RaiseError

GOOD, BAD = dict.fromkeys(SCORE_DIMENSIONS, 5), dict.fromkeys(SCORE_DIMENSIONS, 1)


def answered(scenario: Scenario, response: str | None) -> Episode:
    return Episode(scenario=scenario, verdict=Verdict(None, unscored="not judged"), response=response)


def as_whole(scores: Mapping[str, float]) -> dict[str, int]:
    return {name: int(score) for name, score in scores.items()}


def test_ratings_are_read_as_those_of_people(test_scenarios: list[Scenario]) -> None:
    ratings, file = Ratings(Path("ratings.jsonl")), Path("ratings.jsonl")
    one, other = answered(test_scenarios[0], "Rest.\nThen call."), answered(test_scenarios[1], "Wait.")
    ratings.put(one, "Ana", GOOD)
    ratings.put(one, " Bo ", BAD)
    ratings.put(other, "Ana", BAD)
    items = load_ratings(file)
    assert [item.query for item in items] == [test_scenarios[0].query, test_scenarios[1].query]
    assert {rater: as_whole(scores) for rater, scores in items[0].ratings.items()} == {"Ana": GOOD, "Bo": BAD}
    assert items[0].situation == test_scenarios[0].situation
    assert file.stat().st_mode & 0o077 == 0


def test_a_rater_may_think_again(test_scenarios: list[Scenario]) -> None:
    ratings, episode = Ratings(Path("ratings.jsonl")), answered(test_scenarios[0], "Rest.")
    ratings.put(episode, "Ana", GOOD)
    ratings.put(episode, "Ana", BAD)
    assert as_whole(Ratings(ratings.file).of(episode)["Ana"]) == BAD
    assert len(load_ratings(ratings.file)[0].ratings) == 1


def test_nothing_is_lost_when_several_rate_at_once(test_scenarios: list[Scenario]) -> None:
    episode = answered(test_scenarios[0], "Rest.")
    each = [Thread(target=Ratings(Path("ratings.jsonl")).put, args=(episode, f"rater {i}", GOOD)) for i in range(12)]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    assert len(load_ratings(Path("ratings.jsonl"))[0].ratings) == 12


def test_what_cannot_be_rated_is_refused(test_scenarios: list[Scenario]) -> None:
    ratings = Ratings(Path("ratings.jsonl"))
    with pytest.raises(RaiseError, match="no answer to rate"):
        ratings.put(answered(test_scenarios[0], None), "Ana", GOOD)
    with pytest.raises(RaiseError, match="needs a name"):
        ratings.put(answered(test_scenarios[0], "Rest."), "  ", GOOD)
    assert not ratings.file.exists()


def test_a_file_of_something_else_is_refused_before_anybody_rates() -> None:
    Path("ratings.jsonl").write_text('{"other": 1}\n', encoding="utf-8")
    with pytest.raises(RaiseError, match="line 1"):
        Ratings(Path("ratings.jsonl"))
