"""``raise data build``: the authored set as a file."""

from benchmark import build_authored
from cli.console import out, print_json
from cli.inputs import refuse_folder
from cli.options.build import Options
from modules.files import keeping
from signatures import RaiseError
from signatures.errors import meant


def run(options: Options) -> None:
    """Write the set."""
    if options.source != "authored":
        hint = meant(options.source, ["authored"])
        raise RaiseError(
            f"unknown source {options.source!r}{hint}: 'authored' is built here; see raise data generate, import and "
            "reddit."
        )
    refuse_folder(options.out, "a scenario file to write")
    scenarios = build_authored()
    with keeping(options.out):
        scenarios.save(options.out)
    if options.json:
        print_json({"file": str(options.out), **scenarios.card()})
    else:
        out.print(f"{len(scenarios)} scenarios in {options.out} (version {scenarios.version}, hash {scenarios.hash})")
