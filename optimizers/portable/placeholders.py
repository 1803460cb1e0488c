"""``{{name}}`` in exported text is where an input goes; braces that are part of the text are written so that nobody
takes them for that.

There is no escape that all tools know: MLflow, promptfoo (Nunjucks) and Langfuse take any ``{{name}}`` for a variable,
some of them ``{%`` and ``{#`` for tags. So a word joiner (U+2060), which has no width, stands between two such
characters where they are text; ``unescape`` takes it out again.
"""

import re
from collections.abc import Callable, Mapping

JOINER = "\u2060"
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LITERAL = re.compile(rf"\{{({JOINER}*)(?=[{{%#])")
_ESCAPED = re.compile(rf"\{{{JOINER}(?={JOINER}*[{{%#])")
_FILLED = re.compile(rf"{PLACEHOLDER.pattern}|{_ESCAPED.pattern}")
_MARK = re.compile("\ufdd0(\\w+)\ufdd1")


def mark(name: str) -> str:
    """Where an input goes, while text is escaped: between two code points that no text has."""
    return f"\ufdd0{name}\ufdd1"


def as_template(text: str) -> str:
    """Escaped ``text`` with placeholders where ``mark`` put inputs."""
    return _MARK.sub(r"{{\1}}", escape(text))


def escape(text: str) -> str:
    """``text`` without anything in it that a tool takes for a variable or a tag."""
    return _LITERAL.sub(rf"{{\1{JOINER}", text)


def unescape(text: str) -> str:
    """The text that ``escape`` was given."""
    return _ESCAPED.sub("{", text)


def fill(template: str, inputs: Mapping[str, str]) -> str:
    """The text of a template; what is filled in stays as it is.

    Raises:
        KeyError: for a placeholder that is no input.
    """
    return _FILLED.sub(lambda found: inputs[found[1]] if found[1] else "{", template)


def refill(template: str, blank: Callable[[str], str]) -> str:
    """``template`` with ``blank(name)`` for each placeholder, still escaped."""
    return PLACEHOLDER.sub(lambda found: blank(found[1]), template)
