"""How a command is put together: a light class of options, and work that is imported when it is to be done.

``cli.options.NAME.Options`` says what ``raise NAME`` takes, and its docstring is the help; ``cli.NAME.run(options)``
does it. Options are read for ``--help``, so they import nothing heavy; the work may import what it likes.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import cache
from importlib import import_module
from inspect import Parameter, Signature
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand
from typer.main import get_command

from cli.logs import show_logs

NO_CONCLUSION = 3
"""Exit code of a command that is done, but of which too much went unscored for a conclusion."""
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, callback=show_logs, show_default=False, metavar="",
        help="Log on stderr what is done; -vv logs it in detail.",
    ),
]  # fmt: skip


def lazy(name: str) -> type[TyperCommand]:
    """A command that is imported when it is called, or when its own help is asked for; listing it imports nothing."""

    class Lazy(TyperCommand):
        def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
            return _command(name).make_context(info_name, args, parent, **extra)

    return Lazy


@cache
def _command(name: str) -> Any:
    options = import_module(f"cli.options.{name}").Options
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)
    bare_is_help = any(field.default is MISSING for field in fields(options))
    work = bind(options, lambda given: import_module("cli.work").do(name, given))
    app.command(help=options.__doc__, no_args_is_help=bare_is_help)(work)
    return get_command(app)


def _default(field: Field[Any]) -> Any:
    """The default of an option; a list that may be left out has a factory."""
    if field.default_factory is not MISSING:
        return field.default_factory()
    return Parameter.empty if field.default is MISSING else field.default


def bind(options: type[Any], run: Callable[[Any], None]) -> Callable[..., None]:
    """A function that Typer can read: one parameter for each field of ``options``, whose object ``run`` is given.

    Args:
        options: a dataclass whose fields are annotated as parameters of Typer; its bases are groups of shared ones.
        run: what the command does.
    """

    def call(verbose: int = 0, **values: Any) -> None:
        run(options(**values))

    hints = get_type_hints(options, include_extras=True)
    own_first = sorted(fields(options), key=lambda field: field.name not in options.__annotations__)
    parameters = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=hints[field.name],
        )
        for field in own_first
    ]
    verbose = Parameter("verbose", Parameter.KEYWORD_ONLY, default=0, annotation=Verbose)
    call.__signature__ = Signature([*parameters, verbose])  # type: ignore[attr-defined]  # what inspect looks for first
    return call
