"""What ``raise view`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Json, Rubric, Store, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Options:
    """Read conversations on a local page: questions and why they were asked, answers, the judge's reasons; rate them.

    Programs that had the same scenario are shown side by side. Ratings go to a file that `raise judge-agreement` takes.
    With `--out` the page is written to a file that opens anywhere, without ratings.

    Example: `raise view`

    Example, one run as a file: `raise view last --out conversations.html`
    """

    conversations: Annotated[
        str | None,
        Argument(
            metavar="RUN|STORE",
            help="A store's folder; a run of `raise evaluate` by its id, or last; a program folder; an MLflow run id. "
            "[default: all of the store]",
        ),
    ] = None
    vocabulary: Vocabulary = None
    rubric: Rubric = None
    store: Store = None
    out: Annotated[
        Path | None, Option(metavar="FILE.html", help="Write the page, all in one file, and serve nothing.")
    ] = None
    contents: Annotated[
        bool,
        Option(
            "--contents",
            help="Show in a written page what real people said (sources reddit and hub), which is redacted otherwise.",
        ),
    ] = False
    ratings: Annotated[
        Path | None, Option(metavar="FILE.jsonl", help="File for ratings. [default: ratings.jsonl in the store]")
    ] = None
    port: Annotated[int, Option(min=1, max=65535, help="Port to listen on.")] = 8100
    browser: Annotated[bool, Option(help="Open the page in a browser.")] = True
    json: Json = False
