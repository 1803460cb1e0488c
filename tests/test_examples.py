"""The examples run as they are, each in an empty folder, on public names and stand-ins; so does the README's.

Those that run without RAISE are tested in ``tests/optimizers/portable``.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(file for file in (ROOT / "examples").glob("*.py") if not file.stem.startswith("standalone"))
SAYS = {
    "chat_loop": "known:",
    "compare": "raise minus vanilla: safety",
    "compile_and_use": "sufficient",
    "custom_metric": "risk sensitivity",
    "native_dspy": "## respond",
    "plan_paths": "expected safety",
}
"""Example -> what it prints, among other things."""


def run(code: str, folder: Path, typed: str = "") -> str:
    """What a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_runs_in_an_empty_folder(example: Path, tmp_path: Path) -> None:
    assert SAYS[example.stem] in run(example.read_text(encoding="utf-8"), tmp_path)


def test_the_readme_example_runs_as_printed(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert re.search("sufficient|budget", run(code, tmp_path, typed="I'm worn out.\n" * 10))


def test_examples_are_short_and_use_public_names() -> None:
    for example in EXAMPLES:
        text = example.read_text(encoding="utf-8")
        imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
        assert len(text.splitlines()) < 40, example.name
        assert not [alias.name for node in imported for alias in node.names if alias.name.startswith("_")], example.name
