"""The note beside a program folder that says what is being compiled into it, so that nothing else is by mistake."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modules.files import write_whole
from signatures import RaiseError

SCHEMA = 1


def note_of(out: Path) -> Path:
    """Where the note for ``out`` is."""
    return out.with_name(out.name + ".unfinished.json")


def begin(out: Path, configuration: Mapping[str, Any], *, force: bool = False) -> None:
    """Note that ``configuration`` is being compiled into ``out``.

    Args:
        force: give up what another configuration has begun there.

    Raises:
        RaiseError: if an unfinished compile of another configuration is there; names what differs.
    """
    note = note_of(out)
    content = json.loads(json.dumps({"schema": SCHEMA, "configuration": configuration}, default=str))
    known = _read(note)
    if known is not None and known != content["configuration"] and not force:
        changed = difference(known, content["configuration"])
        raise RaiseError(
            f"an unfinished compile for {out} has other settings ({'; '.join(changed)}): give those again to go on "
            "with it, or --force to start anew."
        )
    write_whole(note, json.dumps(content, indent=2) + "\n")


def end(out: Path) -> None:
    """The compile into ``out`` is done."""
    note_of(out).unlink(missing_ok=True)


def difference(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """``name: before -> now`` for every entry that differs, nested ones by their full name."""
    found = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += difference(old, new, f"{prefix}{name}.")
        elif old != new:
            found.append(f"{prefix}{name}: {old} -> {new}")
    return found


def _read(note: Path) -> dict[str, Any] | None:
    """The configuration noted; None if there is no note that can be read."""
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
        found = content["configuration"] if content["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, dict) else None
