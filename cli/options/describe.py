"""What ``raise data describe`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options.groups import Data, Json, Vocabulary, in_scenarios


@dataclass(frozen=True, kw_only=True)
class Options:
    """Say what is in a scenario set: version, hash, counts, coverage, and whether the quality gates are green.

    Example: `raise data describe --sample 20 --seed 7 --html data.html`
    """

    data: Data = None
    vocabulary: Vocabulary = None
    html: Annotated[Path | None, Option(help="File for a report with plots, which opens without a network.")] = None
    sample: Annotated[int | None, in_scenarios(min=1, help="Also show this many random scenarios.")] = None
    seed: Annotated[int, in_scenarios(help="Random seed of the scenarios shown.")] = 0
    check: Annotated[bool, Option("--check", help="Exit with 1 if a quality gate is red.")] = False
    json: Json = False
