"""Where the crisis contacts of each country can be looked up, and when somebody last did (``sources.toml``)."""

import tomllib
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from signatures.loading import load_once


class ContactSource(BaseModel):
    """Where to look up the contacts of a country.

    Attributes:
        source: one or more sites, comma separated.
        written: when the entry was last written.
        confirmed: when a person last read the numbers there; None if nobody has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    written: date
    confirmed: date | None = None


@load_once
def sources_by_country() -> dict[str, ContactSource]:
    """Country code -> source; the empty code is the default's."""
    content = tomllib.loads(Path(__file__).with_name("sources.toml").read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, ContactSource]).validate_python(content)
