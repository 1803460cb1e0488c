"""People of a vocabulary: drawn within its values, ranges and dependencies, and scenario files that it declares."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import load_scenarios
from benchmark.scenarios.own import draw_values, violations_of
from signatures import RaiseError, read_vocabulary, using_vocabulary
from signatures.vocabulary import read_record
from tests.own_vocabulary import write_own

VOCABULARY = read_record(
    {
        "name": "v",
        "attribute": [
            {"name": "status", "label": "status", "meaning": "m", "values": ["visa", "none"]},
            {
                "name": "permit",
                "label": "permit",
                "meaning": "m",
                "values": ["yes", "no"],
                "dependencies": [{"when": {"status": ["none"]}, "values": ["no"]}],
            },
            {"name": "years", "label": "years", "meaning": "m", "range": [0, 20], "unit": "years"},
            {"name": "story", "label": "story", "meaning": "m"},
        ],
    },
    "it",
)


@given(st.integers(0, 2**32 - 1))
def test_whoever_is_drawn_is_possible(seed: int) -> None:
    drawn = draw_values(VOCABULARY, np.random.default_rng(seed))
    assert set(drawn) == {"status", "permit", "years"}
    assert list(violations_of(VOCABULARY, drawn)) == []
    assert drawn["status"] == "visa" or drawn["permit"] == "no"


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"status": "green card"}, "none of the listed values"),
        ({"status": "none", "permit": "yes"}, "does not go with the rest: no would"),
        ({"years": "21 years"}, "no number from 0 to 20"),
        ({"years": "many"}, "no number from 0 to 20"),
    ],
)
def test_what_is_impossible_is_told(known: dict[str, str], why: str) -> None:
    [found] = violations_of(VOCABULARY, known)
    assert why in found


@pytest.mark.parametrize(
    ("entry", "value", "why"),
    [("domain", "advise", "unknown field 'advise'.*advice"), ("source", "mine", "unknown source 'mine'.*own")],
)
def test_an_undeclared_field_or_source_is_refused(tmp_path: Path, entry: str, value: str, why: str) -> None:
    vocabulary, file = write_own(tmp_path, 3)
    with using_vocabulary(read_vocabulary(vocabulary)):
        assert len(load_scenarios(file)) == 18
        first, *rest = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(["# for people", json.dumps({**json.loads(first), entry: value}), *rest]))
        with pytest.raises(RaiseError, match=f"line 2: {why}"):
            load_scenarios(file)
