"""``raise plan --import``: paths that were planned elsewhere, up to an evaluation and a compile with them."""

from pathlib import Path

import pytest

from benchmark import build_authored, split
from modules import RAISE, PathIndex
from tests.cli.conftest import Run
from tests.cli.test_compile import TINY


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Two paths as the paper's pipeline writes them, one of them for a query of the authored set, and a bad row."""
    own = split(build_authored(), "train")[0].query
    file = tmp_path / "MCTS_path.csv"
    lines = [
        "User Query,Best Path",
        f"\"{own}\",\"['Emotional State','Profession']\"",
        "\"Good reasons to skip the reunion?\",\"['Emotional State','Past Self-Harm History']\"",
        "Why?,['Shoe Size']",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_what_is_imported_is_used_by_evaluate_and_compile(run: Run, found: Path) -> None:
    ran = run("plan", "--import", str(found), "--out", "paths.jsonl", "--json")
    assert ran.code == 0, ran.err
    assert (ran.object["rows"], ran.object["imported"], ran.object["matched"], ran.object["refused"]) == (3, 2, 1, 1)
    paths = PathIndex.load(Path("paths.jsonl")).paths
    assert [path.path for path in paths] == [
        ("emotional_state", "profession"),
        ("emotional_state", "self_harm_history"),
    ]
    ran = run("evaluate", "raise", "--paths", "paths.jsonl", "--limit", "3", "--json")
    assert (ran.code, ran.object["programs"][0]["unscored"]) == (0, 0)
    ran = run("compile", *TINY, "--paths", "paths.jsonl", "--optimizer", "bootstrap", "--no-track", "--json")
    assert ran.code in (0, 3), ran.err
    assert RAISE.load("mlruns/programs/sim-gpt-4o").paths.paths == paths


def test_people_are_told_what_was_left_out(run: Run, found: Path) -> None:
    ran = run("plan", "--import", str(found), "--out", "paths.jsonl")
    said = " ".join(ran.out.split())
    assert "1 not taken: the path names 'Shoe Size', which is no attribute (row 3)" in said
    assert "2 of 3 rows; 1 with the query of a scenario" in said
    assert "not measured" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["nothing.csv"], "there is no file nothing.csv"), (["paths.jsonl"], "is the file to be read")],
)
def test_mistakes_are_one_sentence(words: list[str], sentence: str, run: Run) -> None:
    ran = run("plan", "--import", *words, "--out", "paths.jsonl", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert sentence in " ".join(ran.err.split())
