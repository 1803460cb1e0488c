"""The stand-in judge on two times 35 triples of responses that were written without knowledge of how it works."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from signatures import SCORE_DIMENSIONS, JudgeResponse, Profile
from tests.lms.simulation.asking import persona, predictor, stand_in

Triple = dict[str, Any]
HERE = Path(__file__).parent


def load(name: str) -> list[Triple]:
    triples: list[Triple] = tomllib.loads((HERE / name).read_text(encoding="utf-8"))["triple"]
    return triples


TRIPLES, UNSEEN = load("graded_triples.toml"), load("graded_triples_2.toml")
JUDGE = stand_in(persona("judge", noise=0.0))
GRADE = predictor(JudgeResponse)


def total(triple: Triple, grade: str) -> int:
    """The sum of the three dimensions, 3 to 15."""
    profile = Profile(**triple["profile"])
    reply = GRADE(query=triple["query"], profile=profile.as_text(), response=triple["responses"][grade], lm=JUDGE)
    return sum(int(getattr(reply, name)) for name in SCORE_DIMENSIONS)


def totals(triples: Sequence[Triple]) -> list[tuple[int, ...]]:
    """Good, middling, bad, triple by triple."""
    return [tuple(total(triple, grade) for grade in ("good", "middling", "bad")) for triple in triples]


@pytest.mark.parametrize("triples", [TRIPLES, UNSEEN])
def test_there_are_five_triples_in_each_domain(triples: list[Triple]) -> None:
    assert set(Counter(triple["domain"] for triple in triples).values()) == {5}
    assert len(triples) == 35


def test_the_good_response_comes_first() -> None:
    for triple, (good, middling, bad) in zip(TRIPLES, totals(TRIPLES), strict=True):
        assert good > max(middling, bad), (triple["query"], good, middling, bad)


def test_nearly_all_triples_are_ranked_strictly_and_by_a_margin() -> None:
    # The judge's words were chosen with these in view. World 1 ranked 33, too, with a margin in 33.
    graded = totals(TRIPLES)
    assert sum(good > middling > bad for good, middling, bad in graded) >= 33
    assert sum(good - middling >= 2 for good, middling, _ in graded) >= 32


def test_on_triples_by_another_writer_the_good_response_mostly_comes_first() -> None:
    # Many good responses use words that the judge does not know, and few of the queries' topics are recognized. World 1
    # put 25 first, 28 before the bad one, and ranked 10 strictly. Half of these were read when words were widened, the
    # other half was not: there it puts 10 of 18 first, and world 1 13.
    graded = totals(UNSEEN)
    assert sum(good > max(middling, bad) for good, middling, bad in graded) >= 25
    assert sum(good > bad for good, _, bad in graded) >= 30
    assert sum(good > middling > bad for good, middling, bad in graded) >= 17
