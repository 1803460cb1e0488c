"""From options to things: the scenario set, and what to tell the user about the models."""

import os
from pathlib import Path

from benchmark import ScenarioSet, build_authored, load_scenarios
from cli.console import warn
from cli.settings import warnings_for
from lms import LanguageModels, Role
from signatures import RaiseError
from signatures.errors import meant


def scenario_set(name: str) -> ScenarioSet:
    """The set that ``--data`` names."""
    if name == "authored":
        return build_authored()
    if (hint := meant(name, ["authored"])) and not Path(name).exists():
        raise RaiseError(f"there is no scenario file {name}{hint}.")
    return load_scenarios(Path(name))


def refuse_folder(file: Path, wanted: str) -> None:
    """Refuse a place where no file can be written, before any work is done for it.

    Args:
        wanted: what to name instead of a folder, for the message.

    Raises:
        RaiseError: if ``file`` is a folder, or cannot be made.
    """
    if file.is_dir():
        raise RaiseError(f"{file} is a folder: name {wanted}.")
    refuse_unwritable(file.parent)


def refuse_unwritable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to.

    Raises:
        RaiseError: naming what is in the way.
    """
    if why := obstacle(folder):
        raise RaiseError(f"{why}: name another place.")


def obstacle(folder: Path) -> str | None:
    """What keeps files from being written to ``folder``, which is made if needed; None if nothing does."""
    existing = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not existing.is_dir():
        return f"{existing} is no folder"
    rights = os.access(existing, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)
    return None if rights else f"{existing} cannot be written to"


def tell(models: LanguageModels, *roles: Role) -> None:
    """Notes on the choice of models for the roles that take part (all, if none is named), on stderr."""
    for sentence in warnings_for({role: models.roles[role] for role in roles or Role}):
        warn(sentence)
