"""The shape of the house: who may import whom, and what no file may do."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("signatures", "modules", "lms", "benchmark", "optimizers", "serving", "cli", "experiments")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
LAYERS = {contract["name"]: contract["layers"] for contract in CONTRACT["contracts"]}
STREET = ["experiments", "cli", "serving", "optimizers", "benchmark", "modules | lms", "signatures"]
ROOMS = [
    "reproduce | probe | inspect | discovery",
    "evaluation | planning",
    "judging",
    "scenarios",
    "jobs | statistics",
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the packages in ``folder``, with the ``pyproject.toml`` there."""
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-P", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def small_tree(folder: Path) -> None:
    """Empty packages of the real names, and rooms in the benchmark, under the real contracts."""
    for package in (*PACKAGES, *(f"benchmark/{room}" for layer in ROOMS for room in layer.split(" | "))):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("")
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names_used(file: Path) -> set[str]:
    """Every imported module, called name and attribute read in ``file``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.ImportFrom):
            found |= set((node.module or "").split(".")) | {alias.name for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id)
    return found


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_the_contracts_are_the_street_and_the_rooms_of_the_benchmark() -> None:
    assert LAYERS == {"The one-way street": STREET, "Inside the benchmark": ROOMS}
    assert {name for layer in STREET for name in layer.split(" | ")} == set(PACKAGES) == set(CONTRACT["root_packages"])
    folders = {file.parent.name for file in (ROOT / "benchmark").glob("*/__init__.py")}
    assert {name for layer in ROOMS for name in layer.split(" | ")} == folders


def test_no_package_imports_to_its_right() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "2 kept, 0 broken" in result.stdout


def test_the_contracts_allow_the_empty_house_and_notice_a_forbidden_import(tmp_path: Path) -> None:
    small_tree(tmp_path)
    assert lint(tmp_path).returncode == 0
    (tmp_path / "lms/wrong.py").write_text("def late():\n    import modules\n")
    (tmp_path / "benchmark/judging/wrong.py").write_text("def late():\n    import benchmark.evaluation\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert "0 kept, 2 broken" in result.stdout
    assert "lms.wrong -> modules" in result.stdout
    assert "benchmark.judging.wrong -> benchmark.evaluation" in result.stdout


def test_there_are_sources_to_check() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in SOURCES} == set(PACKAGES)
    assert len(SOURCES) > 50


def test_nothing_is_named_utils() -> None:
    vague = {"utils", "util", "helpers", "misc", "common"}
    assert not [
        relative(f) for f in SOURCES if vague & {part.removesuffix(".py") for part in f.relative_to(ROOT).parts}
    ]


def test_nothing_in_the_source_loads_or_runs_code() -> None:
    unsafe = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal", "eval", "exec"}
    assert not [(relative(file), unsafe & names_used(file)) for file in SOURCES if unsafe & names_used(file)]


def test_print_only_in_cli() -> None:
    printing = {file.relative_to(ROOT).parts[:2] for file in SOURCES if "print" in names_used(file)}
    assert not [path for path in printing if path[0] != "cli" and path[0] != "experiments"]


def test_every_file_stays_under_400_lines() -> None:
    lengths = {relative(file): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES}
    assert not {name: lines for name, lines in lengths.items() if lines >= 400}
