"""The programs that one server offers: a compiled program and its whole front, each a model with an id of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lms.roles import slug_of
from modules import RAISE
from modules.files import parse_json, read_plain
from modules.folder import CARD, FRONT, is_elsewhere
from modules.versions import find_program
from optimizers.sides import load_with_card

NAME = "raise"
"""What the ids of all models begin with."""


@dataclass(frozen=True)
class Member:
    """A program under the id by which clients ask for it.

    Attributes:
        safety, questions: means of its test; None if it has none.
    """

    id: str
    program: RAISE
    safety: float | None = None
    questions: float | None = None

    def described(self) -> dict[str, float | None]:
        """What tells it from the others."""
        return {"safety": self.safety, "questions": self.questions}


@dataclass(frozen=True)
class Offer:
    """The members, the default first, and what the card of the default says."""

    members: tuple[Member, ...]
    card: Mapping[str, Any]


def uncompiled(name: str, program: RAISE) -> Offer:
    """A program as it comes, alone.

    Args:
        name: as in ``raise`` or ``raise:turn``.
    """
    return Offer((Member(slug_of(name), program),), {})


def read_offer(name: str) -> Offer:
    """A compiled program, and after it the members of its front.

    Args:
        name: a program folder, or ``models:/...``, which has no front.

    Raises:
        RaiseError: if there is no such program.
    """
    program, card = load_with_card(name)
    default = _member(f"{NAME}-{slug_of(str(card.get('target', 'program')))}", program, card)
    front = () if is_elsewhere(name) else tuple(_front(find_program(Path(name)) / FRONT, default.id))
    return Offer((default, *front), card)


def _front(folder: Path, default: str) -> Iterator[Member]:
    """The members that were compiled with the default, which is one of them."""
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (place / CARD).is_file():
            yield _member(f"{default}-{slug_of(place.name)}", RAISE.load(place), parse_json(read_plain(place / CARD)))


def _member(name: str, program: RAISE, card: Mapping[str, Any]) -> Member:
    figures = card.get("metrics") or {}
    return Member(name, program, figures.get("safety"), figures.get("avg_queries"))
