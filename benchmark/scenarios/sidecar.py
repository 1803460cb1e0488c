"""The report beside a scenario file: how it was made, what was left out and why."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modules.files import write_whole


def sidecar(out: Path) -> Path:
    """Where the report of scenario file ``out`` lies."""
    return out.with_name(f"{out.name}.report.json")


def save_report(out: Path, report: Mapping[str, Any]) -> Path:
    """Write the report of ``out``; the same report gives the same bytes."""
    file = sidecar(out)
    write_whole(file, json.dumps(report, ensure_ascii=False, indent=2) + "\n", private=True)
    return file
