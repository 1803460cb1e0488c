"""What a model's raw text holds besides its answer: reasoning, and marks of the prompt's format."""

import re

_TAGS = r"think|thinking|thought|reasoning"
REASONING = (
    rf"<({_TAGS})\s*>[\s\S]*?</\1\s*>",
    rf"^[\s\S]*</(?:{_TAGS})\s*>",
    rf"<(?:{_TAGS})\s*>[\s\S]*$",
)
"""What is reasoning, whatever its case: blocks, all before a lone closing tag, all from a lone opening one on."""
MARK = r"\[\[ *## *(\w+) *## *\]\]"
"""A mark of a field."""
_REASONING = tuple(re.compile(pattern, re.IGNORECASE) for pattern in REASONING)
_MARK = re.compile(MARK)
_INLINE_MARK = re.compile(r"(?<=[^\n])(\[\[ *## *\w+ *## *\]\])")


def strip_reasoning(text: str) -> str:
    """``text`` without blocks of reasoning (``<think>`` and its like).

    Servers leave out the opening tag (it was in the prompt) or the closing one (the reply was cut off): then all before
    a lone closing tag, or all from a lone opening one on, is reasoning. Text without tags is returned as it is.
    """
    if "<" not in text:
        return text
    bare = text
    for reasoning in _REASONING:
        bare = reasoning.sub("", bare)
    return text if bare == text else bare.strip()


def split_marks(text: str) -> str:
    """``text`` with each field mark of DSPy's chat format on a line of its own, as its parser expects them."""
    return _INLINE_MARK.sub(r"\n\1", text) if "[[" in text else text


def strip_marks(text: str) -> str:
    """``text`` without field marks, for text that is shown although it is not in the format asked for."""
    return _MARK.sub("", text).strip() if "[[" in text else text
