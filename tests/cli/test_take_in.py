"""``raise import`` takes an edited export as a program, shows the edit, and measures it on request."""

from pathlib import Path

import pytest

from modules import RAISE
from optimizers import TargetResult
from tests.cli.conftest import Run


@pytest.fixture
def file(run: Run, compiled: TargetResult) -> Path:
    """The compiled program as YAML."""
    assert run("export", str(compiled.folder), "--format", "yaml", "--out", "program.yaml").code == 0
    return Path("program.yaml")


def reword(file: Path, predictor: str, word: str) -> None:
    """Put ``word`` before the instruction of ``predictor``."""
    text = file.read_text(encoding="utf-8")
    head, mark, rest = text.partition(f"\n  {predictor}:\n    instructions: |-\n      ")
    assert mark
    file.write_text(f"{head}{mark}{word} {rest}", encoding="utf-8")


def test_an_edit_is_shown_and_measured_against_the_original(run: Run, compiled: TargetResult, file: Path) -> None:
    reword(file, "respond", "Kindly.")
    ran = run("import", str(file), "--as", "edited", "--evaluate", "--limit", "4")
    assert ran.code in (0, 3), ran.err
    assert "{+Kindly. +}" in ran.out
    assert "SIMULATED" in ran.out
    assert f"edited minus {compiled.folder}" in " ".join(ran.out.split())
    assert "Kindly." in RAISE.load("edited").respond.signature.instructions


def test_nothing_edited_is_no_difference_and_comes_out_the_same(run: Run, file: Path) -> None:
    ran = run("import", str(file), "--as", "again")
    assert ran.out.startswith("No difference: ")
    assert run("export", "again", "--format", "yaml").out == file.read_text(encoding="utf-8")
    assert run("diff", str(file), "again").out.startswith("No difference: ")


def test_the_former_program_is_kept(run: Run, file: Path) -> None:
    assert run("import", str(file), "--as", "mine").code == 0
    reword(file, "ask", "Softly.")
    ran = run("import", str(file), "--as", "mine")
    assert "the former program is kept as mine.versions/1" in " ".join(ran.err.split())
    assert "{+Softly. +}" in ran.out


def test_what_is_wrong_is_told_with_its_line(run: Run, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("schema: 1", "schema: 2"), encoding="utf-8")
    ran = run("import", str(file), "--as", "edited")
    assert (ran.code, ran.out) == (2, "")
    assert "program.yaml, line 3: it has schema 2, which is newer than 1" in " ".join(ran.err.split())
    assert not Path("edited").exists()


def test_an_original_that_is_gone_cannot_be_compared_with(run: Run, tmp_path: Path) -> None:
    RAISE().save(tmp_path / "gone")
    run("export", str(tmp_path / "gone"), "--format", "markdown", "--out", "program.md")
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    ran = run("import", "program.md", "--as", "edited", "--evaluate")
    assert ran.code == 2
    assert "is not there to compare with: name it with --original" in " ".join(ran.err.split())
