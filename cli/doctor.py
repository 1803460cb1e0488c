"""``raise doctor``: looks at the installation, the models and their keys, the data, and the folder for runs."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import typer
from dspy.utils.exceptions import LMError
from rich.text import Text

from benchmark import build_authored
from cli.console import out, print_json
from cli.inputs import obstacle
from cli.options.doctor import Options
from cli.settings import load_settings, role_settings
from lms import LanguageModels, Role, RoleSettings, check_model, is_simulated
from modules.crisis.encoder import is_installed
from modules.crisis.guard import CONTACTS
from modules.crisis.sources import sources_by_country
from signatures import RaiseError

GREETING = [
    {"role": "system", "content": "You take part in a check of the connection."},
    {"role": "user", "content": "Reply with the word ready."},
]
"""What a model is asked; with the role's sampling settings, in the form in which a run asks."""


def run(options: Options) -> None:
    """Print what was found; a finding that is not well is exit code 1."""
    if options.contacts:
        _print_contacts(as_json=options.json)
        return
    settings = load_settings()
    found = checks(role_settings(settings, options, 0, panels=True), settings.root, ask=options.ask)
    if options.json:
        print_json({"ok": all(c.ok for c in found), "checks": [vars(c) for c in found]})
    else:
        for check in found:
            mark = ("ok  ", "green") if check.ok else ("FAIL", "red")
            out.print(Text.assemble(mark, f" {check.name}: {check.detail}"))
    if not all(check.ok for check in found):
        raise typer.Exit(1)


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


def _print_contacts(*, as_json: bool) -> None:
    """Whom the crisis reply names in each country, where that can be looked up, and when somebody last did."""
    listed = [
        {"country": code, "contacts": whom, **sources_by_country()[code].model_dump(mode="json")}
        for code, whom in CONTACTS.items()
    ]
    if as_json:
        print_json({"contacts": listed})
        return
    for entry in listed:
        confirmed = entry["confirmed"] or "by nobody yet"
        out.print(Text.assemble((entry["country"] or "default", "bold"), f": {entry['contacts']}"))
        out.print(Text(f"    {entry['source']}; written {entry['written']}, confirmed {confirmed}"))


def _installation() -> Iterator[Check]:
    yield Check("python", sys.version_info >= (3, 11), sys.version.split()[0])
    for package in ("dspy", "mlflow", "optuna", "pandas", "numpy"):
        yield Check(package, ok=True, detail=version(package))
    reads = (
        "installed" if is_installed() else "not installed, the guard does without: pip install 'raise-penguin[guard]'"
    )
    yield Check("crisis encoder", ok=True, detail=reads)


def _models(roles: dict[Role, RoleSettings], *, ask: bool) -> Iterator[Check]:
    for role, settings in ((role, entry) for role, first in roles.items() for entry in (first, *first.panel)):
        try:
            check_model(settings)
            detail = settings.model + (f" at {settings.api_base}" if settings.api_base else "")
            if ask and not is_simulated(settings.model):
                text = str(LanguageModels({role: settings})[role](messages=GREETING)[0])
                detail += f", answered {len(text)} characters"
            yield Check(role.value, ok=True, detail=detail)
        except (RaiseError, LMError) as error:
            yield Check(role.value, ok=False, detail=" ".join(str(error).split()))


def _data() -> Check:
    card = build_authored().card()
    return Check(
        "authored data", card["n"] > 0, f"version {card['version']}, hash {card['hash']}, {card['n']} scenarios"
    )


def _folder(root: Path) -> Check:
    why = obstacle(root)
    return Check("runs", why is None, why or (f"{root} is writable" if root.exists() else f"{root} can be made"))
