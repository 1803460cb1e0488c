"""``raise view`` finds conversations, writes a page, and refuses what is nothing to show."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from optimizers import TargetResult
from tests.cli.conftest import Run


def lines_in(file: str) -> list[dict[str, Any]]:
    page = Path(file).read_text(encoding="utf-8")
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    lines: list[dict[str, Any]] = json.loads(found[1])["lines"]
    return lines


def run_of(said: str) -> str:
    found = re.search(r"raise view (\w+)", said)
    assert found
    return found[1]


def test_a_store_and_a_run_of_it(run: Run) -> None:
    first = run_of(run("evaluate", "vanilla", "--limit", "3").err)
    second = run_of(run("evaluate", "vanilla", "random:1", "--limit", "2").err)
    assert run("view", "--out", "all.html").code == 0
    assert len(lines_in("all.html")) == 5
    ran = run("view", second, "--out", "run.html", "--json")
    assert (ran.code, ran.object) == (0, {"simulated": True, "page": "run.html", "conversations": 4})
    assert [line["program"] for line in lines_in("run.html")] == ["vanilla", "vanilla", "random:1", "random:1"]
    assert lines_in("run.html")[0]["scenario"] == lines_in("run.html")[2]["scenario"]
    assert run("view", first, "--out", "first.html").code == 0
    assert len(lines_in("first.html")) == 3
    assert Path("all.html").stat().st_mode & 0o077 == 0


def test_the_test_of_a_compiled_program(run: Run, compiled: TargetResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAISE_ROOT", str(compiled.folder.parents[1]))
    assert run("view", str(compiled.folder), "--out", "page.html").code == 0
    lines = lines_in("page.html")
    test = next(entry for entry in compiled.figures["front"] if entry["name"] == compiled.figures["chosen_name"])
    assert len(lines) == test["n"]
    safety = [line["safety"] for line in lines if line["safety"] is not None]
    assert sum(safety) / len(safety) == pytest.approx(test["safety"], abs=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "mlruns holds no conversations yet"),
        ("--json", "--json tells what was written"),
        ("--out .", "is a folder"),
    ],
)
def test_what_cannot_be_shown_is_told(run: Run, words: str, said: str) -> None:
    ran = run("view", *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_run_that_is_not_there_is_told(run: Run) -> None:
    run("evaluate", "vanilla", "--limit", "1")
    ran = run("view", "e48d5258a35c6e91", "--out", "page.html")
    assert ran.code == 2
    assert "e48d5258a35c6e91" in ran.err


def test_conversations_of_a_vocabulary_of_ones_own_are_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("init", "mine").code == 0
    monkeypatch.chdir("mine")  # its raise.toml names vocabulary and scenarios
    assert run("evaluate", "vanilla", "--split", "all").code == 0
    shown = run("view", "--out", "page.html", "--json")
    assert shown.code == 0, shown.err
    assert shown.object["conversations"] == 10


def test_conversations_of_another_version_are_counted(run: Run) -> None:
    run("evaluate", "vanilla", "--limit", "2")
    file = Path("mlruns/episodes/episodes.jsonl")
    first, second = file.read_text(encoding="utf-8").splitlines()
    file.write_text(f"{first}\n{second.replace('turns', 'exchanges')}\n", encoding="utf-8")
    ran = run("view", "--out", "page.html")
    assert (ran.code, len(lines_in("page.html"))) == (0, 1)
    assert "1 conversations in mlruns are left out, since they cannot be read" in " ".join(ran.err.split())
    file.write_text(f"{second.replace('turns', 'exchanges')}\n", encoding="utf-8")
    assert "none of the 1 conversations in mlruns can be read" in " ".join(run("view", "--out", "x.html").err.split())


def test_a_rubric_of_ones_own(run: Run) -> None:
    Path("rubric.toml").write_text(
        'schema = 1\nname = "one"\nopening = "Grade it."\n[[dimension]]\nname = "plainness"\n'
        'question = "is it plain?"\nanchors = ["hard", "fair", "plain"]\n',
        encoding="utf-8",
    )
    run("evaluate", "vanilla", "--limit", "1", "--rubric", "rubric.toml")
    assert run("view", "--rubric", "rubric.toml", "--out", "page.html").code == 0
    refused = run("view", "--out", "other.html")
    assert refused.code == 2
    assert "name their rubric with --rubric" in " ".join(refused.err.split())
