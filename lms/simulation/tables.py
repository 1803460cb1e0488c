"""What the stand-ins know, in TOML files beside the code: word lists as regular expressions, sentences, weights."""

import re
import tomllib
from pathlib import Path
from typing import Any


def read_table(name: str) -> dict[str, Any]:
    """The content of ``<name>.toml``."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


def compile_words(words: str) -> re.Pattern[str]:
    """A pattern as the tables have it: each line holds further alternatives, and case does not matter."""
    return re.compile("|".join(words.split("\n")), re.IGNORECASE)
