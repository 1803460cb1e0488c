"""What compiling changed in a program: words of instructions, demonstrations, settings."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modules import RAISE
from optimizers.export import prompts_of

Change = Literal["same", "removed", "added"]


@dataclass(frozen=True)
class Piece:
    """Some words of a text, and what became of them."""

    text: str
    change: Change


@dataclass(frozen=True)
class PromptChange:
    """One predictor.

    Attributes:
        instructions: the words before and after, in order.
        demos: demonstrations that were added, field by field.
    """

    predictor: str
    instructions: tuple[Piece, ...]
    demos: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def reworded(self) -> bool:
        """Whether the instruction is another one."""
        return any(piece.change != "same" for piece in self.instructions)

    @property
    def changed(self) -> bool:
        """Whether anything is."""
        return self.reworded or bool(self.demos)


def list_changes(program: RAISE) -> list[PromptChange]:
    """Every predictor of a compiled program, against RAISE as it comes with this version."""
    before, after = prompts_of(RAISE(settings=program.settings)), prompts_of(program)
    return [
        PromptChange(
            predictor=name,
            instructions=diff_words(
                str(before[name]["instructions"]) if name in before else "", prompt["instructions"]
            ),
            demos=tuple(tuple(_fields(demo)) for demo in prompt["demos"]),
        )
        for name, prompt in after.items()
    ]


def _fields(demo: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of a demonstration; what DSPy notes beside them is left out."""
    return [
        (name.replace("_", " "), str(value)) for name, value in demo.items() if name not in ("augmented", "rationale")
    ]


def diff_words(before: str, after: str) -> tuple[Piece, ...]:
    """The words of both texts in order: all but those added are ``before``, all but those removed are ``after``."""
    old, new = (re.findall(r"\s+|\S+", text) for text in (before, after))
    pieces = []
    for change, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if change == "equal":
            pieces.append(Piece("".join(old[a:b]), "same"))
            continue
        if a < b:
            pieces.append(Piece("".join(old[a:b]), "removed"))
        if c < d:
            pieces.append(Piece("".join(new[c:d]), "added"))
    return tuple(pieces)


def list_settings(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value before and value after of each setting that the search has changed."""
    before, after = card["compile"], card["settings"]
    names = [name for name in after if name in before and str(before[name]) != str(after[name])]
    return [(name, str(before[name]), str(after[name])) for name in names]
