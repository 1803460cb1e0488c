"""What ``raise doctor`` looks at."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from dspy.utils.exceptions import LMError

from benchmark import build_authored
from lms import LanguageModels, Role, RoleSettings, check_model, is_simulated
from signatures import RaiseError


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    detail: str


def checks(roles: dict[Role, RoleSettings], root: Path, *, ask: bool) -> list[Check]:
    """All findings; no secrets in them.

    Args:
        ask: put one short question to each real model.
    """
    return [*_installation(), *_models(roles, ask=ask), _data(), _folder(root)]


def _installation() -> Iterator[Check]:
    yield Check("python", sys.version_info >= (3, 11), sys.version.split()[0])
    for package in ("dspy", "mlflow", "optuna", "pandas", "numpy"):
        yield Check(package, ok=True, detail=version(package))


def _models(roles: dict[Role, RoleSettings], *, ask: bool) -> Iterator[Check]:
    for role, settings in ((role, entry) for role, first in roles.items() for entry in (first, *first.panel)):
        try:
            check_model(settings)
            detail = settings.model + (f" at {settings.api_base}" if settings.api_base else "")
            if ask and not is_simulated(settings.model):
                reply = LanguageModels({role: settings})[role]("Reply with the word ready.")
                detail += f", answered {len(str(reply[0]))} characters"
            yield Check(role.value, ok=True, detail=detail)
        except (RaiseError, LMError) as error:
            yield Check(role.value, ok=False, detail=" ".join(str(error).split()))


def _data() -> Check:
    card = build_authored().card()
    return Check(
        "authored data", card["n"] > 0, f"version {card['version']}, hash {card['hash']}, {card['n']} scenarios"
    )


def _folder(root: Path) -> Check:
    existing = next(p for p in (root.absolute(), *root.absolute().parents) if p.exists())
    return Check(
        "runs", os.access(existing, os.W_OK), f"{root} is {'' if root.exists() else 'not there yet, '}writable"
    )
