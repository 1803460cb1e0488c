"""The graded triage: levels are read or not at all, demonstrations are never asked about, rules combine as named."""

import pytest

from experiments.crisis.lines import GradedLine
from experiments.crisis.triage import LEVELS, Graded, draw, read_level, report, rules
from modules.crisis.guard import CrisisReading


@pytest.mark.parametrize(
    ("reply", "place"),
    [("plan", 5), ("Level: intent.", 4), ("none", 0), ("plan or act", None), ("severe", None), ("", None)],
)
def test_a_reply_is_one_level_or_none_at_all(reply: str, place: int | None) -> None:
    assert read_level(reply) == place


def test_lines_are_half_acute_and_none_is_shown_as_an_example() -> None:
    asked, examples = draw(40)
    assert (len(asked), sum(line.level == "acute" for line in asked)) == (40, 20)
    assert not any(repr(line.text) in examples for line in asked)
    shown = [row.rpartition(": ")[2] for row in examples.splitlines()]
    assert 0 < shown.count("plan") < shown.count("none") + shown.count("passive")
    assert set(shown) <= set(LEVELS)


def one(score: float, fires: bool, grade: int | None, level: str = "acute") -> Graded:
    return Graded(GradedLine("x", level, "plain", "en"), CrisisReading(fires, score), grade)  # type: ignore[arg-type]


def test_rules_do_what_they_are_called() -> None:
    found = rules()
    missed, calm, doubted = one(0.3, False, 5), one(0.05, False, 6), one(0.7, True, 0)
    assert [found[name](missed) for name in ("guard", "model", "either", "both")] == [False, True, True, False]
    assert found["guard, or model where the score is 0.2 or more"](missed)
    assert not found["guard, or model where the score is 0.1 or more"](calm)
    assert not found["guard, unless the model says none and the score is below 0.8"](doubted)
    assert found["guard"](one(0.9, True, None))
    assert not found["model"](one(0.9, True, None))


def test_the_table_counts_unread_replies() -> None:
    rows = report([one(0.9, True, 5), one(0.1, False, None, "none")])
    assert "1.000" in next(row for row in rows if row.startswith("| either "))
    assert rows[-1] == "2 lines; 1 replies could not be read."
