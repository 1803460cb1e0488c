"""From options to things: the scenario set, and what to tell the user about the models."""

from pathlib import Path

from benchmark import ScenarioSet, build_authored, load_scenarios
from cli.console import warn
from cli.settings import warnings_for
from lms import LanguageModels, Role
from signatures import RaiseError


def scenario_set(name: str) -> ScenarioSet:
    """The set that ``--data`` names."""
    return build_authored() if name == "authored" else load_scenarios(Path(name))


def refuse_folder(file: Path, wanted: str) -> None:
    """Refuse a folder where a file is to be written.

    Args:
        wanted: what to name instead, for the message.

    Raises:
        RaiseError: if ``file`` is a folder.
    """
    if file.is_dir():
        raise RaiseError(f"{file} is a folder: name {wanted}.")


def tell(models: LanguageModels, *roles: Role) -> None:
    """Notes on the choice of models for the roles that take part (all, if none is named), on stderr."""
    for sentence in warnings_for({role: models.roles[role] for role in roles or Role}):
        warn(sentence)
