"""What ``raise judge-agreement`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument

from cli.options.groups import Judges, Roles, Rubric, Run, Seed, Store, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Run):
    """Compare the judge with people who scored the same responses: weighted kappa, correlations, confusion.

    Every figure has a 95 % interval. Run it again after a crash: replies are stored, none is paid for twice.

    Example: `raise judge-agreement docs/examples/human-scores.jsonl --judge openai/gpt-4o`
    """

    file: Annotated[Path, Argument(help="Human scores: JSON Lines or CSV (docs/judge.md has the format).")]
    judge: Judges = None
    rubric: Rubric = None
    seed: Seed = 0
    vocabulary: Vocabulary = None
    store: Store = None
