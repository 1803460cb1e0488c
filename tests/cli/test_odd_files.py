"""Every command on files and folders that are not what they should be: one sentence, an exit code, no traceback."""

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run
from tests.rights import without_root_rights

SCENARIO = {"id": "1", "domain": "life", "situation": "life/moving", "source": "hub", "query": "Move?", "profile": {}}
SHAPES = {
    "a list": "[1, 2]",
    "a number": "7",
    "null": "null",
    "text": '"words"',
    "nothing in it": "{}",
    "NaN": "NaN",
    "huge": "9" * 5000,
    "deep": "[" * 100_000,
    "deep object": '{"schema":' * 20_000,
    "nested wrongly": '{"schema": {"a": [1]}, "kind": [], "key": {}, "row": 5, "settings": [], "domain": {"x": 1}}',
    "schema only": '{"schema": 1}',
    "half a line": '{"id": "1", "dom',
    "no UTF-8": "\udcff\udcfe",
    "NUL": "\x00\x00",
}
NO_JSON = ("huge", "deep", "deep object", "half a line", "no UTF-8", "NUL")
SMALL = ["--train", "2", "--dev", "2", "--test", "2", "--plan-queries", "1", "--evaluations", "1", "--trials", "1"]
RUNNING = {
    "evaluate": ["evaluate", "vanilla", "--limit", "1"],
    "compile": ["compile", *SMALL],
    "plan": ["plan", "--out", "made/paths.jsonl", "--queries", "1", "--evaluations", "1"],
    "reproduce": ["reproduce", "--only", "figure4", "--sample", "7", "--target", "sim/gpt-4o", "--out", "made/report"],
    "judge-agreement": ["judge-agreement", "ratings.jsonl"],
    "generate": ["data", "generate", "--out", "made/set.jsonl", "--domains", "life", "--situations", "1"],
    "reddit": ["data", "reddit", "posts.ndjson", "--out", "made/set.jsonl"],
    "ui": ["ui"],
}
"""Commands that use the folder for runs."""
READING = {
    "evaluate": ["evaluate", "vanilla", "--limit", "1", "--data", "odd.jsonl"],
    "evaluate paths": ["evaluate", "raise", "--limit", "1", "--paths", "odd.jsonl"],
    "compile": ["compile", *SMALL, "--data", "odd.jsonl"],
    "plan": ["plan", "--out", "made/paths.jsonl", "--data", "odd.jsonl"],
    "plan knowledge": ["plan", "--out", "made/paths.jsonl", "--queries", "1", "--knowledge", "odd.jsonl"],
    "plan journal": ["plan", "--out", "odd", "--queries", "1", "--evaluations", "1"],
    "reproduce": ["reproduce", "--data", "odd.jsonl"],
    "judge-agreement": ["judge-agreement", "odd.jsonl"],
    "judge-agreement csv": ["judge-agreement", "odd.csv"],
    "describe": ["data", "describe", "--data", "odd.jsonl"],
    "import": ["data", "import", "odd.jsonl", "--out", "made/set.jsonl"],
    "import json": ["data", "import", "odd.json", "--out", "made/set.jsonl"],
    "import csv": ["data", "import", "odd.csv", "--out", "made/set.jsonl"],
    "import parquet": ["data", "import", "odd.parquet", "--out", "made/set.jsonl"],
    "reddit": ["data", "reddit", "odd.jsonl", "--out", "made/set.jsonl"],
    "reddit table": ["data", "reddit", "posts.ndjson", "--out", "made/set.jsonl", "--subreddits", "odd.jsonl"],
    "export": ["export", "odd"],
    "evaluate program": ["evaluate", "odd"],
}
"""Commands with a file to read."""
WRITING = {
    "plan": [*RUNNING["plan"][:1], "--queries", "1", "--evaluations", "1", "--out", "{}/x.jsonl"],
    "compile": [*RUNNING["compile"], "--out", "{}/programs"],
    "reproduce": [*RUNNING["reproduce"][:-1], "{}/report"],
    "generate": ["data", "generate", "--domains", "life", "--situations", "1", "--out", "{}/set.jsonl"],
    "reddit": ["data", "reddit", "posts.ndjson", "--out", "{}/set.jsonl"],
    "import": ["data", "import", "rows.jsonl", "--out", "{}/set.jsonl"],
    "build": ["data", "build", "--out", "{}/set.jsonl"],
    "describe": ["data", "describe", "--html", "{}/page.html"],
    "curve": ["evaluate", "vanilla", "--limit", "1", "--curve-plot", "{}/curve.html"],
    "store": ["evaluate", "vanilla", "--limit", "1", "--store", "{}/store"],
    "ratings store": ["judge-agreement", "ratings.jsonl", "--store", "{}/store"],
    "knowledge": [*RUNNING["plan"], "--knowledge", "{}/knowledge.json"],
}
"""Commands with a place to write to."""


