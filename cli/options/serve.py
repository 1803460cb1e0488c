"""What ``raise serve`` takes."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Answering

in_server = partial(Option, rich_help_panel="Server")


@dataclass(frozen=True, kw_only=True)
class Options(Answering):
    """Serve a program to chat clients: OpenAI's chat API, and a page to chat on.

    Every member of the front is a model of its own. Clients send the whole conversation with each request; the server
    keeps none. Ctrl-C or SIGTERM ends it once the answers under way are sent.

    Example: `raise serve mlruns/programs/sim-gpt-4o --port 8000`

    Example, for other machines: `RAISE_API_KEY=... raise serve mlruns/programs/sim-gpt-4o --host 0.0.0.0`
    """

    program: Annotated[str, Argument(help="Program folder, models:/NAME@ALIAS, or raise: RAISE as it comes.")]
    host: Annotated[str, in_server(help="Address to listen on; one that others reach needs a key.")] = "127.0.0.1"
    port: Annotated[int, in_server(min=1, max=65535, help="Port to listen on.")] = 8000
    api_key: Annotated[
        str | None,
        in_server(
            metavar="KEY",
            help="Key that clients must send. RAISE_API_KEY in the environment does, too, and is not seen by others on "
            "this machine.",
        ),
    ] = None
    turns: Annotated[int, in_server(min=1, help="Turns made at once; more are told to come back (429).")] = 64
    timeout: Annotated[float, in_server(min=1, help="Seconds that a turn may take.")] = 60.0
