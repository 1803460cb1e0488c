"""What ``raise init`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import Json


@dataclass(frozen=True, kw_only=True)
class Options:
    """Start a field of your own: a folder with a vocabulary, ten scenarios, settings and a README.

    The example is advice to migrants: twelve attributes, two fields of life. In the folder, `raise compile` makes a
    program at once, on stand-ins; `raise data generate` writes more scenarios.

    Example: `raise init my-field`

    Example, in Spanish: `raise init mi-campo --language es`
    """

    folder: Annotated[Path, Argument(metavar="FOLDER", help="Folder to make.")]
    language: Annotated[
        str, Option(metavar="CODE", help="Language of labels, values, questions and scenarios: de, en, es, fr or zh.")
    ] = "en"
    json: Json = False
