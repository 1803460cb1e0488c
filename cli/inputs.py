"""From options to things: the scenario set, and what to tell the user about the models."""

import os
import tomllib
from pathlib import Path

from pydantic import ValidationError

from benchmark import ScenarioSet, build_authored, load_scenarios
from benchmark.probe.notes import note_on
from benchmark.probe.verdicts import Fitness
from cli.console import warn
from cli.options.groups import Tracking
from cli.settings import Settings, warnings_for
from lms import LanguageModels, Role, RoleSettings, is_simulated
from modules import AgentSettings
from modules.files import read_text
from optimizers.tracking.conversations import Logged
from signatures import RaiseError
from signatures.errors import first_problem, meant, unknown

ENGINES = ("local", "ray")
"""Where conversations are held."""


def scenario_set(name: str) -> ScenarioSet:
    """The set that ``--data`` names."""
    if name == "authored":
        return build_authored()
    if (hint := meant(name, ["authored"])) and not Path(name).exists():
        raise RaiseError(f"there is no scenario file {name}{hint}.")
    return load_scenarios(Path(name))


def engine_named(name: str) -> str:
    """What ``--engine`` says.

    Raises:
        RaiseError: if there is no such engine.
    """
    if name not in ENGINES:
        raise RaiseError(unknown("engine", name, ENGINES))
    return name


def agent_settings(file: Path | None) -> AgentSettings:
    """What ``--settings`` says; the defaults if it names no file.

    Raises:
        RaiseError: if the file cannot be read, or holds something else.
    """
    if file is None:
        return AgentSettings()
    try:
        return AgentSettings(**tomllib.loads(read_text(file)))
    except ValidationError as error:
        raise RaiseError(f"{file} has no agent settings: {first_problem(error)}.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RaiseError(f"{file} is not TOML: {error}.") from error


def logged_of(options: Tracking, settings: Settings) -> Logged:
    """What the options say is logged to MLflow.

    Raises:
        RaiseError: if ``--traces`` is neither a number nor "all" nor "none".
    """
    sizes = {"all": None, "none": 0}
    if options.traces not in sizes and not (options.traces.isascii() and options.traces.isdecimal()):
        raise RaiseError(f"--traces {options.traces}: write a number, all, or none.")
    traces = sizes[options.traces] if options.traces in sizes else int(options.traces)
    return Logged(settings.track and not options.no_track, traces, options.traces_contents)


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


def tell_of_probe(role: RoleSettings, root: Path, settings: Path | None) -> None:
    """What a probe of a real target has found, if that matters here, or that there was none; on stderr.

    Args:
        settings: the file that the command was given.
    """
    if is_simulated(role.model):
        return
    note = note_on(root, role)
    if note is None:
        warn(
            f"{role.model} was never probed: raise probe --target {role.model} tells whether it is fit for the target."
        )
    elif note.fitness is Fitness.UNFIT:
        warn(f"{role.model} is not fit for the target, says its probe: {'; '.join(note.reasons[:2])}.")
    elif note.settings_file and settings is None:
        warn(f"{role.model} is fit for the target with --settings {note.settings_file}, says its probe.")
