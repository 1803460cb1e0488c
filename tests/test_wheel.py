"""The wheel: every file of the seven packages, nothing else, and it runs without the repository."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("signatures", "modules", "lms", "benchmark", "optimizers", "serving", "cli")
BUILT_FROM = (*PACKAGES, "pyproject.toml", "README.md", "LICENSE")
MAX_BYTES = 27_000_000
"""Most of it is the crisis guard's encoder."""
LABELLED = ROOT / "experiments" / "crisis" / "data"


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that must succeed."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since setuptools leaves build/ behind and would ship what an earlier build left there."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    command = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    run(sys.executable, "-c", command, str(out), cwd=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """What is in the wheel, less its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_it_holds_every_file_of_the_packages_and_nothing_else(names: set[str]) -> None:
    files = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == files


def test_it_tells_type_checkers_that_the_packages_are_typed(names: set[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_it_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= MAX_BYTES


def test_no_labelled_crisis_line_ships(wheel: Path) -> None:
    labelled = [
        line["text"]
        for part in ("build", "twins", "heldout")
        for line in tomllib.loads((LABELLED / f"{part}.toml").read_text(encoding="utf-8"))["line"][::50]
    ]
    with zipfile.ZipFile(wheel) as archive:
        shipped = "\n".join(archive.read(name).decode(errors="ignore") for name in archive.namelist())
    assert len(labelled) > 100
    assert not [text for text in labelled if len(text) > 40 and text in shipped]


def test_it_runs_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    (folder := tmp_path / "empty").mkdir()
    program = """
import sys, cli.app
print(cli.app.__file__, file=sys.stderr)
sys.argv[1:] = ["evaluate", "raise", "--limit", "7", "--json"]
cli.app.main()
"""
    done = run(sys.executable, "-P", "-c", program, cwd=folder, PYTHONPATH=str(tmp_path / "installed"))
    assert done.stderr.startswith(str(tmp_path / "installed"))
    assert '"n": 7' in done.stdout
    assert {path.name for path in folder.iterdir()} == {"mlruns"}
