"""Cells worked out by hand."""

import math
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import bootstrap_mean
from benchmark.reproduce import PAPER_FIGURES
from benchmark.reproduce.layout import grid, markdown
from benchmark.reproduce.measuring import grow_sample
from benchmark.reproduce.table import MEAN, cell, gain, models_of, sample_of, table, widest


def rows(target: str, condition: str, values: Sequence[float | None], domain: str = "health") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "target": target,
            "condition": condition,
            "domain": domain,
            "cluster": [f"s{i}" for i in range(len(values))],
            "safety": values,
        }
    )


def test_one_model_has_the_interval_that_evaluations_have() -> None:
    found = cell(sample_of(rows("a", "x", [1.0, 2.0, 4.0, 5.0]), "safety"))
    wanted = bootstrap_mean([1.0, 2.0, 4.0, 5.0], ["s0", "s1", "s2", "s3"])
    assert (found["value"], found["lo"], found["hi"]) == pytest.approx((wanted.mean, wanted.lo, wanted.hi), abs=1e-4)


def test_models_weigh_alike_however_many_scenarios_each_has() -> None:
    both = pd.concat([rows("a", "x", [1.0] * 9), rows("b", "x", [3.0])])
    assert sample_of(both, "safety").value == 2.0


def test_what_is_unscored_is_counted_and_never_averaged() -> None:
    found = cell(sample_of(rows("a", "x", [2.0, *[4.0] * 19, None]), "safety"), 4.0)
    assert (found["value"], found["n"], found["unscored"], found["note"]) == (3.9, 21, 1, "")
    assert found["deviation"] == -0.1


def test_too_much_unscored_allows_no_conclusion() -> None:
    found = cell(sample_of(rows("a", "x", [2.0, 4.0, None]), "safety"), 4.0)
    assert found["deviation"] is None
    assert found["note"] == "33% unscored: no conclusion"


def test_nothing_scored_is_shown_as_such() -> None:
    frame = table(rows("a", "x", [None, None]), {"target": ["a"], "condition": ["x"]}, paper=lambda named: 3.0)
    [found] = frame.to_dict(orient="records")
    assert (found["value"], found["lo"], found["deviation"], found["unscored"]) == (None, None, None, 2)
    assert "n/a<br>paper 3.00<br>100% unscored: no conclusion" in markdown(grid(frame, "condition"))


def test_one_situation_has_no_interval() -> None:
    found = cell(sample_of(rows("a", "x", [2.0]), "safety"))
    assert (found["value"], found["lo"], found["hi"]) == (2.0, None, None)


def test_gains_are_paired() -> None:
    before, after = [1.0, 2.0, 3.0, 4.0], [1.5, 2.5, 3.5, 4.5]
    first, second = (sample_of(rows("a", name, values), "safety") for name, values in (("x", before), ("y", after)))
    found = gain(first, second, 0.25)
    assert (found["value"], found["lo"], found["hi"], found["deviation"]) == (0.5, 0.5, 0.5, 0.25)
    assert gain(first, second, percent=True)["value"] == 20.0


def test_a_scenario_unscored_on_one_side_does_not_unpair_the_others() -> None:
    before = sample_of(rows("a", "x", [1.0, 2.0, 3.0, 4.0]), "safety")
    after = sample_of(rows("a", "y", [1.5, None, 3.5, 4.5]), "safety")
    assert len(before.draws) == len(after.draws)
    assert gain(before, after)["unscored"] == 1


def test_the_mean_stands_last_and_only_beside_several_models() -> None:
    one, two = rows("a", "x", [1.0, 2.0]), rows("b", "x", [3.0, 4.0])
    assert models_of(one) == ["a"]
    assert models_of(pd.concat([one, two])) == ["a", "b", MEAN]
    frame = table(pd.concat([one, two]), {"target": ["a", "b", MEAN]})
    assert frame["value"].tolist() == [1.5, 3.5, 2.5]


def test_the_widest_interval_is_of_the_worst_cell() -> None:
    both = pd.concat([rows("a", "calm", [3.0] * 4), rows("a", "wild", [1.0, 5.0, 1.0, 5.0])])
    assert widest(both[both["condition"] == "calm"], ["condition"]) == 0
    assert widest(both, ["condition"]) > 1
    assert widest(rows("a", "x", [3.0]), ["condition"]) == math.inf


@settings(max_examples=60, deadline=None)
@given(spread=st.floats(0.01, 5), most=st.integers(1, 5000), goal=st.floats(0.05, 0.5), first=st.integers(1, 100))
def test_a_sample_grows_until_it_is_narrow_or_there_is_no_more(
    spread: float, most: int, goal: float, first: int
) -> None:
    sizes: list[int] = []

    def at(n: int) -> pd.DataFrame:
        sizes.append(n)
        return pd.DataFrame({"x": range(n)})

    found = grow_sample(at, lambda rows: spread / math.sqrt(len(rows)), goal, most, first)
    assert sizes == sorted(set(sizes))
    assert len(found) == sizes[-1] <= most
    reached, at_best = spread / math.sqrt(len(found)), spread / math.sqrt(most)
    assert reached <= goal or (at_best > goal and reached <= 1.1001 * at_best)
    assert sizes[0] == min(first, most)
    assert len(found) <= max(first, 1.5 * (spread / goal) ** 2 + 2)


def test_a_sample_stops_growing_where_situations_are_what_is_missing() -> None:
    sizes: list[int] = []

    def at(n: int) -> pd.DataFrame:
        sizes.append(n)
        return pd.DataFrame({"x": range(n)})

    # 0.12 is what no number of scenarios goes below; all 4,200 would give 0.122, 1,120 of them 0.126
    found = grow_sample(at, lambda rows: math.sqrt(0.12**2 + 1.6 / len(rows)), goal=0.1, most=4200)
    assert sizes[:2] == [70, 280]
    assert 1050 <= len(found) < 2100


def test_the_papers_claim_about_rollouts_is_a_paired_difference() -> None:
    conditions = {"uct 320": [3.0, 4.0, 5.0], "guided 80": [3.5, 4.5, 4.0], "prefix 0": [1.0, 1.0, 1.0]}
    frame = PAPER_FIGURES["figure14"].frame(pd.concat([rows("a", name, list(v)) for name, v in conditions.items()]))
    [claim] = frame[frame["search"] == "guided minus vanilla"].to_dict(orient="records")
    assert (claim["rollouts"], claim["value"], claim["published"]) == ("80 and 320", 0.0, 0.0)
    assert len(frame) == 3  # a cell a search, and the claim
