"""``raise import-log``: what inspect_ai measured, alone or beside our own evaluations."""

from pathlib import Path

from cli.compare import report
from cli.options.import_log import Options
from cli.settings import load_settings
from optimizers.inspect_log import is_log, read_log
from optimizers.tracking.recorded import RecordedEvaluation, read_evaluations


def run(options: Options) -> None:
    """Read the log, and compare it with what else is named.

    Raises:
        typer.Exit: with 3 if too much of one went unscored for a conclusion.
    """
    root = load_settings().root
    found = [read_log(options.log)]
    for name in dict.fromkeys(options.evaluations or []):
        found += _read(name, root)
    report(found, json=options.json)


def _read(name: str, root: Path) -> list[RecordedEvaluation]:
    return [read_log(Path(name))] if is_log(name) else read_evaluations(name, root)
