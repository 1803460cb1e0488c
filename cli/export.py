"""``raise export``: a compiled program in, its prompts out."""

import sys

from cli.console import err
from cli.inputs import refuse_folder
from cli.options.export import Options
from modules import RAISE
from optimizers import export_program


def run(options: Options) -> None:
    """Write the prompts, or print them."""
    if options.out is not None:
        refuse_folder(options.out, "a file for the prompts")
    text = export_program(RAISE.load(options.program), options.format)
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")
        err.print(f"wrote {options.out}")
