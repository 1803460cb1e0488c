"""What ``raise data build`` takes."""

from dataclasses import dataclass
from typing import Annotated

from typer import Option

from cli.options.groups import Json, Out


@dataclass(frozen=True, kw_only=True)
class Options:
    """Write the authored set as a file; the same call twice gives the same bytes.

    Other sets have commands of their own: `generate`, `import`, `reddit`.

    Example: `raise data build --source authored --out authored.jsonl`
    """

    out: Out
    source: Annotated[str, Option(help="Scenario set: 'authored', which ships with the project.")] = "authored"
    json: Json = False
