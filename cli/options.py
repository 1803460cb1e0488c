"""Options that several commands share, with the texts of their help."""

from pathlib import Path
from typing import Annotated

import typer

Judge = Annotated[str | None, typer.Option(help="Model that scores responses. [default: sim/judge]")]
Judges = Annotated[
    list[str] | None,
    typer.Option("--judge", help="Model that scores responses; repeat for a panel. [default: sim/judge]"),
]
User = Annotated[str | None, typer.Option(help="Model that plays the person who is asked. [default: sim/user]")]
Teacher = Annotated[str | None, typer.Option(help="Model that proposes instructions. [default: sim/teacher]")]
Target = Annotated[
    str | None, typer.Option(help="Model that plays the agent: any dspy.LM string, or sim/NAME. [default: sim/gpt-4o]")
]
ApiBase = Annotated[
    str | None,
    typer.Option(help="Endpoint for all roles that are not stand-ins (OpenAI-compatible servers, gateways)."),
]
Data = Annotated[str, typer.Option(help="Scenarios: 'authored', or a scenario file (JSON Lines).")]
Seed = Annotated[int, typer.Option(help="Same seed, same figures.")]
Concurrency = Annotated[int | None, typer.Option(min=1, help="Conversations at once. [default: 1 simulated, 8 real]")]
Store = Annotated[
    Path | None, typer.Option(help="Folder of replies and finished episodes, for resuming. [default: mlruns]")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout; progress goes to stderr.")]
