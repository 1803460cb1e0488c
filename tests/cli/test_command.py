"""How commands are put together: options from groups, and nothing imported before it is needed."""

import json
import subprocess
import sys
from dataclasses import dataclass, fields
from importlib import import_module
from inspect import signature
from typing import Annotated, Any

import pytest
import typer
from typer import Argument, Option
from typer.testing import CliRunner

from benchmark.planning.planning import PlanSettings
from benchmark.scenarios.reddit import RedditSettings
from benchmark.scenarios.synthetic import GenerateSettings
from cli.app import COMMANDS, DATA_COMMANDS, module_of
from cli.command import bind
from lms import Role, default_models
from optimizers import CompileSettings
from optimizers.defaults import SIZES

HEAVY = ("dspy", "litellm", "mlflow", "optuna", "pandas", "numpy", "scipy", "sklearn", "plotly", "matplotlib")
LINES = {module_of(name): line for name, line in COMMANDS.items()} | {
    module_of(f"data {name}"): line for name, line in DATA_COMMANDS.items()
}
OPTIONS = {name: import_module(f"cli.options.{name}").Options for name in LINES}


@dataclass(frozen=True, kw_only=True)
class Size:
    width: Annotated[int, Option(min=1, help="How wide.", rich_help_panel="Sizes")] = 3
    height: Annotated[int | None, Option(help="How high.", rich_help_panel="Sizes")] = None


@dataclass(frozen=True, kw_only=True)
class Paint(Size):
    """Paint things.

    Example: `paint door`
    """

    things: Annotated[list[str], Argument()]
    colour: Annotated[str, Option("--colour", "-c")] = "red"


def paint(*words: str) -> tuple[int, str, list[Paint]]:
    given: list[Paint] = []
    app = typer.Typer()
    app.command(help=Paint.__doc__)(bind(Paint, given.append))
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output, given


def test_what_is_given_comes_as_the_object_of_options() -> None:
    assert paint("door", "wall", "--width", "5", "-c", "blue")[2] == [
        Paint(things=["door", "wall"], width=5, colour="blue")
    ]
    assert paint("door")[2] == [Paint(things=["door"])]


def test_the_help_has_the_docstring_the_panels_and_the_defaults() -> None:
    code, shown, _ = paint("--help")
    assert code == 0
    for words in ("Paint things.", "paint door", "Sizes", "How wide.", "[default: 3]", "[default: red]"):
        assert words in shown


@pytest.mark.parametrize("words", [[], ["door", "--width", "0"], ["door", "--depth", "1"]])
def test_what_does_not_fit_is_a_usage_error(words: list[str]) -> None:
    code, _, given = paint(*words)
    assert (code, given) == (2, [])


def test_options_of_a_command_stand_before_those_of_its_groups() -> None:
    assert [*signature(bind(Paint, print)).parameters] == ["things", "colour", "width", "height", "verbose"]


def loaded(*lines: str) -> set[str]:
    """Heavy libraries that a fresh interpreter has imported after ``lines``."""
    code = "\n".join(["import json, sys", *lines, f"print(json.dumps([n for n in {HEAVY} if n in sys.modules]))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    """So it is there at once; that a name is listed does not even import what its command takes."""
    assert (
        loaded(
            "from typer.testing import CliRunner",
            "from cli.app import COMMANDS, DATA_COMMANDS, app",
            "def help(*words): assert CliRunner().invoke(app, [*words, '--help']).exit_code == 0",
            "help(), help('data')",
            "assert not [name for name in sys.modules if name.startswith('cli.options')]",
            "[help(name) for name in COMMANDS]",
            "[help('data', name) for name in DATA_COMMANDS]",
        )
        == set()
    )


@pytest.mark.parametrize("name", list(LINES))
def test_the_line_that_lists_a_command_is_the_first_of_its_help(name: str) -> None:
    doc = str(OPTIONS[name].__doc__)
    assert doc.partition("\n")[0] == LINES[name]
    assert "Example: `raise " in doc


def defaults(name: str) -> dict[str, Any]:
    return {field.name: field.default for field in fields(OPTIONS[name])}


@pytest.mark.parametrize(
    ("name", "settings", "others"),
    [
        ("compile", CompileSettings().model_dump(), {"optimizer", "depth", "agent", "raced", *vars(SIZES["full"])}),
        ("plan", vars(PlanSettings()), {"evaluations_at_once"}),
        ("generate", vars(GenerateSettings()), {"domains", "language"}),
        ("reddit", vars(RedditSettings()), set()),
    ],
)
def test_defaults_are_those_of_the_settings(name: str, settings: dict[str, Any], others: set[str]) -> None:
    shown = defaults(name)
    assert {key: shown[key] for key in settings if key not in others} == {
        key: value for key, value in settings.items() if key not in others
    }


def test_defaults_that_are_spelt_otherwise_are_the_same() -> None:
    assert defaults("plan")["at_once"] == PlanSettings().evaluations_at_once
    assert f"[default: {CompileSettings().optimizer}]" in help_of("compile", "optimizer")
    for name in ("train", "dev", "test", "plan_queries", "evaluations", "trials"):
        assert defaults("compile")[name] is None
        assert f"{getattr(CompileSettings(), name)} medium" in help_of("compile", name)


def help_of(name: str, option: str) -> str:
    [info] = signature(bind(OPTIONS[name], print)).parameters[option].annotation.__metadata__
    return str(info.help)


@pytest.mark.parametrize("name", list(LINES))
def test_the_help_names_the_stand_in_that_plays_a_role_by_default(name: str) -> None:
    for role, settings in default_models().items():
        if role.value in defaults(name) and (name, role) != ("reproduce", Role.TARGET):
            assert f"[default: {settings.model}]" in help_of(name, role.value)
