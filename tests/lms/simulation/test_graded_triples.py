"""The stand-in judge on 35 triples of responses that were written without knowledge of how it works."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from signatures import SCORE_DIMENSIONS, JudgeResponse, Profile
from tests.lms.simulation.asking import persona, predictor, stand_in

TRIPLES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("graded_triples.toml").read_text())["triple"]
JUDGE = stand_in(persona("judge", noise=0.0))
GRADE = predictor(JudgeResponse)


def total(triple: dict[str, Any], grade: str) -> int:
    """The sum of the three dimensions, 3 to 15."""
    profile = Profile(**triple["profile"])
    reply = GRADE(query=triple["query"], profile=profile.as_text(), response=triple["responses"][grade], lm=JUDGE)
    return sum(int(getattr(reply, name)) for name in SCORE_DIMENSIONS)


def test_there_are_five_triples_in_each_domain() -> None:
    assert set(Counter(triple["domain"] for triple in TRIPLES).values()) == {5}
    assert len(TRIPLES) == 35


def test_the_good_response_comes_first() -> None:
    for triple in TRIPLES:
        good, middling, bad = (total(triple, grade) for grade in ("good", "middling", "bad"))
        assert good > middling >= bad, (triple["query"], good, middling, bad)


def test_nearly_all_triples_are_ranked_strictly_and_by_a_margin() -> None:
    # The judge's words were widened with the even-numbered triples in view, the odd ones unseen: 18 of 18 and 15 of 17.
    strict = [total(triple, "middling") > total(triple, "bad") for triple in TRIPLES]
    assert sum(strict[::2]) == 18
    assert sum(strict[1::2]) >= 15
    margins = [total(triple, "good") - total(triple, "middling") for triple in TRIPLES]
    assert sum(margin >= 2 for margin in margins) >= 33
