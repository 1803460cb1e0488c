"""Settings from ``raise.toml``, the environment and ``.env``; options of a command win over them."""

import io
import logging
import tomllib
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from dotenv import load_dotenv
from pydantic import Field, PositiveInt, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from benchmark.jobs.place import Place
from cli.options.groups import Roles
from lms import LanguageModels, Role, RoleSettings, default_models, is_simulated
from modules.files import read_text
from signatures import RaiseError
from signatures.errors import first_problem

logger = logging.getLogger(__name__)


class Settings(BaseSettings):
    """What ``raise.toml`` and ``RAISE_...`` variables can set.

    Attributes:
        roles: per role, any field of ``lms.RoleSettings``; a table ``[roles.judge]``.
        api_base: endpoint of all roles that are not stand-ins and have none of their own.
        root: folder of everything a run leaves behind.
        store: folder or ``postgresql://...`` of replies and finished work; by default ``root``.
        concurrency: episodes at once, or "auto": as many as the endpoints bear; by default 1 for stand-ins (they are
            bound to one core) and auto for real models.
        rubric: file of the judge's rubric; ``--rubric`` wins over it.
        track: whether compiles and evaluations are logged to MLflow; ``--no-track`` wins over it.
        data: the scenario set of commands that are given none; ``--data`` wins over it.
        vocabulary: file of what may be asked about; ``--vocabulary`` wins over it.
    """

    model_config = SettingsConfigDict(env_prefix="RAISE_", env_nested_delimiter="__", extra="forbid")
    roles: dict[Role, dict[str, Any]] = Field(default_factory=dict)
    api_base: str | None = None
    root: Path = Path("mlruns")
    store: str | None = None
    concurrency: PositiveInt | Literal["auto"] | None = None
    rubric: Path | None = None
    track: bool = True
    data: str = "authored"
    vocabulary: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then environment, then raise.toml."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, tomllib.loads(_text_of("raise.toml")))


def load_settings() -> Settings:
    """Read ``.env`` and ``raise.toml`` of the working folder.

    Raises:
        RaiseError: naming the entry that is wrong.
    """
    load_dotenv(stream=io.StringIO(_text_of(".env")))
    try:
        return Settings()
    except ValidationError as error:
        raise RaiseError(f"raise.toml or RAISE_* variables: {first_problem(error)}.") from error
    except ValueError as error:
        raise RaiseError(f"raise.toml cannot be read: {error}.") from error


def _text_of(name: str) -> str:
    """What a file of the working folder says; nothing if there is none."""
    try:
        return read_text(Path(name)) if Path(name).is_file() else ""
    except OSError as error:
        raise RaiseError(f"{name} cannot be read: {error.strerror or error}.") from error


AUTO = "auto"
"""Says of concurrency that it follows what the endpoints bear."""
LIKE = {Role.USER: Role.TARGET, Role.TEACHER: Role.JUDGE}
"""Role -> whose model it has if none is named and that one is real: no stand-in takes part in a real run unnamed."""
CONNECTION = (
    "model",
    "api_base",
    "api_key",
    "headers",
    "extra_body",
    "price",
    "timeout",
    "retries",
    "requests_per_minute",
)
"""What a role takes over from another; sampling stays its own."""


OWN = ("model", "api_base", "api_key", "headers", "extra_body", "price", "seed")
"""What a further judge does not take over from the first: it is another model, perhaps elsewhere."""


def role_settings(settings: Settings, options: Roles, seed: int, *, panels: bool = False) -> dict[Role, RoleSettings]:
    """Settings of every role: defaults, then raise.toml, then the command's options.

    Args:
        options: the models of a command.
        seed: of stand-ins that have none of their own.
        panels: whether the command takes a panel of judges; without it the first judge judges alone.

    Raises:
        RaiseError: for an entry that does not fit.
    """
    base = options.api_base or settings.api_base
    result: dict[Role, RoleSettings] = {}
    for role, default in default_models().items():
        fields = default.model_dump(exclude_none=True) | settings.roles.get(role, {})
        other = result.get(LIKE[role]) if role in LIKE else None
        if other and _is_unnamed(role, settings, options) and not is_simulated(other.model):
            fields |= {name: value for name in CONNECTION if (value := getattr(other, name)) is not None}
        if named := options.named(role.value):
            first, *others = [named] if isinstance(named, str) else named
            if first != fields["model"]:
                fields.pop("price", None)  # raise.toml's is that of another model
            fields |= {"model": first, "panel": [{"model": model} for model in others]}
        members = fields.pop("panel", ())
        result[role] = _role(role, fields, base, seed)
        if members and role is not Role.JUDGE:
            raise RaiseError(f"role {role.value}: only the judge can be a panel.")
        if panels and members:
            panel = _panel(fields, members, base, seed)
            if any(one == other for one, other in combinations([*panel, result[role]], 2)):
                raise RaiseError("role judge: the panel has the same model twice, which would agree with itself.")
            result[role] = result[role].model_copy(update={"panel": panel})
    return result


