"""``raise diff`` says what differs so that people and programs can read it, and exits with 0 either way."""

import shutil
from pathlib import Path

import pytest

from modules import RAISE
from optimizers import TargetResult
from tests.cli.conftest import Run


@pytest.fixture
def edited(compiled: TargetResult, tmp_path: Path) -> str:
    """The compiled program with one word of ``respond`` replaced."""
    folder = tmp_path / "edited"
    shutil.copytree(compiled.folder, folder)
    program = RAISE.load(folder)
    first, _, rest = str(program.respond.signature.instructions).partition(" ")
    assert first != "Kindly"
    program.respond.signature = program.respond.signature.with_instructions(f"Kindly {rest}")
    program.save(folder)
    return str(folder)


def test_words_are_marked_so_that_no_colour_is_needed(run: Run, compiled: TargetResult, edited: str) -> None:
    ran = run("diff", str(compiled.folder), edited)
    assert ran.code == 0
    assert "-]{+Kindly+}" in ran.out
    assert "Unchanged prompts: triage, abstain, plan, ask, read." in ran.out
    assert "SIMULATED" in ran.out


def test_nothing_that_differs_is_one_sentence(run: Run, compiled: TargetResult) -> None:
    program = str(compiled.folder)
    ran = run("diff", program, program)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("No difference: ")
    assert run("diff", program, program, "--json").object["same"] is True


def test_json_has_the_words_and_a_page_is_written(run: Run, compiled: TargetResult, edited: str) -> None:
    ran = run("diff", str(compiled.folder), edited, "--html", "diff.html", "--json")
    assert ran.code == 0
    assert (ran.object["same"], ran.object["simulated"]) == (False, True)
    (change,) = ran.object["prompts"]
    assert change["predictor"] == "respond"
    assert {"text": "Kindly", "change": "added"} in change["instructions"]
    page = Path("diff.html").read_text(encoding="utf-8")
    assert "<ins>Kindly</ins>" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere", "raise"), "nowhere is no program: name a program folder"),
        (("prompts:/x@champion", "raise"), "there is no MLflow store"),
        (("raise", "raise", "--html", "."), "an HTML file for the page"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = run("diff", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
