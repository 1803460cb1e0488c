"""Whom to call, by country, in the languages other than English."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from modules.languages.texts import LanguageTexts, texts_in
from signatures.loading import load_once

LEFT_TO_RIGHT, EITHER, END = "\u2066", "\u2068", "\u2069"
"""Unicode's isolates. In a line from right to left, the groups of a number would stand in the wrong order without."""


class Contact(BaseModel):
    """Somebody to call.

    Attributes:
        call: the number; empty for a directory.
        what: names as they are, and names of notes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    call: str = ""
    what: tuple[str, ...]


@load_once
def contacts_by_country() -> dict[str, tuple[Contact, ...]]:
    """ISO country code -> whom to call."""
    table = tomllib.loads(Path(__file__).with_name("contacts.toml").read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, tuple[Contact, ...]]).validate_python(table)


def contacts_in(language: str, country: str, own: Mapping[str, str]) -> str:
    """Whom to call, for within the reply of that language.

    Args:
        country: ISO code in capitals; without contacts for it, those for all countries.
        own: contacts that replace ours, by country, as they are; the empty code replaces those for all countries.
    """
    texts, known = texts_in(language), contacts_by_country()
    code = country if country in {*own, *known} else ""
    if code in own:
        return f"{EITHER}{own[code]}{END}" if texts.right_to_left else own[code]
    if not code:
        return texts.help.anywhere
    return texts.help.joiner.join(_said(contact, texts) for contact in known[code])


def _said(contact: Contact, texts: LanguageTexts) -> str:
    notes = texts.help.comma.join(texts.help.notes.get(note, note) for note in contact.what)
    if not contact.call:
        return notes
    number = f"{LEFT_TO_RIGHT}{contact.call}{END}" if texts.right_to_left else contact.call
    return texts.help.item.replace("{number}", number).replace("{notes}", notes)
