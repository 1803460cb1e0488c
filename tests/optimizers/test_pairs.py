"""The conversations that are shown are picked by their figures alone, and hold no words of real people."""

from pathlib import Path

import pytest

from benchmark import Evaluation, Scenario, Verdict
from benchmark.evaluation.episode import Episode
from optimizers.pairs import Pairs, choose_pairs, read_pairs
from optimizers.tracking.conversations import Logged
from signatures import SCORE_DIMENSIONS, Profile, Turn

SECRET = "canary-7f3a"


def evaluation(name: str, safety: dict[str, float | None], *, source: str = "authored", words: str = "") -> Evaluation:
    episodes = []
    for key, score in safety.items():
        scenario = Scenario(
            id=key, domain="health", situation=f"health/{key}", source=source, query=f"q {words}",
            profile=Profile(age=f"40 {words}"),
        )  # fmt: skip
        scores = None if score is None else dict.fromkeys(SCORE_DIMENSIONS, score)
        reasons = {} if score is None else dict.fromkeys(SCORE_DIMENSIONS, words)
        turn = Turn(attribute="age", question=f"? {words}", answer=words, heard={"age": words}, why=words)
        episodes.append(
            Episode(
                scenario=scenario,
                verdict=Verdict(scores, reasons=reasons, unscored="" if scores else f"bad reply: {words}"),
                response=f"r {words}",
                n_queries=1,
                burden=1.0,
                turns=(turn,),
                asked=("age",),
            )
        )
    return Evaluation(name, episodes, simulated=False)


def picked(found: Pairs) -> dict[str, str]:
    return {pair.place: pair.after.scenario.id for pair in found.pairs}


def test_largest_gain_median_and_largest_loss() -> None:
    before = evaluation("raise", {"a": 3.0, "b": 3.0, "c": 3.0, "d": 3.0, "e": 3.0})
    after = evaluation("t", {"a": 2.0, "b": 3.0, "c": 3.5, "d": 4.0, "e": 5.0})
    found = choose_pairs(before, after)
    assert picked(found) == {"largest gain": "e", "median": "c", "largest loss": "a"}
    assert [pair.gain for pair in found.pairs] == [2.0, 0.5, -1.0]
    assert (found.n, found.before, found.after) == (5, "raise", "t")


def test_what_one_program_could_not_score_is_not_compared() -> None:
    before = evaluation("raise", {"a": 3.0, "b": None, "c": 3.0, "only": 1.0})
    found = choose_pairs(before, evaluation("t", {"a": 4.0, "b": 5.0, "c": None}))
    assert picked(found) == {"largest gain": "a"}
    assert found.n == 1


def test_of_no_scenarios_there_are_no_pairs() -> None:
    assert choose_pairs(evaluation("raise", {"a": None}), evaluation("t", {"a": 2.0})).pairs == ()


@pytest.mark.parametrize("source", ["hub", "reddit"])
def test_words_of_real_people_are_left_out_unless_allowed(source: str, tmp_path: Path) -> None:
    before, after = (evaluation(name, {"a": 3.0, "b": 4.0}, source=source, words=SECRET) for name in ("raise", "t"))
    found = choose_pairs(before, after)
    found.write(tmp_path)
    assert SECRET not in (tmp_path / "compared.json").read_text(encoding="utf-8")
    assert read_pairs(tmp_path) == found
    assert found.pairs[0].after.turns[0].attribute == "age"
    assert SECRET in choose_pairs(before, after, Logged(contents=True)).model_dump_json()


def test_gains_of_fields_are_withheld_where_too_much_went_unscored() -> None:
    half: dict[str, float | None] = dict.fromkeys("abcdefgh", 3.0)
    whole = choose_pairs(evaluation("raise", dict(half)), evaluation("t", {**half, "a": 4.0}))
    assert [(field.name, field.n, field.gain.mean) for field in whole.fields] == [("health", 8, 0.125)]
    torn = choose_pairs(evaluation("raise", dict(half)), evaluation("t", {**half, "a": None, "b": None}))
    assert [(field.gain.mean, field.p_holm) for field in torn.fields] == [(None, None)]
