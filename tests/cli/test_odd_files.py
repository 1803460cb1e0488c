"""Every command on files and folders that are not what they should be: one sentence, an exit code, no traceback."""

import json
import os
import stat
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from modules import RAISE
from tests.cli.conftest import Ran, Run
from tests.rights import without_root_rights

SCENARIO = {"id": "1", "domain": "life", "situation": "life/moving", "source": "hub", "query": "Move?", "profile": {}}
SCORES = {"risk_sensitivity": 3, "emotional_empathy": 3, "user_alignment": 3}
RATING = {"query": "Move?", "profile": {"age": "30"}, "response": "Wait.", "rater": "a", "situation": "s", **SCORES}
PATH = {
    "query": "Move?",
    "path": ["age"],
    "value": 3.5,
    "evaluations": 1,
    "domain": "life",
    "history": [[["age"], 3.0]],
}
ROW = {"query": "Move?", "scenario": "life", "age": "30"}
POST = {"subreddit": "relationships", "title": "Should I leave?", "selftext": "I am 30. " * 60, "author": "x"}
FILES = [Path(f"odd.{ending}") for ending in ("jsonl", "json", "csv", "parquet", "journal", "yaml", "md")]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
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
    "import export": ["import", "odd.json", "--as", "made/program"],
    "import yaml": ["import", "odd.yaml", "--as", "made/program"],
    "import page": ["import", "odd.md", "--as", "made/program"],
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
    for file, row in (("posts.ndjson", POST), ("ratings.jsonl", RATING), ("rows.jsonl", ROW)):
        Path(file).write_text(json.dumps(row) + "\n", encoding="utf-8")


def is_one_sentence(ran: Ran) -> bool:
    """Whether there is one error, and nothing that looks like a crash."""
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    return len(errors) == 1 and "Traceback" not in ran.err + ran.out


def refused(ran: Ran) -> None:
    """One sentence and exit code 2."""
    assert (ran.code, is_one_sentence(ran)) == (2, True), ran


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


@pytest.mark.parametrize("name", list(READING))
def test_a_file_of_an_odd_shape(run: Run, name: str) -> None:
    program = "odd" in READING[name] and "journal" not in name
    if program:
        Path("odd").mkdir()
    files = [Path("odd", file) for file in ("card.json", "program.json", "paths.jsonl")] if program else FILES
    wrong = []
    for shape, text in SHAPES.items():
        for file in files:
            file.write_bytes(text.encode("utf-8", "surrogateescape") + b"\n")
        ran = run(*READING[name])
        if name == "plan journal" and shape in NO_JSON:
            fine = ran.code == 0  # what a kill in the middle of a line leaves
        else:
            fine = ran.code == 2 and is_one_sentence(ran) and ("odd" in ran.err or name == "reddit")
        if not fine:
            wrong.append((shape, ran))
    assert wrong == []


ROWS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "scenario": (SCENARIO, ["evaluate", "vanilla", "--split", "all", "--data", "odd.jsonl"]),
    "rating": (RATING, ["judge-agreement", "odd.jsonl"]),
    "path": (PATH, ["evaluate", "raise", "--limit", "1", "--paths", "odd.jsonl"]),
    "row to import": (ROW, ["data", "import", "odd.jsonl", "--out", "made/set.jsonl"]),
    "post": (POST, ["data", "reddit", "odd.jsonl", "--out", "made/set.jsonl"]),
}
"""A good row of each kind of file, and a command that reads it."""
VALUES = [None, [1], {"a": 1}, float("nan"), 10**400, -1, True, "", "\ud800", "\x00", {"age": "\ud800"}, [["age"], 1]]


@pytest.mark.parametrize("name", list(ROWS))
def test_a_field_of_an_odd_value(run: Run, name: str) -> None:
    """It is used, or refused in a sentence."""
    row, words = ROWS[name]
    wrong = []
    for field, value in [*product(row, VALUES), ("extra", 1)]:
        lines = [json.dumps({"schema": 1, "kind": "raise-paths"})] * (name == "path") + [
            json.dumps({**row, field: value})
        ]
        Path("odd.jsonl").write_text("\n".join(lines), encoding="utf-8")
        ran = run(*words)
        if ran.code != 0 and not is_one_sentence(ran):
            wrong.append((field, value, ran))
    assert wrong == []


def test_a_stored_row_that_cannot_be_read_is_work_done_again(run: Run) -> None:
    words = ["data", "generate", "--out", "made/set.jsonl", "--domains", "life", "--situations", "1"]
    for journal, again in (("mlruns/episodes/episodes.jsonl", RUNNING["evaluate"]), ("made/set.jsonl.journal", words)):
        first = run(*again, "--json").object
        entries = [json.loads(line) for line in Path(journal).read_text(encoding="utf-8").splitlines()]
        spoilt = [{**entry, "row": {key: [7] for key in entry["row"]}} for entry in entries]
        Path(journal).write_text("".join(json.dumps(entry) + "\n" for entry in spoilt), encoding="utf-8")
        found = run(*again, "--json").object
        assert without_calls(found) == without_calls(first)


def without_calls(found: Any) -> Any:
    """Figures, but for how often models were asked."""
    if isinstance(found, list):
        return [without_calls(each) for each in found]
    if not isinstance(found, dict):
        return found
    return {name: without_calls(value) for name, value in found.items() if name not in ("lm_calls", "resumed")}


def test_doctor_says_what_is_in_the_way_of_runs(run: Run) -> None:
    Path("mlruns").write_text("", encoding="utf-8")
    ran = run("doctor")
    assert ran.code == 1
    assert "FAIL runs: mlruns is no folder" in ran.out
    Path("mlruns").unlink()
    Path("mlruns").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    with without_root_rights():
        ran = run("doctor")
    assert ran.code == 1
    assert "FAIL runs: mlruns cannot be written to" in ran.out
    Path("mlruns").chmod(stat.S_IRWXU)
    assert "ok   runs: mlruns is writable" in run("doctor").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_sentence() -> None:
    command = [sys.executable, "-m", "cli", "export", str(Path.cwd() / "program")]
    RAISE().save("program")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the output: No space left on device: see to it, or name another place.\n"


def test_a_reader_that_has_enough_is_no_crash() -> None:
    RAISE().save("program")
    command = f"{sys.executable} -m cli export program | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode in (0, 1), done.stderr) == (True, "")
