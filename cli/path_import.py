"""``raise plan --import``: paths that were planned elsewhere in, a file of planned paths out."""

from pathlib import Path

from benchmark.planning.path_files import import_paths
from cli.console import out, print_json
from cli.inputs import refuse_folder, scenario_set
from cli.options.plan import Options
from cli.show.paths import paths_table
from cli.show.refusals import show_refused
from modules.files import keeping
from signatures import RaiseError

EXAMPLES = 7


def run(options: Options, source: Path) -> None:
    """Take in the paths of ``source``, and tell which rows could not be used."""
    file = options.out
    refuse_folder(file, "a file for the planned paths")
    if file.resolve() == source.resolve():
        raise RaiseError(f"{file} is the file to be read: name another one to write.")
    taken = import_paths(source, scenario_set(options.data))
    with keeping(file):
        taken.paths.save(file)
    summary = {"file": str(file), **taken.summary()}
    if options.json:
        print_json(summary)
        return
    out.print(paths_table(taken.paths.paths[:EXAMPLES], len(taken.paths), simulated=False))
    show_refused(summary["reasons"])
    out.print(f"{summary['imported']} of {summary['rows']} rows; {summary['matched']} with the query of a scenario")
    out.print(f"paths       {file}", soft_wrap=True)
