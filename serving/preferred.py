"""The language that a client's ``Accept-Language`` prefers. It says nothing of where somebody is."""

import re

from modules.languages.detection import LANGUAGES

_RANGE = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[\w-]*)?\s*(?:;\s*q\s*=\s*(\d(?:\.\d{1,3})?)\s*)?")
LONGEST = 500
"""Characters of a header that are read."""


def preferred_language(header: str) -> str:
    """The code of the language that is preferred most among those there are texts in; empty if there is none.

    Args:
        header: the value of ``Accept-Language``, as in ``es-MX,es;q=0.9,en;q=0.8``; what is none of that form is left
            out.
    """
    found = [_RANGE.fullmatch(part) for part in header[:LONGEST].split(",")]
    weights = {each[1].lower(): float(each[2] or 1) for each in reversed(found) if each}
    known = [code for code in reversed(weights) if code in LANGUAGES and weights[code] > 0]
    return max(known, key=lambda code: weights[code], default="")
