"""What ``raise chat`` takes."""

from dataclasses import dataclass
from typing import Annotated

from typer import Argument

from cli.options.groups import Answering


@dataclass(frozen=True, kw_only=True)
class Options(Answering):
    """Talk to a program in the terminal.

    Commands in the chat: `/why`, `/known`, `/skip`, `/undo`, `/new`, `/model`, `/save FILE`, `/help`, `/quit`.

    Example: `raise chat mlruns/programs/sim-gpt-4o`

    Example, a real model: `raise chat --target openai/gpt-4o-mini`
    """

    program: Annotated[str, Argument(help="Program folder, models:/NAME@ALIAS, or raise: RAISE as it comes.")] = "raise"
