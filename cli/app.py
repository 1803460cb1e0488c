"""The Typer app and its entry point: the commands with the line that lists them, and the end of every run."""

import sys

import typer

from cli.command import Verbose, lazy
from cli.console import escape_streams, fail

COMMANDS = {
    "init": "Start a field of your own: a folder with a vocabulary, ten scenarios, settings and a README.",
    "probe": "Find out whether a model is fit for a role before it is trusted with it: fixed items, at most 300 calls.",
    "compile": "Compile a RAISE program for a model: plan, optimize, test, track in MLflow, save.",
    "evaluate": "Run PENGUIN on programs: each talks to simulated users and is judged against their whole profiles.",
    "compare": "Compare recorded evaluations, paired by scenario, without a single LM call.",
    "import-log": "Compare logs of inspect_ai's task penguin with evaluations of ours, paired by scenario.",
    "discover": "Find attributes that the vocabulary lacks: a teacher proposes them, each is tested by what knowing it "
    "adds.",
    "plan": "Plan offline which attributes are worth asking about, for the queries of a split.",
    "judge-agreement": "Compare the judge with people who scored the same responses: weighted kappa, correlations, "
    "confusion.",
    "reproduce": "Measure the paper's tables and figures, beside the published ones: Table 2, Figures 4-7 and 13-16, "
    "Tables 7-8.",
    "track": "Record compiled programs in MLflow that are not there yet, or not whole.",
    "versions": "List the finished programs of a program folder, former ones too, or put one of them back.",
    "report": "Write one page about compiled programs, for people who will not open MLflow.",
    "view": "Read conversations on a local page: questions and why they were asked, answers, the judge's reasons; "
    "rate them.",
    "diff": "Show what differs between two programs: instructions and demonstrations word by word, settings, test "
    "figures.",
    "chat": "Talk to a program in the terminal.",
    "serve": "Serve a program to chat clients: OpenAI's chat API, and a page to chat on.",
    "mcp": "Give agents RAISE as tools of the Model Context Protocol: what to ask next, and the answer.",
    "export": "Export a compiled program as plain prompts, for use without DSPy.",
    "import": "Take an edited export as a program: check it, show what the edit changed, and measure it on request.",
    "ui": "Open MLflow on the runs, at the chart of safety against questions of the newest ones.",
    "doctor": "Check the installation, the models and their keys, the data, and the folder for runs.",
}
"""Command -> the first line of its help, so that listing commands imports none of them."""
DATA_COMMANDS = {
    "init": "Start a field of your own: a folder with a vocabulary, ten scenarios, settings and a README.",
    "probe": "Find out whether a model is fit for a role before it is trusted with it: fixed items, at most 300 calls.",
    "build": "Write the authored set as a file; the same call twice gives the same bytes.",
    "describe": "Say what is in a scenario set: version, hash, counts, coverage, and whether the quality gates are "
    "green.",
    "export": "Write a scenario set for other harnesses: prompts of both conditions and hashes, one JSON object a "
    "scenario.",
    "generate": "Have a model write a scenario set: situations, people in them, and what they ask.",
    "import": "Take in the published PENGUIN data set, from a file or from the Hugging Face hub.",
    "reddit": "Make scenarios from posts: PushShift dumps, filtered, read by a model, reworded, without personal data.",
}
MODULES = {
    "judge-agreement": "judge_agreement",
    "import-log": "import_log",
    "import": "take_in",
    "data export": "items",
    "data import": "hub",
}
"""Commands whose modules are not named as they are."""

app = typer.Typer(
    name="raise",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Compile programs that ask the few questions that matter before answering, and measure how much safer that "
    "is. With no model options every model is a stand-in: no key, no network.\n\n"
    "Example: `raise evaluate vanilla raise --limit 70`",
)
data_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Build and describe scenario sets.\n\nExample: `raise data describe --sample 20`",
)


@app.callback()
def _start(verbose: Verbose = 0) -> None:
    """The options that stand before every command."""


def module_of(command: str) -> str:
    """The module of a command, such as ``evaluate`` or ``data import``."""
    return MODULES.get(command, command.rpartition(" ")[2])


def _register(group: typer.Typer, commands: dict[str, str], prefix: str = "") -> None:
    for name, line in commands.items():
        group.command(name, cls=lazy(module_of(f"{prefix}{name}")), help=line)(_start)


_register(app, COMMANDS)
_register(data_app, DATA_COMMANDS, "data ")
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command line: exit code 0 for success, 1 for failure, 2 for bad input, 3 if too much went unscored for
    a conclusion or a model is not fit, 130 when stopped."""
    escape_streams()
    try:
        code = app(prog_name="raise", standalone_mode=False)
    except typer.Abort:
        code = 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # Typer's own usage errors have it
            raise
        if said := error.format_message():  # nothing is left to say once a bare command has printed its help
            fail(f"{_without_secrets(said)} (raise COMMAND --help tells more)")
        code = 2
    sys.exit(code or 0)


def _without_secrets(said: str) -> str:
    """A usage error as it may be shown: it quotes what was typed, which may be a URL with a password."""
    if "://" not in said:
        return said  # no need to load DSPy, which takes seconds
    from signatures.masking import masked  # noqa: PLC0415

    return masked(said)
