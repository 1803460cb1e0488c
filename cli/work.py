"""Does the work of a command; the first place where the heavy libraries are loaded, and with them their errors."""

import logging
import os
import sys
import time
import warnings
from importlib import import_module

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # otherwise litellm looks prices up online at import
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import typer
from dspy.utils.exceptions import LMError

from cli.console import err, fail, notes_undiverted
from cli.interrupts import GO_ON, STOPPED, stopping_in_order
from cli.rubric import rubric_of
from cli.vocabulary import choose_vocabulary
from signatures import RaiseError, using_rubric, using_vocabulary
from signatures.masking import masked

SWITCH = 0.02
"""Seconds that a thread works while others wait for their turn; at Python's 0.005 many threads take a tenth longer."""
logger = logging.getLogger(__name__)


def do(name: str, options: object) -> None:
    """Run the command ``name``.

    Raises:
        typer.Exit: with 2 for mistakes of the user, for models that cannot be had and for files that cannot be read or
            written, told in one sentence; with 1 if nobody reads the output any more; with 130 if the user stopped it.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    logging.getLogger("dspy").setLevel(logging.ERROR)
    sys.setswitchinterval(SWITCH)
    start = time.monotonic()
    try:
        with notes_undiverted(), stopping_in_order(), using_vocabulary(None), using_rubric(rubric_of(options)):
            choose_vocabulary(options)
            import_module(f"cli.{name}").run(options)
        sys.stdout.flush()
    except BrokenPipeError as gone:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it flushes at exit
        raise typer.Exit(1) from gone
    except OSError as error:  # the boundary: files are opened in many places, and any of them may fail
        fail(masked(f"{error.filename or 'the output'}: {error.strerror or error}: see to it, or name another place."))
        raise typer.Exit(2) from error
    except (RaiseError, LMError) as error:
        fail(masked(str(error)))
        raise typer.Exit(2) from error
    except KeyboardInterrupt as stop:
        err.print(GO_ON)
        raise typer.Exit(STOPPED) from stop
    finally:
        logger.info("%s took %.1f s", name, time.monotonic() - start)
