"""What a model's raw text holds besides its answer: reasoning, and marks of the prompt's format."""

import re

_TAGS = r"think|thinking|thought|reasoning"
_BLOCK = re.compile(rf"<({_TAGS})\s*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_END = re.compile(rf"\A.*</(?:{_TAGS})\s*>", re.IGNORECASE | re.DOTALL)
_BEGIN = re.compile(rf"<(?:{_TAGS})\s*>.*\Z", re.IGNORECASE | re.DOTALL)
_MARK = re.compile(r"\[\[ *## *\w+ *## *\]\]")
_INLINE_MARK = re.compile(r"(?<=[^\n])(\[\[ *## *\w+ *## *\]\])")


def strip_reasoning(text: str) -> str:
    """``text`` without blocks of reasoning (``<think>`` and its like).

    Servers leave out the opening tag (it was in the prompt) or the closing one (the reply was cut off): then all before
    a lone closing tag, or all from a lone opening one on, is reasoning. Text without tags is returned as it is.
    """
    if "<" not in text:
        return text
    bare = _BLOCK.sub("", text)
    bare = _BEGIN.sub("", _END.sub("", bare))
    return text if bare == text else bare.strip()


def split_marks(text: str) -> str:
    """``text`` with each field mark of DSPy's chat format on a line of its own, as its parser expects them."""
    return _INLINE_MARK.sub(r"\n\1", text) if "[[" in text else text


def strip_marks(text: str) -> str:
    """``text`` without field marks, for text that is shown although it is not in the format asked for."""
    return _MARK.sub("", text).strip() if "[[" in text else text
