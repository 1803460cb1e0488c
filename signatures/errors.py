"""The one error that is meant for the person at the keyboard, and how to tell what a validation found."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import ValidationError

from signatures.masking import masked


class RaiseError(Exception):
    """A mistake in the input, told in one sentence that names the input and the fix.

    The command line prints the sentence without a traceback and exits with code 2. Secrets in it are masked: it may
    quote a URL, or another program's words.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(masked(sentence))


def meant(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'test'?)`` if ``name`` is nearly one of the ``known`` names, else nothing."""
    like = get_close_matches(name, list(known), n=1)
    return f" (did you mean {like[0]!r}?)" if like else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is not ``known``."""
    known = list(known)
    return f"unknown {kind} {name!r}{meant(name, known)}: choose one of {', '.join(known)}."


def first_problem(error: ValidationError, whole: str = "") -> str:
    """The first thing that a validation complains about, in one phrase: where, and what is wrong there.

    Args:
        whole: what to call the place if it is no field but all of it.
    """
    problem = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or whole}: {problem['msg'].removeprefix('Value error, ')}"
