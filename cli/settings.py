"""Settings from ``raise.toml``, the environment and ``.env``; options of a command win over them."""

from pathlib import Path
from typing import Any

from dotenv import load_dotenv
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lms import LanguageModels, ReplyStore, Role, RoleSettings, default_models, is_simulated
from signatures import RaiseError


class Settings(BaseSettings):
    """What ``raise.toml`` and ``RAISE_...`` variables can set.

    Attributes:
        roles: per role, any field of ``lms.RoleSettings``; a table ``[roles.judge]``.
        api_base: endpoint of all roles that are not stand-ins and have none of their own.
        root: folder of everything a run leaves behind.
        concurrency: episodes at once; by default 1 for stand-ins (they are bound to one core) and 8 for real models.
    """

    model_config = SettingsConfigDict(
        env_prefix="RAISE_", env_nested_delimiter="__", toml_file="raise.toml", extra="forbid"
    )
    roles: dict[Role, dict[str, Any]] = Field(default_factory=dict)
    api_base: str | None = None
    root: Path = Path("mlruns")
    concurrency: int | None = Field(default=None, gt=0)

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings() -> Settings:
    """Read ``.env`` and ``raise.toml`` of the working folder.

    Raises:
        RaiseError: naming the entry that is wrong.
    """
    load_dotenv(Path(".env"))
    try:
        return Settings()
    except ValidationError as error:
        raise RaiseError(f"raise.toml or RAISE_* variables: {first_problem(error)}.") from error
    except ValueError as error:
        raise RaiseError(f"raise.toml cannot be read: {error}.") from error


def first_problem(error: ValidationError) -> str:
    """The first thing a validation complains about, in one phrase."""
    problem = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"


def role_settings(
    settings: Settings, chosen: dict[Role, str | None], api_base: str | None, seed: int
) -> dict[Role, RoleSettings]:
    """Settings of every role: defaults, then raise.toml, then the command's options.

    Raises:
        RaiseError: for an entry that does not fit.
    """
    base = api_base or settings.api_base
    result: dict[Role, RoleSettings] = {}
    for role, default in default_models().items():
        fields = default.model_dump(exclude_none=True) | settings.roles.get(role, {})
        if model := chosen.get(role):
            fields["model"] = model
        if is_simulated(str(fields["model"])):
            fields = {"seed": seed, **fields}
        elif base:
            fields = {"api_base": base, **fields}
        try:
            result[role] = RoleSettings(**fields)
        except ValidationError as error:
            raise RaiseError(f"role {role.value}: {first_problem(error)}.") from error
    return result


def open_models(roles: dict[Role, RoleSettings], store: Path) -> LanguageModels:
    """Language models for ``roles``, checked before anything is written, on the reply store in ``store``."""
    LanguageModels(roles).check()
    return LanguageModels(roles, ReplyStore(store / "replies.db"))


def concurrency_of(settings: Settings, option: int | None, models: LanguageModels) -> int:
    """Episodes at once."""
    return option or settings.concurrency or (1 if models.all_simulated else 8)


def warnings_for(roles: dict[Role, RoleSettings]) -> list[str]:
    """What a user should know about a choice of models."""
    told = []
    real = {role: s.model for role, s in roles.items() if not is_simulated(s.model)}
    if real and len(real) < len(roles):
        stand_ins = ", ".join(role.value for role in roles if role not in real)
        told.append(
            f"still simulated: {stand_ins}; figures with a simulated judge or user say nothing about real models."
        )
    if Role.TARGET in real and real.get(Role.JUDGE) == real[Role.TARGET]:
        told.append("the judge is also the target: models favour their own answers.")
    return told
