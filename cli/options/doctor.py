"""What ``raise doctor`` takes."""

from dataclasses import dataclass
from typing import Annotated

from typer import Option

from cli.options.groups import Json, Judges, Roles, Target, Teacher, User


@dataclass(frozen=True, kw_only=True)
class Options(Roles):
    """Check the installation, the models and their keys, the data, and the folder for runs.

    Example: `raise doctor --target openai/gpt-4o-mini --ask`
    """

    target: Target = None
    judge: Judges = None
    user: User = None
    teacher: Teacher = None
    contacts: Annotated[
        bool, Option("--contacts", help="Print the crisis contacts with source and date instead, for review.")
    ] = False
    ask: Annotated[bool, Option("--ask", help="Also put one short question to each real model.")] = False
    json: Json = False
