"""Reads a background written in one cell: ``Age: 28, Gender: Woman, ... Emotional State: Tired.``

The paper's pipeline writes people this way into its tables of answers (``compared_data.csv``). A value may hold commas
and full stops: it ends only where the next known label begins.
"""

import re
from collections.abc import Callable

_LABEL = re.compile(r"(?:^|[,;.|\n])[\s*-]*([^\W\d_][^\W\d_ -]*(?:[ -][^\W\d_]+){0,4})\s*:\s*")
_END = re.compile(r"\s*[,;.|]?\s*$")


def read_background(text: str, is_attribute: Callable[[str], bool]) -> dict[str, str]:
    """Label -> value, in the order of ``text``; what has no known label before it is left out.

    Args:
        text: labels and values, separated by commas, semicolons, full stops or line ends.
        is_attribute: whether a label names an attribute.
    """
    found = [match for match in _LABEL.finditer(text) if is_attribute(match[1])]
    starts = [match.start() for match in found]
    pairs = zip(found, [*starts[1:], len(text)], strict=False)
    return {match[1]: _END.sub("", text[match.end() : end]) for match, end in pairs}
