"""``raise export``: a compiled program in, its prompts out."""

import sys

from cli.console import ESCAPED, err, speaks_unicode
from cli.options.export import Options
from modules import RAISE
from optimizers import export_program


def run(options: Options) -> None:
    """Write the prompts, or print them."""
    text = export_program(RAISE.load(options.program), options.format)
    if options.out is None:
        in_ascii = options.format != "markdown" and not speaks_unicode()  # programs read JSON as UTF-8
        sys.stdout.write(text.encode("ascii", ESCAPED).decode() if in_ascii else text)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")
        err.print(f"wrote {options.out}")
