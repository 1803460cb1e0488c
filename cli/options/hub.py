"""What ``raise data import`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Json, Out, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Options:
    """Take in the published PENGUIN data set, from a file or from the Hugging Face hub.

    Rows that cannot be used are counted with their reasons, in the output and in `OUT.report.json`.

    Example: `raise data import train.parquet --out hub.jsonl` and then `raise evaluate vanilla raise --data hub.jsonl`

    Example, what the paper's pipeline wrote: `raise data import queries.json --domain '*=life' --out mine.jsonl`

    Example, one's own logs: `raise data import logs.jsonl --map map.toml --out mine.jsonl`, where `map.toml` says where
    the query and the attributes are (docs/data-sources.md). Personal data is taken out.

    Example, from the hub: `pip install 'raise-penguin[hub]'` and then
    `raise data import wick1d/Personalized_Safety_Data --revision COMMIT --out hub.jsonl`
    """

    source: Annotated[
        str, Argument(metavar="FILE|HUB_ID", help="A Parquet, JSON, JSON Lines or CSV file, or owner/name on the hub.")
    ]
    out: Out
    vocabulary: Vocabulary = None
    revision: Annotated[
        str | None, Option(help="Commit on the hub: needed for a hub id, only recorded for a file.")
    ] = None
    domain: Annotated[
        list[str] | None,
        Option(
            metavar="LABEL=FIELD",
            help="Domain of a label that is not understood, or of all such: '*=life'. Repeatable.",
        ),
    ] = None
    map: Annotated[
        Path | None,
        Option(
            metavar="FILE.toml", help="Mapping file: where rows of another shape hold the query and the attributes."
        ),
    ] = None
    json: Json = False
