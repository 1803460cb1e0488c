"""What people write, by language: ``data/languages.toml``."""

import tomllib
from pathlib import Path
from typing import Any

TABLE: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("data").joinpath("languages.toml").read_text(encoding="utf-8")
)
SHORT: list[str] = TABLE["short"]
"""Words that tell no language."""


def person_lines(language: str) -> list[str]:
    """Sentences of that language, six or more for those there are texts in."""
    return list(TABLE["lines"][language])
