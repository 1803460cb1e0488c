"""``raise init``: a folder to start a field of one's own from."""

from benchmark.starter import write_starter
from cli.console import out, print_json
from cli.options.init import Options


def run(options: Options) -> None:
    """Write the folder, and say what to do next."""
    files = write_starter(options.folder, options.language)
    if options.json:
        print_json({"folder": str(options.folder), "files": [str(file) for file in files]})
        return
    for file in files:
        out.print(f"wrote {file}", soft_wrap=True)
    out.print(f"Next: cd {options.folder}, then raise compile. The README says more.", soft_wrap=True)
