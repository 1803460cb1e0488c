"""``raise diff``: two programs or registry versions in; what differs as text, page or JSON out."""

from benchmark.statistics.words import SIMULATED
from cli.console import err, out, print_json
from cli.inputs import refuse_folder
from cli.options.diff import Options
from cli.settings import load_settings
from cli.show.changes import describe_prompt, figures_table, values_table
from modules.files import keeping, write_whole
from optimizers.difference import Difference, compare_sides
from optimizers.report.difference import write_difference
from optimizers.sides import read_side


def run(options: Options) -> None:
    """Show what differs."""
    if options.html is not None:
        refuse_folder(options.html, "an HTML file for the page")
    root = load_settings().root
    found = compare_sides(read_side(options.before, root), read_side(options.after, root))
    if options.html is not None:
        with keeping(options.html):
            write_whole(options.html, write_difference(found), private=True)
        err.print(f"wrote {options.html}", soft_wrap=True)
    if options.json:
        print_json(found.as_dict())
    elif options.html is None:
        _show(found)


def _show(found: Difference) -> None:
    if found.same:
        out.print(f"No difference: {found.before} and {found.after} have the same prompts, settings and figures.")
        return
    for change in found.prompts:
        out.print(describe_prompt(change), soft_wrap=True)
    if found.unchanged:
        out.print(f"Unchanged prompts: {', '.join(found.unchanged)}.", soft_wrap=True)
    for title, values in (("Settings", found.settings), ("Origin", found.origin)):
        if values:
            out.print(values_table(title, values))
    if found.figures:
        out.print(figures_table(found.figures, simulated=found.simulated))
        if found.other_basis:
            out.print(f"{found.other_basis.capitalize()}.", style="yellow")
    elif found.simulated:
        out.print(SIMULATED, style="bold red")
