"""The program that people talk to, and the model that answers them: what ``raise serve`` and ``raise chat`` share."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.console import warn
from cli.options.groups import Answering
from cli.programs import program_named, takes_settings
from cli.settings import Settings, load_settings, role_settings
from lms import LanguageModels, RecentReplies, Role, RoleSettings, check_model, is_simulated
from modules import RAISE
from modules.crisis.guard import CONTACTS, warm_up
from modules.folder import is_elsewhere
from modules.versions import find_program
from serving.members import Member, Offer, read_offer, uncompiled
from serving.target import API_BASE, settings_for
from signatures import RaiseError
from signatures.errors import meant

RETRIES = 2
"""Further attempts at a call: somebody waits for the answer."""
OUTAGE = 5.0
"""Seconds that a call waits for an endpoint that is gone."""


@dataclass(frozen=True)
class Served:
    """The members of an offer, the default first, and the models; the target alone is ever called.

    Attributes:
        root: folder of the local MLflow store.
    """

    members: tuple[Member, ...]
    models: LanguageModels
    root: Path

    @property
    def target(self) -> RoleSettings:
        """The model that answers."""
        return self.models.roles[Role.TARGET]


def open_served(name: str, options: Answering) -> Served:
    """What a PROGRAM argument stands for, with its model; nothing that is said is kept beyond this process.

    What the first message would wait for is loaded here, before anybody is let in.

    Raises:
        RaiseError: if it is no program that people can talk to, or its model cannot be asked.
    """
    offer, settings = _offer(name), load_settings()
    target = _target(settings, options, offer.card)
    check_model(target)
    patient = target.model_copy(update={"retries": min(target.retries, RETRIES)})
    models = LanguageModels({Role.TARGET: patient}, RecentReplies(), outage=OUTAGE)
    for member in offer.members if options.country else ():
        _move(member.program, str(options.country))
    warm_up()
    return Served(offer.members, models, settings.root)


def warn_of_stand_in(served: Served) -> None:
    """Say so if no real model answers."""
    if is_simulated(served.target.model):
        warn(f"{served.target.model} is a stand-in: it shows how the software works. --target names a real model.")


def _offer(name: str) -> Offer:
    if is_elsewhere(name) or find_program(Path(name)).is_dir():
        return read_offer(name)
    program = program_named(name)(LanguageModels()) if takes_settings(name) else None
    if not isinstance(program, RAISE):
        hint = meant(name, ["raise"])
        raise RaiseError(f"{name!r} is no RAISE program{hint}: name a program folder, models:/NAME@ALIAS, or raise.")
    return uncompiled(name, program)


def _target(settings: Settings, options: Answering, card: Mapping[str, Any]) -> RoleSettings:
    """The model that was named, or else the one of the card; what raise.toml says of the role holds for either."""
    own = settings.roles.get(Role.TARGET, {})
    if options.target or "model" in own or not card:
        return role_settings(settings, options, seed=0)[Role.TARGET]
    base = options.api_base or settings.api_base
    return settings_for(card, {**os.environ, **({API_BASE: base} if base else {})}, own)


def _move(program: RAISE, country: str) -> None:
    """Have ``program`` name the crisis contacts of ``country``."""
    code = country.strip().upper()
    if code not in {*CONTACTS, *program.settings.contacts} - {""}:
        known = ", ".join(sorted(CONTACTS.keys() - {""}))
        raise RaiseError(f"--country {country}: there are no contacts for it; choose one of {known}.")
    program.settings = program.settings.model_copy(update={"country": code})
