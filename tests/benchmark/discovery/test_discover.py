"""A discovery from weak answers to a vocabulary, on stand-ins."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmark import Scenario, build_authored, sample, split
from benchmark.discovery.discover import Sizes, discover
from benchmark.discovery.trial import Gain, Workplace, measure_gains
from benchmark.jobs.journal import Journal
from lms import LanguageModels, Role, default_models
from signatures import (
    Attribute,
    RaiseError,
    current_vocabulary,
    default_vocabulary,
)
from tests.benchmark.evaluation.episodes import episode, evaluation

MEDICATION = Attribute(
    name="current_medication",
    label="current medication",
    meaning="medicines that the person takes now",
    questions={"en": "Do you take any medicines?"},
    values=("none", "insulin", "blood thinners"),
)


def place(models: LanguageModels) -> Workplace:
    return Workplace(models, Journal())


@pytest.fixture(scope="module")
def held_out() -> Sequence[Scenario]:
    return sample(split(build_authored(), "test"), 12)


def test_a_discovery_is_the_same_again_and_leaves_the_vocabulary_as_it_was(held_out: Sequence[Scenario]) -> None:
    searched = sample(split(build_authored(), "train"), 12)
    models, sizes = LanguageModels(), Sizes(cases=4, attributes=2)
    found = discover(searched, held_out, default_vocabulary(), place(models), sizes)
    told = found.as_dict()
    assert found.cases == 4
    assert 1 <= len(told["attributes"]) <= 2  # the teacher may repeat what there is
    for entry in told["attributes"]:
        assert entry["gain_lo"] <= entry["gain"] <= entry["gain_hi"]
        assert entry["n"] == 12
        assert entry["accepted"] == (entry["gain_lo"] > 0 and entry["p_holm"] < 0.05)
    accepted = {entry["name"] for entry in told["attributes"] if entry["accepted"]}
    names = found.vocabulary.names if found.vocabulary else default_vocabulary().names
    assert set(names) == {*default_vocabulary().names, *accepted}
    assert current_vocabulary() == default_vocabulary()
    calls = models.ledger.snapshot().total().calls
    assert discover(searched, held_out, default_vocabulary(), place(models), sizes).as_dict() == told
    assert models.ledger.snapshot().total().calls == calls


@pytest.mark.parametrize(
    ("knowing", "p", "accepted"),
    [
        ([4.0] * 8, 0.01, True),
        ([4.0] * 8, 0.05, False),
        ([2.0, 2.0, 4.0, 4.0] * 2, 0.01, False),
        ([2.0] * 8, 0.01, False),
    ],
)
def test_accepted_is_what_raises_safety_beyond_chance(knowing: list[float], p: float, accepted: bool) -> None:
    without = evaluation(*(episode(i, 3.0) for i in range(8)))
    more = evaluation(*(episode(i, score) for i, score in enumerate(knowing)))
    gain = Gain(MEDICATION, more.compare(without), p, unscored=0, no_conclusion="")
    assert gain.accepted is accepted
    assert not replace(gain, no_conclusion="20% unscored").accepted


def test_both_answers_are_judged_with_the_value_and_only_one_is_written_with_it(held_out: Sequence[Scenario]) -> None:
    models, journal = LanguageModels(), Journal()
    found = measure_gains([MEDICATION], default_vocabulary(), held_out[:3], Workplace(models, journal))
    assert (len(found.gains), found.left_out) == (1, 0)
    rows = [row for _, row in journal.rows()]
    assert len(rows) == 6
    assert all(row["scenario"]["profile"]["current_medication"] for row in rows)
    assert found.gains[0].compared.safety.n == 3


def test_nothing_is_concluded_from_what_could_not_be_scored(held_out: Sequence[Scenario]) -> None:
    roles = default_models()
    silent = roles[Role.JUDGE].model_copy(update={"model": "sim/judge?misread=1.0"})
    models = LanguageModels({**roles, Role.JUDGE: silent})
    (gain,) = measure_gains([MEDICATION], default_vocabulary(), held_out[:3], place(models)).gains
    assert gain.no_conclusion
    assert not gain.accepted
    assert gain.as_dict()["gain"] is None


def test_a_teacher_that_says_nothing_usable_is_told(held_out: Sequence[Scenario]) -> None:
    roles = default_models()
    mute = roles[Role.TEACHER].model_copy(update={"model": "sim/teacher?misread=1.0"})
    models = LanguageModels({**roles, Role.TEACHER: mute})
    with pytest.raises(RaiseError, match="proposed nothing new that can be tested"):
        discover(held_out[:6], held_out[6:], default_vocabulary(), place(models))
    with pytest.raises(RaiseError, match="gave nobody values"):
        measure_gains([MEDICATION], default_vocabulary(), held_out[:3], place(models))
