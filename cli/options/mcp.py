"""What ``raise mcp`` takes."""

from dataclasses import dataclass
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Answering


@dataclass(frozen=True, kw_only=True)
class Options(Answering):
    """Give agents RAISE as tools of the Model Context Protocol: what to ask next, and the answer.

    The agent keeps its own loop: `next_question(query, known, asked)` and `respond(query, known, asked)` keep nothing.
    It speaks over stdin and stdout, so the client starts it. In a client's configuration:

    `{"mcpServers": {"raise": {"command": "raise", "args": ["mcp", "/programs/sim-gpt-4o"]}}}`

    Example: `raise mcp mlruns/programs/sim-gpt-4o`

    Example, over HTTP at http://127.0.0.1:8001/mcp: `raise mcp mlruns/programs/sim-gpt-4o --port 8001`
    """

    program: Annotated[str, Argument(help="Program folder, models:/NAME@ALIAS, or raise: RAISE as it comes.")]
    port: Annotated[
        int | None,
        Option(
            min=1,
            max=65535,
            show_default=False,
            help="Speak streamable HTTP at this port of this machine, instead of stdin and stdout.",
        ),
    ] = None
    timeout: Annotated[float, Option(min=1, help="Seconds that a call of a tool may take.")] = 60.0
