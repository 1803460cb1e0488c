"""``raise report``: compiled programs in, one HTML page out."""

import re
from contextlib import ExitStack
from pathlib import Path

from cli.console import err, print_json
from cli.inputs import refuse_folder
from cli.options.report import Options
from cli.settings import load_settings
from modules.files import keeping, write_whole
from modules.versions import find_program
from optimizers import tracking_uri
from optimizers.report.page import write_page
from optimizers.report.source import CompiledProgram, read_curves, read_program
from optimizers.tracking.programs import list_programs, program_of_run
from signatures import RaiseError

RUN_ID = re.compile(r"[0-9a-f]{32}")


def run(options: Options) -> None:
    """Write the page."""
    refuse_folder(options.out, "an HTML file for the report")
    root = load_settings().root
    names = options.programs or [str(place) for place in list_programs(root / "programs")]
    if not names:
        raise RaiseError(f"there are no programs in {root / 'programs'} yet: raise compile makes some.")
    programs = [_read(name, root) for name in names]
    page = write_page(programs, [read_curves(file) for file in options.evaluation or []])
    with keeping(options.out):
        write_whole(options.out, page, private=True)
    if options.json:
        simulated = any(compiled.figures["simulated"] for compiled in programs)
        shown = [{"target": c.figures["target"], "program": name} for name, c in zip(names, programs, strict=True)]
        print_json({"simulated": simulated, "report": str(options.out), "programs": shown})
    else:
        err.print(f"wrote {options.out}", soft_wrap=True)


def _read(name: str, root: Path) -> CompiledProgram:
    """The program that a folder or a run id stands for."""
    with ExitStack() as held:
        if RUN_ID.fullmatch(name) and not find_program(Path(name)).exists():
            return read_program(held.enter_context(program_of_run(tracking_uri(root), name, root / "programs")))
        return read_program(Path(name))
