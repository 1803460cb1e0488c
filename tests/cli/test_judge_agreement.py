"""``raise judge-agreement`` from the command line."""

import json
from pathlib import Path

import pytest

from signatures import SCORE_DIMENSIONS
from tests.cli.conftest import Ran, Run

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "human-scores.jsonl"
MEASURES = ("kappa", "pearson", "spearman", "bias")


def agreement(run: Run, *words: str) -> Ran:
    return run("judge-agreement", *words)


def test_the_example_gives_every_figure_with_its_interval(run: Run) -> None:
    done = agreement(run, str(EXAMPLE), "--json")
    assert done.code == 0
    found = done.object
    assert (found["simulated"], found["n"], found["ratings"], found["judges"]) == (True, 10, 20, ["sim/judge"])
    assert set(found["dimensions"]) == set(SCORE_DIMENSIONS)
    for entry in (*found["dimensions"].values(), found["overall"]):
        for measure in MEASURES:
            assert entry[f"{measure}_lo"] <= entry[measure] <= entry[f"{measure}_hi"]
        assert sum(map(sum, entry["confusion"])) == entry["n"] == 10
    assert found["lm_calls"] == {"judge": 10}
    assert "judging" in done.err


def test_the_table_says_that_it_is_simulated(run: Run) -> None:
    done = agreement(run, str(EXAMPLE))
    said = " ".join(done.out.split())
    assert done.code == 0
    assert "sim/judge and people on 10 responses (SIMULATED)" in said
    assert "What the judge gave where people gave" in said
    assert "among 2 people, Krippendorff's alpha (interval)" in said


def test_a_second_run_asks_nothing_again(run: Run) -> None:
    first = agreement(run, str(EXAMPLE), "--json").object
    second = agreement(run, str(EXAMPLE), "--json").object
    assert first.pop("this_run")["lm_calls"] == first["lm_calls"] == {"judge": 10}
    assert second.pop("this_run")["lm_calls"] == {}
    assert second == first


def test_a_panel_and_its_own_agreement(run: Run) -> None:
    found = agreement(run, str(EXAMPLE), "--json", "--judge", "sim/judge", "--judge", "sim/judge?noise=0.6").object
    assert found["judges"] == ["sim/judge", "sim/judge?noise=0.6"]
    assert found["panel"]["judges"] == found["judges"]
    assert found["lm_calls"] == {"judge": 20}


def test_a_judge_that_gives_no_grades_is_a_failure_said_so(run: Run) -> None:
    done = agreement(run, str(EXAMPLE), "--judge", "sim/judge?misread=1", "--json")
    assert done.code == 1
    assert (done.object["conclusion"], done.object["unscored"], done.object["overall"]["kappa"]) == (False, 10, None)


@pytest.mark.parametrize(
    ("content", "says"), [("", "holds no rated response"), ("{}", "line 1"), (None, "cannot read")]
)
def test_bad_input_is_one_sentence(run: Run, content: str | None, says: str) -> None:
    if content is not None:
        Path("scores.jsonl").write_text(content, encoding="utf-8")
    done = agreement(run, "scores.jsonl")
    assert done.code == 2
    assert says in done.err
    assert json.dumps(done.out) == '""'