@pytest.fixture(autouse=True)
def inputs() -> None:
    """Files that are as they should be."""
    post = {"subreddit": "relationships", "title": "Should I leave?", "selftext": "I am 30. " * 60, "author": "x"}
    Path("posts.ndjson").write_text(json.dumps(post) + "\n", encoding="utf-8")
    scores = {"risk_sensitivity": 3, "emotional_empathy": 3, "user_alignment": 3}
    rating = {"query": "Move?", "profile": {"age": "30"}, "response": "Wait.", **scores}
    Path("ratings.jsonl").write_text(json.dumps(rating) + "\n", encoding="utf-8")
    Path("rows.jsonl").write_text(
        json.dumps({"query": "Move?", "scenario": "life", "age": "30"}) + "\n", encoding="utf-8"
    )


def refused(ran: Ran) -> None:
    """One sentence, an exit code, nothing else that looks like a crash."""
    assert ran.code in (1, 2), ran
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, ran.err
    assert "Traceback" not in ran.err + ran.out


@pytest.mark.parametrize("name", list(RUNNING))
def test_the_folder_for_runs_is_a_file(run: Run, name: str) -> None:
    Path("mlruns").write_text("not a folder", encoding="utf-8")
    ran = run(*RUNNING[name])
    refused(ran)
    assert "mlruns" in ran.err
    assert Path("mlruns").read_text(encoding="utf-8") == "not a folder"


@pytest.mark.parametrize("made", [True, False], ids=["there", "to be made"])
@pytest.mark.parametrize("name", [name for name in RUNNING if name != "ui"])
def test_the_folder_for_runs_cannot_be_written(
    run: Run, name: str, made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path("locked")
    (folder / "runs").mkdir(parents=True) if made else folder.mkdir()
    monkeypatch.setenv("RAISE_ROOT", "locked/runs")
    place = folder / "runs" if made else folder
    place.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with without_root_rights():
            ran = run(*RUNNING[name])
    finally:
        place.chmod(stat.S_IRWXU)
    refused(ran)
    assert "locked" in ran.err


@pytest.mark.parametrize("name", list(WRITING))
def test_the_place_to_write_to_is_under_a_file(run: Run, name: str) -> None:
    Path("file").write_text("", encoding="utf-8")
    ran = run(*(word.format("file") for word in WRITING[name]))
    refused(ran)
    assert "file" in ran.err


@pytest.mark.parametrize("name", list(WRITING))
def test_the_place_to_write_to_cannot_be_written(run: Run, name: str) -> None:
    Path("locked").mkdir()
    Path("locked").chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with without_root_rights():
            ran = run(*(word.format("locked") for word in WRITING[name]))
    finally:
        Path("locked").chmod(stat.S_IRWXU)
    refused(ran)
    assert "locked" in ran.err


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("name", list(READING))
def test_a_file_of_an_odd_shape(run: Run, name: str, shape: str) -> None:
    content = SHAPES[shape].encode("utf-8", "surrogateescape")
    for file in ("odd.jsonl", "odd.json", "odd.csv", "odd.parquet", "odd.journal"):
        Path(file).write_bytes(content + b"\n")
    if "odd" in READING[name] and "journal" not in name:
        Path("odd").mkdir()
        for file in ("card.json", "program.json", "paths.jsonl"):
            (Path("odd") / file).write_bytes(content)
    ran = run(*READING[name])
    if name == "plan journal" and shape in NO_JSON:
        assert ran.code == 0  # what a kill in the middle of a line leaves
        return
    refused(ran)
    assert "odd" in ran.err or name == "reddit"  # one of several dumps
