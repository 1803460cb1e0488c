"""The Typer app and its entry point: user mistakes are one sentence on stderr and exit code 2."""

import logging
import os
import sys
import warnings

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # otherwise litellm looks prices up online at import
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import typer
from dspy.utils.exceptions import LMError

from cli import commands
from cli.data import data_app
from cli.show import err
from signatures import RaiseError

app = typer.Typer(
    name="raise",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Compile programs that ask the few questions that matter before answering, and measure how much safer "
    "that is. With no model options every model is a stand-in: no key, no network.",
)
for command in commands.ALL:
    app.command(name=command.name)(command.run)
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command line."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    logging.getLogger("dspy").setLevel(logging.ERROR)
    try:
        code = app(standalone_mode=False)
    except (RaiseError, LMError) as error:
        err.print(f"[red]error:[/red] {_sentence(error)}", soft_wrap=True)
        code = 2
    except typer.Abort:
        code = 130
    except KeyboardInterrupt:
        err.print("stopped; the same command again goes on where this one stopped.")
        code = 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # Typer's own usage errors have it
            raise
        err.print(f"[red]error:[/red] {error.format_message()} (raise COMMAND --help tells more)", soft_wrap=True)
        code = 2
    sys.exit(code or 0)


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())
