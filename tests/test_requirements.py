"""What is declared is what is tested: pins for every direct dependency, at the lower bounds in one of the two files."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [Requirement(text) for text in PROJECT["dependencies"]]
TOOLS = [Requirement(text) for extra in ("dev", "docs") for text in PROJECT["optional-dependencies"][extra]]


def pins(file: str) -> dict[str, str]:
    """Package -> version of a constraints file, which holds plain pins and comments alone."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return dict(_pin(line) for line in lines if not line.startswith("#"))


def _pin(line: str) -> tuple[str, str]:
    requirement = Requirement(line)
    (specifier,) = requirement.specifier
    assert specifier.operator == "=="
    assert requirement.url is None
    return canonicalize_name(requirement.name), specifier.version


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-min.txt"])
def test_pins_are_within_what_the_project_declares(file: str) -> None:
    pinned = pins(file)
    declared = DIRECT if file == "constraints-min.txt" else [*DIRECT, *TOOLS]
    assert not [str(r) for r in declared if not r.specifier.contains(pinned.get(canonicalize_name(r.name), "0"))]


def test_the_lower_bounds_are_the_versions_tested() -> None:
    pinned = pins("constraints-min.txt")
    bounds = {canonicalize_name(r.name): s.version for r in DIRECT for s in r.specifier if s.operator == ">="}
    assert set(bounds) == {canonicalize_name(r.name) for r in DIRECT}
    assert not {
        name: (bound, pinned[name]) for name, bound in bounds.items() if Version(bound) != Version(pinned[name])
    }
