"""Where a command writes: results on stdout, progress and notes on stderr, JSON when asked for."""

import json
import sys
from typing import Any

from rich.console import Console

WIDTH = None if sys.stdout.isatty() else 120  # pipes and logs have no width of their own
out = Console(highlight=False, width=WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 120)

BANNER = "SIMULATED models: these figures show how the software works and say nothing about real models."


def print_json(content: Any) -> None:
    """One machine-readable object on stdout."""
    sys.stdout.write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")


def warn(sentence: str) -> None:
    """A note on stderr."""
    err.print(f"[yellow]note:[/yellow] {sentence}")


def fail(sentence: str) -> None:
    """What was wrong, in one line on stderr."""
    err.print(f"[red]error:[/red] {' '.join(sentence.split())}", soft_wrap=True)
