"""From options to things: the scenario set, the settings of every role, what the user should be told about them."""

from collections.abc import Sequence
from pathlib import Path

from benchmark import ScenarioSet, build_authored, load_scenarios
from cli import show
from cli.settings import warnings_for
from lms import LanguageModels, Role


def scenario_set(name: str) -> ScenarioSet:
    """The set that ``--data`` names."""
    return build_authored() if name == "authored" else load_scenarios(Path(name))


def models_by_role(
    target: str | None, judge: str | list[str] | None, user: str | None, teacher: str | None
) -> dict[Role, str | Sequence[str] | None]:
    """What ``--target`` and the other model options say."""
    return {Role.TARGET: target, Role.JUDGE: judge, Role.USER: user, Role.TEACHER: teacher}


def tell(models: LanguageModels, *roles: Role) -> None:
    """Notes on the choice of models for the roles that take part (all, if none is named), on stderr."""
    for sentence in warnings_for({role: models.roles[role] for role in roles or Role}):
        show.warn(sentence)
