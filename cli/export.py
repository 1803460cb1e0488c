"""``raise export``: a compiled program or a registered prompt in, its text out."""

import sys

from cli.console import ESCAPED, err, speaks_unicode
from cli.inputs import refuse_folder
from cli.options.export import Options
from cli.settings import load_settings
from modules.files import keeping, write_whole
from optimizers import export_program
from optimizers.sides import load_with_card
from optimizers.tracking.fetch import existing_store
from optimizers.tracking.prompts import export_prompt
from signatures import RaiseError


def run(options: Options) -> None:
    """Write the prompts, or print them."""
    if options.out is not None:
        refuse_folder(options.out, "a file for the prompts")
    text = _text(options)
    if options.out is None:
        in_ascii = options.format != "markdown" and not speaks_unicode()  # programs read JSON as UTF-8
        sys.stdout.write(text.encode("ascii", ESCAPED).decode() if in_ascii else text)
    else:
        with keeping(options.out):
            write_whole(options.out, text, private=True)
        err.print(f"wrote {options.out}")


def _text(options: Options) -> str:
    """The prompts that are asked for."""
    if (options.program is None) == (options.source is None):
        raise RaiseError("name a compiled program, or a prompt of MLflow's registry (--from prompts:/NAME@ALIAS).")
    if options.program is not None:
        program, card = load_with_card(str(options.program))
        return export_program(program, options.format, card=card, name=str(options.program))
    return export_prompt(str(options.source), options.format, existing_store(load_settings().root))
