"""``raise export``: a compiled program in, its prompts out."""

import sys

from cli.console import ESCAPED, err, speaks_unicode
from cli.inputs import refuse_folder
from cli.options.export import Options
from modules import RAISE
from modules.files import keeping, write_whole
from optimizers import export_program


def run(options: Options) -> None:
    """Write the prompts, or print them."""
    if options.out is not None:
        refuse_folder(options.out, "a file for the prompts")
    text = export_program(RAISE.load(options.program), options.format)
    if options.out is None:
        in_ascii = options.format != "markdown" and not speaks_unicode()  # programs read JSON as UTF-8
        sys.stdout.write(text.encode("ascii", ESCAPED).decode() if in_ascii else text)
    else:
        with keeping(options.out):
            write_whole(options.out, text, private=True)
        err.print(f"wrote {options.out}")
