"""The report beside a scenario file: how it was made, what was left out and why."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def sidecar(out: Path) -> Path:
    """Where the report of scenario file ``out`` lies."""
    return out.with_name(f"{out.name}.report.json")


def save_report(out: Path, report: Mapping[str, Any]) -> Path:
    """Write the report of ``out``; the same report gives the same bytes."""
    file = sidecar(out)
    partial = file.with_name(file.name + ".partial")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(file)
    return file
