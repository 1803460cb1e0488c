"""``raise evaluate`` on several targets, and on what was evaluated before."""

import re
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run

BOTH = ("--target", "sim/gpt-4o", "--target", "sim/qwen-2.5-7b", "--limit", "7")


def run_of(ran: Ran) -> str:
    found = re.search(r"raise view (\w+)", ran.err)
    assert found
    return found[1]


def test_targets_beside_each_other_are_as_each_alone(run: Run) -> None:
    both = run("evaluate", "vanilla", "random:1", *BOTH, "--json")
    assert both.code == 0
    found = both.object
    assert set(found) == {"simulated", "data", "targets", "across"}
    for part in found["targets"]:
        alone = run("evaluate", "vanilla", "random:1", "--target", part["target"], "--limit", "7", "--json").object
        assert part == {name: alone[name] for name in ("target", "programs", "comparisons")}
        assert alone["data"] == found["data"]
    names = [(entry["program"], entry["reference"]) for entry in found["across"]]
    assert names == [(f"{name} on sim/qwen-2.5-7b", f"{name} on sim/gpt-4o") for name in ("vanilla", "random:1")]
    for entry in found["across"]:
        assert entry["safety_lo"] <= entry["safety"] <= entry["safety_hi"]
        assert entry["n"] == 7


def test_a_table_of_targets_and_programs(run: Run) -> None:
    ran = run("evaluate", "vanilla", "context-rich", *BOTH)
    grid = ran.out[ran.out.index("Safety, and below it questions") :]
    rows = [line for line in grid.splitlines() if "sim/" in line and line.startswith("│")]
    assert [len(re.findall(r"\d\.\d\d \[", row)) for row in rows] == [2, 2]
    assert "SIMULATED" in grid
    table = run("evaluate", "vanilla", "context-rich", *BOTH, "--table", "csv").out.splitlines()
    assert table[0].startswith("target,program,safety,")
    assert [line.split(",")[:2] for line in table[1:]] == [
        [target, name] for target in ("sim/gpt-4o", "sim/qwen-2.5-7b") for name in ("vanilla", "context-rich")
    ]
    assert "nan" not in run("evaluate", "vanilla", "context-rich", *BOTH, "--table", "md").out


def test_a_stored_run_says_the_same_again_without_a_call(run: Run) -> None:
    first = run("evaluate", "vanilla", "random:1", *BOTH, "--json")
    Path("mlruns/replies.db").unlink()
    again = run("evaluate", "--from-run", run_of(first), "--json").object
    assert again["data"].pop("runs") == [run_of(first)]
    for entry in (*again["across"], *(one for part in again["targets"] for one in part["comparisons"])):
        assert entry.pop("detectable_with_all") is None  # the rest of the split is not in the store
    expected = first.object
    for entry in (*expected["across"], *(one for part in expected["targets"] for one in part["comparisons"])):
        entry.pop("detectable_with_all")
    assert again == expected
    assert not Path("mlruns/replies.db").exists()


def test_runs_of_different_targets_are_put_together(run: Run) -> None:
    one, other = (run("evaluate", "vanilla", "--target", name, "--limit", "7") for name in (BOTH[1], BOTH[3]))
    found = run("evaluate", "--from-run", run_of(one), "--from-run", "last", "--from-run", run_of(other), "--json")
    assert found.code == 0
    assert [part["target"] for part in found.object["targets"]] == [BOTH[1], BOTH[3]]
    assert len(found.object["across"]) == 1


def test_one_name_for_two_things_is_told_apart(run: Run) -> None:
    small = run("evaluate", "vanilla", "--limit", "3")
    large = run("evaluate", "vanilla", "--limit", "7")
    found = run("evaluate", "--from-run", run_of(small), "--from-run", run_of(large), "--json").object
    assert [entry["name"] for entry in found["programs"]] == ["vanilla", f"vanilla ({run_of(large)[:6]})"]


def test_what_stored_programs_are_compared_with_must_be_among_them(run: Run) -> None:
    run("evaluate", "vanilla", "context-rich", "--limit", "3")
    found = run("evaluate", "--from-run", "last", "--compare-to", "context-rich", "--json").object
    assert [(entry["program"], entry["reference"]) for entry in found["comparisons"]] == [("vanilla", "context-rich")]
    ran = run("evaluate", "--from-run", "last", "--compare-to", "context-ritch")
    assert ran.code == 2
    assert "'context-rich'" in ran.err


def test_other_judges_are_not_compared(run: Run) -> None:
    one = run("evaluate", "vanilla", "--limit", "3")
    other = run("evaluate", "vanilla", "--limit", "3", "--judge", "sim/judge?noise=0.6")
    ran = run("evaluate", "--from-run", run_of(one), "--from-run", run_of(other))
    assert (ran.code, ran.out) == (2, "")
    assert "scores of different judges cannot be compared" in ran.err


def test_a_limit_holds_for_each_target_and_what_is_finished_is_told(run: Run) -> None:
    ran = run("evaluate", "vanilla", "context-rich", *BOTH, "--max-calls", "20", "--json")
    assert ran.code == 1
    assert [len(part["programs"]) for part in ran.object["targets"]] == [1, 1]
    assert all(part["unfinished"] == "20 LM calls are spent" for part in ran.object["targets"])
    assert "a higher limit carries it on" in " ".join(ran.err.split())
    again = run("evaluate", "vanilla", "context-rich", *BOTH, "--max-calls", "10", "--json")
    assert again.code == 0
    assert [len(part["programs"]) for part in again.object["targets"]] == [2, 2]


@pytest.mark.usefixtures("tracked")
def test_mlflow_has_a_run_for_each_program_on_each_target(run: Run) -> None:
    assert run("evaluate", "vanilla", "random:1", *BOTH, "--traces", "none").code == 0
    with sqlite3.connect("mlruns/mlflow.db") as db:
        query = (
            "SELECT t.value, p.value FROM params t JOIN params p USING (run_uuid) "
            "WHERE t.key = 'target' AND p.key = 'program'"
        )
        found = sorted(db.execute(query).fetchall())
    assert found == [(target, name) for target in (BOTH[1], BOTH[3]) for name in ("random:1", "vanilla")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--limit 3", "name programs to evaluate, or stored runs"),
        ("vanilla --from-run last", "name programs to evaluate, or stored runs"),
        ("--from-run last --curve", "--curve asks models"),
        ("--from-run last", "holds no conversations yet"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, words: str, said: str) -> None:
    ran = run("evaluate", *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
