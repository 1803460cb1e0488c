"""A project of one's own with packages of our names: Python says so, ``python -P`` and the command do not mind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = "from lms import LanguageModels, Role\nfrom modules import RAISE\nprint('imported')\n"


def ended(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(params=["modules/__init__.py", "modules.py", "signatures/__init__.py"])
def namesake(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A package or module of the user's beside a script like the one in the README."""
    file: Path = tmp_path / request.param
    file.parent.mkdir(exist_ok=True)
    file.write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    return file


def test_it_is_named_with_the_way_out(namesake: Path, tmp_path: Path) -> None:
    done = ended(tmp_path, "script.py")
    assert done.returncode == 1
    assert "stands before RAISE's own" in done.stderr
    assert "run Python with -P" in done.stderr
    assert str(namesake) in done.stderr or "package 'signatures'" in done.stderr


@pytest.mark.usefixtures("namesake")
def test_the_way_out_works_and_the_command_needs_none(tmp_path: Path) -> None:
    assert ended(tmp_path, "-P", "script.py").stdout == "imported\n"
    assert "Usage: raise" in ended(tmp_path, "-m", "cli", "--help").stdout
    described = ended(tmp_path, "-m", "cli", "data", "describe", "--json")
    assert (described.returncode, described.stderr) == (0, "")


def test_without_namesakes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()  # no package: ours goes before it
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = ended(tmp_path, "script.py")
    assert (done.stdout, done.stderr) == ("imported\n", "")
