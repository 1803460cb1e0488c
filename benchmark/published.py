"""The paper's figures, for comparison and for calibrating the stand-ins; ``data/published.json`` holds them."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

ALIASES = {
    "deepseek-llm-7b": "deepseek-7b",
    "meta-llama-3.1-8b": "llama-3.1-8b",
    "qwen2.5-7b": "qwen-2.5-7b",
}
"""Other names of models that the paper measured."""
_ENDING = re.compile(r"(-(instruct|chat|hf|v\d+(\.\d+)*|\d{4}-\d\d-\d\d))+$")


@cache
def published() -> dict[str, Any]:
    """The published figures."""
    file = Path(__file__).parent / "data" / "published.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def paper_name(model: str) -> str | None:
    """What the paper calls the model of a model string; None if it did not measure that model.

    Provider, endpoint tags, dates and endings such as ``-instruct`` do not count; a smaller sibling is another model.
    """
    bare = re.sub(r"[?:].*", "", model).rpartition("/")[2]
    name = _ENDING.sub("", bare.lower().replace("_", "-"))
    name = ALIASES.get(name, name)
    return name if name in published()["safety"] else None