def _is_unnamed(role: Role, settings: Settings, options: Roles) -> bool:
    """Whether neither the command nor raise.toml says which model plays ``role``."""
    return not options.named(role.value) and "model" not in settings.roles.get(role, {})


def refuse_unnamed_stand_ins(settings: Settings, options: Roles, roles: Mapping[Role, RoleSettings]) -> None:
    """Refuse a run of real models in which a stand-in would take part that nobody asked for.

    Args:
        roles: those that take part.

    Raises:
        RaiseError: naming the role.
    """
    real = [entry.model for entry in roles.values() if not is_simulated(entry.model)]
    for role, entry in roles.items():
        if real and is_simulated(entry.model) and _is_unnamed(role, settings, options):
            raise RaiseError(
                f"the {role.value} would be a stand-in beside {real[0]}: name its model with --{role.value}, or "
                f"--{role.value} {entry.model} to try things out."
            )


def _role(role: Role, fields: dict[str, Any], base: str | None, seed: int) -> RoleSettings:
    """Settings from ``fields``; ``base`` and ``seed`` where they say nothing of their own."""
    if is_simulated(str(fields["model"])):
        fields = {"seed": seed, **fields}
    elif base:
        fields = {"api_base": base, **fields}
    try:
        return RoleSettings(**fields)
    except ValidationError as error:
        raise RaiseError(f"role {role.value}: {first_problem(error)}.") from error


def _panel(
    judge: dict[str, Any], members: Sequence[dict[str, Any]], base: str | None, seed: int
) -> tuple[RoleSettings, ...]:
    """The further judges: like the first, but for its model, and for its endpoint and key, which are not theirs."""
    shared = {name: value for name, value in judge.items() if name not in OWN}
    wrong = [member for member in members if not isinstance(member, dict) or "model" not in member or "panel" in member]
    if wrong:
        raise RaiseError('role judge: write its panel as panel = [{ model = "provider/model" }, ...].')
    # another seed each, so that two stand-ins of one name are two samples of it
    return tuple(_role(Role.JUDGE, {**shared, **member}, base, seed + i) for i, member in enumerate(members, 1))


def place_for(option: str | None, settings: Settings) -> Place:
    """Where a command keeps replies and finished work: what ``--store`` says, or else the settings."""
    return Place.named(option or settings.store, settings.root)


def open_models(roles: dict[Role, RoleSettings], place: Place) -> LanguageModels:
    """Language models for ``roles``, checked before anything is written, on the reply store of ``place``."""
    return open_all([roles], place)[0]


def open_all(targets: Sequence[dict[Role, RoleSettings]], place: Place) -> list[LanguageModels]:
    """Language models for several sets of roles, on one reply store; all are checked before anything is written."""
    for roles in targets:
        LanguageModels(roles).check()
        logger.info("models: %s", ", ".join(f"{role.value} {entry.model}" for role, entry in roles.items()))
    replies = place.open_replies()
    return [LanguageModels(roles, replies) for roles in targets]


def concurrency_of(settings: Settings, option: str | None, models: LanguageModels) -> int:
    """Episodes at once; with "auto" the endpoints decide how many of their calls are under way.

    Raises:
        RaiseError: if ``option`` is neither a number nor "auto".
    """
    chosen = number_or_auto(option) or settings.concurrency or AUTO
    if chosen != AUTO:
        return int(chosen)
    return 1 if models.all_simulated else models.adapt_concurrency()


def number_or_auto(option: str | None) -> int | str | None:
    """What ``--concurrency`` says.

    Raises:
        RaiseError: if that is neither a number from 1 nor "auto".
    """
    if option is None or option == AUTO:
        return option
    if not option.isdecimal() or int(option) < 1:
        raise RaiseError(f"--concurrency {option}: write a number from 1, or auto.")
    return int(option)


def warnings_for(roles: dict[Role, RoleSettings]) -> list[str]:
    """What a user should know about a choice of models."""
    told = []
    real = {role: s.model for role, s in roles.items() if not is_simulated(s.model)}
    if real and len(real) < len(roles):
        stand_ins = ", ".join(role.value for role in roles if role not in real)
        told.append(
            f"still simulated: {stand_ins}; figures with a simulated judge or user say nothing about real models."
        )
    for role, other in LIKE.items():
        if role in real and real[role] == real.get(other):
            told.append(f"the {role.value} is {real[role]}, like the {other.value}; --{role.value} names another.")
    judges = [roles[Role.JUDGE], *roles[Role.JUDGE].panel] if Role.JUDGE in roles else []
    if Role.TARGET in real and real[Role.TARGET] in {judge.model for judge in judges}:
        told.append("the judge is also the target: models favour their own answers.")
    if warm := [judge.model for judge in judges if judge.temperature]:
        told.append(f"{warm[0]} judges at a temperature above 0: its grades vary from one time to the next.")
    return told
