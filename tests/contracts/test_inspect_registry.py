"""What ``benchmark.inspect.names`` needs of inspect_ai's registry, which is not public."""

import tomllib
from pathlib import Path

import pytest

registry = pytest.importorskip("inspect_ai._util.registry")
ROOT = Path(__file__).parents[2]


def test_the_task_is_found_by_its_bare_name_and_below_the_distributions() -> None:
    from benchmark.inspect.extension import penguin
    from benchmark.inspect.names import DISTRIBUTION

    assert registry.registry_lookup("task", "penguin") is penguin
    assert registry.registry_lookup("task", f"{DISTRIBUTION}/penguin") is penguin


def test_the_entry_point_is_declared() -> None:
    from benchmark.inspect import extension
    from benchmark.inspect.names import DISTRIBUTION

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["inspect_ai"] == {DISTRIBUTION: extension.__name__}
