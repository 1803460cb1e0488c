"""What a probe leaves behind: a note by which later commands know of it, and a file of recommended settings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.probe.verdicts import Fitness, Verdict
from lms import RoleSettings
from lms.roles import slug_of
from modules.files import keeping, read_plain, write_whole

FOLDER = "probes"
"""In the folder of everything that runs leave behind."""


class Note(BaseModel):
    """What is known of a target from its last probe.

    Attributes:
        settings_file: where the recommended settings are; empty if there are none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    model: str
    api_base: str | None = None
    fitness: Fitness
    reasons: tuple[str, ...] = ()
    settings_file: str = ""


def place_of(root: Path, model: str, ending: str) -> Path:
    """The file of a model's note or settings."""
    return root / FOLDER / f"{slug_of(model)}{ending}"


def keep_note(root: Path, role: RoleSettings, verdict: Verdict, settings_file: Path | None) -> None:
    """Write down that a target was probed, and with what result."""
    note = Note(
        model=role.model,
        api_base=role.api_base,
        fitness=verdict.fitness,
        reasons=verdict.reasons,
        settings_file=str(settings_file or ""),
    )
    write_whole(place_of(root, role.model, ".json"), note.model_dump_json(indent=1), private=True)


def note_on(root: Path, role: RoleSettings) -> Note | None:
    """The note on a target at this very endpoint; None if it was not probed, or its note cannot be read."""
    try:
        note = Note.model_validate_json(read_plain(place_of(root, role.model, ".json")))
    except (OSError, ValueError, ValidationError):
        return None
    return note if (note.model, note.api_base) == (role.model, role.api_base) else None


def write_settings(file: Path, model: str, verdict: Verdict, *, simulated: bool) -> None:
    """Write the recommended settings, with the reasons; what else the file held is kept as ``FILE.1``."""
    with keeping(file):
        write_whole(file, settings_text(model, verdict, simulated=simulated))


def settings_text(model: str, verdict: Verdict, *, simulated: bool) -> str:
    """Fields of ``modules.AgentSettings`` in TOML."""
    label = " (SIMULATED)" if simulated else ""
    head = [f"Agent settings for {_on_one_line(model)}{label}, by raise probe: {verdict.fitness}.", *verdict.reasons]
    return "\n".join([*(f"# {_on_one_line(line)}" for line in head), *_fields(verdict.settings), ""])


def _fields(settings: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value)}" for name, value in sorted(settings.items())]


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
