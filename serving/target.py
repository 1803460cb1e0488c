"""The language model of a served program: the one it was compiled for, unless the environment names another.

Keys are in the environment alone; a card has none.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from lms import LanguageModels, Role, RoleSettings, check_model
from signatures import RaiseError

TARGET, API_BASE = "RAISE_TARGET", "RAISE_API_BASE"
"""Variables that name another model, or another endpoint of it."""
SAMPLING = ("temperature", "top_p", "max_tokens")
LEFT_OUT = frozenset({"headers", "panel"})
"""Entries of a card that cannot be used again: values of headers are secret, and a target has no panel."""


def models_for(card: Mapping[str, Any], environ: Mapping[str, str]) -> LanguageModels:
    """The models of a served program; its target alone is ever called.

    Args:
        card: of the program folder.
        environ: for ``RAISE_TARGET`` and ``RAISE_API_BASE``.

    Raises:
        RaiseError: if no model is named, or the one that is cannot be asked.
    """
    settings = settings_for(card, environ)
    check_model(settings)
    return LanguageModels({Role.TARGET: settings})


def settings_for(
    card: Mapping[str, Any], environ: Mapping[str, str], own: Mapping[str, Any] | None = None
) -> RoleSettings:
    """How the target of a served program is reached.

    Args:
        own: fields of ``RoleSettings`` that win over the card and the environment; no ``model``.

    Raises:
        RaiseError: if no model is named, or what is said of it does not fit.
    """
    compiled: dict[str, Any] = dict(card.get("roles", {}).get(Role.TARGET.value, {}))
    model = environ.get(TARGET) or compiled.get("model")
    if not model:
        raise RaiseError(f"the program does not say for which model it was compiled: set {TARGET} to one.")
    if model == compiled.get("model"):
        entries = {name: value for name, value in compiled.items() if name not in LEFT_OUT}
    else:  # endpoint, price and body are the other model's
        entries = {name: compiled[name] for name in SAMPLING if name in compiled}
    if base := environ.get(API_BASE):
        entries["api_base"] = base
    try:
        return RoleSettings(**{**entries, **(own or {}), "model": model})
    except ValidationError as error:
        raise RaiseError(f"the target model cannot be set up: {error.errors()[0]['msg']}.") from error
