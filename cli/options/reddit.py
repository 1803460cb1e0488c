"""What ``raise data reddit`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from benchmark.defaults import ATTRIBUTES_AT_LEAST, POSTS_PER_DOMAIN
from cli.options.groups import Forecast, Limits, Out, Roles, Run, Seed, in_models


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Limits, Forecast, Run):
    """Make scenarios from posts: PushShift dumps, filtered, read by a model, reworded, without personal data.

    A cheap prefilter looks at every post; some of those that pass are drawn by chance. The model marks which of the ten
    attributes a post reveals; of a post that reveals enough it extracts profile and question, and words the question
    anew. Code checks that values rest on the post and that wordings don't repeat it.

    Run the same command again after a crash, Ctrl-C or a limit: it goes on where it stopped. `OUT.card.json` says how
    many posts each stage let through and why the others went. docs/reddit.md has what you may and should not do.

    Example: `raise data reddit RS_2022-01.zst RS_2022-02.zst --out reddit.jsonl --teacher openai/gpt-4o-mini`

    Example, what it would cost: `raise data reddit RS_2022-01.zst --out reddit.jsonl --teacher openai/gpt-4o-mini
    --dry-run`
    """

    dumps: Annotated[list[Path], Argument(help="PushShift files of submissions (.ndjson, or .zst, .gz, .bz2, .xz).")]
    out: Out
    teacher: Annotated[str | None, in_models(help="Model that reads and rewords posts. [default: sim/teacher]")] = None
    per_domain: Annotated[int, Option(min=1, help="Posts of each domain that the model reads at most.")] = (
        POSTS_PER_DOMAIN
    )
    at_least: Annotated[int, Option(min=1, max=10, help="Attributes, of the ten, that a post must reveal.")] = (
        ATTRIBUTES_AT_LEAST
    )
    subreddits: Annotated[
        Path | None, Option(help="Your own table of subreddits (TOML). [default: the one that ships]")
    ] = None
    seed: Seed = 0
