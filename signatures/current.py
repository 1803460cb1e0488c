"""The vocabulary that this process works with: PENGUIN's ten attributes until another is chosen, once.

One process, one vocabulary: contexts and settings are checked against it wherever they are made, in whatever thread,
where nobody could hand it over. It is chosen before there are any: by the command line, or by the first program that
is loaded and has its own. Afterwards another one is refused, so nothing is ever read under two.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from signatures.errors import RaiseError
from signatures.vocabulary import Vocabulary, default_vocabulary


class _Choice:
    """What was chosen, and for what."""

    def __init__(self) -> None:
        self.vocabulary: Vocabulary | None = None
        self.owner = ""


_choice = _Choice()


def current_vocabulary() -> Vocabulary:
    """The vocabulary that this process works with."""
    return _choice.vocabulary or default_vocabulary()


def adopt_vocabulary(vocabulary: Vocabulary, owner: str) -> None:
    """Work with ``vocabulary`` from now on.

    Args:
        owner: what it belongs to, for messages, such as ``the program mlruns/programs/sim-gpt-4o``.

    Raises:
        RaiseError: if this process works with another one already.
    """
    chosen = _choice.vocabulary
    if chosen is None:
        _choice.vocabulary, _choice.owner = vocabulary, owner
    elif chosen != vocabulary:
        raise RaiseError(
            f"{owner} has the vocabulary {vocabulary.name!r} ({vocabulary.hash}), but {_choice.owner} has "
            f"{chosen.name!r} ({chosen.hash}): use things of one vocabulary at a time, or name it with --vocabulary."
        )


@contextmanager
def using_vocabulary(vocabulary: Vocabulary | None, owner: str = "this block") -> Iterator[None]:
    """Work with ``vocabulary`` inside the block, whatever was chosen before; for tests and for several in a row.

    All threads of the process see it, so nothing else may be under way.

    Args:
        vocabulary: None leaves the choice open, as in a new process.
    """
    before = _choice.vocabulary, _choice.owner
    _choice.vocabulary, _choice.owner = vocabulary, owner
    try:
        yield
    finally:
        _choice.vocabulary, _choice.owner = before
