"""What ``raise data export`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options.groups import Json, Scenarios, in_scenarios


@dataclass(frozen=True, kw_only=True)
class Options(Scenarios):
    """Write a scenario set for other harnesses: prompts of both conditions and hashes, one JSON object a scenario.

    lm-evaluation-harness reads the file as it is (docs/inspect.md). Each line has the hash of its scenario and of the
    whole set, the person's background for a judge, and the chat prompts `context_free` and `context_rich`.

    Example: `raise data export --split test --limit 70 --out penguin.jsonl`
    """

    out: Annotated[Path, Option(help="File to write (JSON Lines).")]
    split: Annotated[str, in_scenarios(help="Split to write: train, dev, test or all.")] = "test"
    limit: Annotated[int | None, in_scenarios(min=1, help="Scenarios, spread evenly. [default: all]")] = None
    json: Json = False
