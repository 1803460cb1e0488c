"""``raise data import``: the published data set in, a scenario file and the account of its rows out."""

from pathlib import Path

from benchmark.scenarios.hub import Imported, import_hub
from benchmark.scenarios.mapping import import_mapped, load_mapping
from benchmark.scenarios.sidecar import save_report, sidecar
from cli.console import out, print_json
from cli.inputs import refuse_folder
from cli.options.hub import Options
from cli.show.refusals import show_refused
from modules.files import keeping
from signatures import RaiseError


def run(options: Options) -> None:
    """Import the rows, and tell which could not be used."""
    file = options.out
    refuse_folder(file, "a scenario file to write")
    if file.resolve() == Path(options.source).resolve():
        raise RaiseError(f"{file} is the file to be read: name another one to write.")
    domains = dict(_pair(text) for text in options.domain or [])
    taken = (
        import_mapped(Path(options.source), load_mapping(options.map), domains)
        if options.map
        else import_hub(options.source, revision=options.revision, domains=domains)
    )
    with keeping(file, sidecar(file)):
        taken.scenarios.save(file)
        report = save_report(file, taken.report)
    if options.json:
        print_json({"file": str(file), "report": str(report), **taken.report})
    else:
        _show(taken, file, report)


def _pair(text: str) -> tuple[str, str]:
    label, equals, name = text.rpartition("=")
    if not (equals and label.strip()):
        raise RaiseError(f"--domain {text!r}: write LABEL=FIELD, as in 'Breakup=relationship'.")
    return label, name.strip().lower()


def _show(taken: Imported, file: Path, report: Path) -> None:
    found = taken.report
    show_refused(found["reasons"])
    if scrubbed := found.get("personal_data_taken_out"):
        kinds = scrubbed if isinstance(scrubbed, str) else ", ".join(f"{kind} {n}" for kind, n in scrubbed.items())
        out.print(f"personal data taken out: {kinds}")
    for name, rows in found.get("not_found", {}).items():
        out.print(f"nothing found for {name} in {rows} rows")
    if found["missing_columns"]:
        out.print(f"no column for: {', '.join(found['missing_columns'])}; unknown for everyone")
    fields = ", ".join(f"{name} {count}" for name, count in found["domains"].items())
    out.print(f"{found['imported']} of {found['rows']} rows in {file} (hash {found['hash']}): {fields}")
    out.print(f"report in {report}")
