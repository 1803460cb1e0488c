"""``raise data import``: options in, the published data set as a scenario file out."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.scenarios.hub import Imported, import_hub
from benchmark.scenarios.sidecar import save_report
from cli import options, show
from signatures import RaiseError


def import_(
    source: Annotated[
        str, typer.Argument(metavar="FILE|HUB_ID", help="A Parquet, JSON, JSON Lines or CSV file, or owner/name.")
    ],
    out: Annotated[Path, typer.Option(help="Scenario file to write (JSON Lines).")],
    *,
    revision: Annotated[
        str | None, typer.Option(help="Commit on the hub; needed for a hub id, only recorded for a file.")
    ] = None,
    domain: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL=FIELD", help="Field of life of a label that is not understood; any number."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Take in the published PENGUIN data set, from a file or from the Hugging Face hub.

    Rows that cannot be used are counted with their reasons, in the output and in `OUT.report.json`.

    Example: `raise data import train.parquet --out hub.jsonl` and then `raise evaluate vanilla raise --data hub.jsonl`

    Example, from the hub: `pip install 'raise-penguin[hub]'` and then
    `raise data import wick1d/Personalized_Safety_Data --revision COMMIT --out hub.jsonl`
    """
    if out.is_dir():
        raise RaiseError(f"{out} is a folder: name a scenario file to write.")
    if out.resolve() == Path(source).resolve():
        raise RaiseError(f"{out} is the file to be read: name another one to write.")
    taken = import_hub(source, revision=revision, domains=dict(_pair(text) for text in domain or []))
    taken.scenarios.save(out)
    report = save_report(out, taken.report)
    if json:
        show.print_json({"file": str(out), "report": str(report), **taken.report})
    else:
        _show(taken, out, report)


def _pair(text: str) -> tuple[str, str]:
    label, equals, name = text.rpartition("=")
    if not (equals and label.strip()):
        raise RaiseError(f"--domain {text!r}: write LABEL=FIELD, as in 'Breakup=relationship'.")
    return label, name.strip().lower()


def _show(taken: Imported, out: Path, report: Path) -> None:
    found = taken.report
    for entry in found["reasons"]:
        rows = ", ".join(map(str, entry["first"])) + (", ..." if entry["rows"] > len(entry["first"]) else "")
        show.out.print(f"{entry['rows']} not taken: {entry['reason']} (row {rows})", style="red", markup=False)
    if found["missing_columns"]:
        show.out.print(f"no column for: {', '.join(found['missing_columns'])}; unknown for everyone")
    fields = ", ".join(f"{name} {count}" for name, count in found["domains"].items())
    show.out.print(f"{found['imported']} of {found['rows']} rows in {out} (hash {found['hash']}): {fields}")
    show.out.print(f"report in {report}")
