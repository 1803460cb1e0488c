"""A vocabulary as the text of a TOML file, for Python reads TOML and writes none."""

import json
from collections.abc import Mapping
from typing import Any

from signatures import Vocabulary

HEADER = "# What RAISE may ask about; docs/vocabulary.md explains the entries.\n"


def vocabulary_text(vocabulary: Vocabulary) -> str:
    """The text of a ``vocabulary.toml`` that says the same."""
    record = vocabulary.record()
    lists = [name for name, value in record.items() if isinstance(value, list)]
    lines = [HEADER, *(f"{name} = {_toml(value)}" for name, value in record.items() if name not in lists)]
    for name in lists:
        for entry in record[name]:
            lines += ["", f"[[{name}]]", *(f"{key} = {_toml(value)}" for key, value in entry.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A value; strings and numbers are written as in JSON, which TOML reads alike."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(entry)}" for name, entry in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
