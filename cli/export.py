"""``raise export``: a compiled program in, its prompts out."""

import sys

from cli.console import err
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
        sys.stdout.write(text)
    else:
        with keeping(options.out):
            write_whole(options.out, text, private=True)
        err.print(f"wrote {options.out}")
