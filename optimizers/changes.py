"""What differs between two prompts or two sets of settings: words, demonstrations, values. Nothing is read or asked."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Change = Literal["same", "removed", "added"]
DemoEdit = Literal["removed", "added", "edited"]
NOTED = ("augmented", "rationale")
"""What DSPy notes in a demonstration beside its fields."""


@dataclass(frozen=True)
class Piece:
    """Some words of a text, and what became of them."""

    text: str
    change: Change


@dataclass(frozen=True)
class Prompt:
    """What of a predictor's prompt can differ.

    Attributes:
        instructions: of the signature, or the system message of a chat template.
        demos: demonstrations, field -> text.
        request: the message with the inputs, of a chat template; empty otherwise, as signatures do not change.
        tokens: of the whole without inputs, about.
    """

    instructions: str
    demos: tuple[Mapping[str, str], ...] = ()
    request: str = ""
    tokens: int = 0


@dataclass(frozen=True)
class DemoChange:
    """A demonstration that is not the same on both sides.

    Attributes:
        fields: name and words of each.
    """

    change: DemoEdit
    fields: tuple[tuple[str, tuple[Piece, ...]], ...]


@dataclass(frozen=True)
class PromptChange:
    """One predictor.

    Attributes:
        instructions, request: the words of both sides, in order.
        demos: demonstrations that changed.
        kept: how many did not.
        reordered: whether those are in another order.
        tokens: of the prompt before and after.
    """

    predictor: str
    instructions: tuple[Piece, ...]
    demos: tuple[DemoChange, ...] = ()
    kept: int = 0
    reordered: bool = False
    request: tuple[Piece, ...] = ()
    tokens: tuple[int, int] = (0, 0)

    @property
    def reworded(self) -> bool:
        """Whether the instruction is another one."""
        return differ(self.instructions)

    @property
    def asked_anew(self) -> bool:
        """Whether the request is another one."""
        return differ(self.request)

    @property
    def changed(self) -> bool:
        """Whether anything is."""
        return self.reworded or bool(self.demos) or self.reordered or self.asked_anew


@dataclass(frozen=True)
class ValueChange:
    """A value that is not the same; None where there is none."""

    name: str
    before: Any
    after: Any


def differ(pieces: Sequence[Piece]) -> bool:
    """Whether the texts that ``diff_words`` compared differ."""
    return any(piece.change != "same" for piece in pieces)


def compare_prompts(before: Mapping[str, Prompt], after: Mapping[str, Prompt]) -> list[PromptChange]:
    """Every predictor of either side; one that a side lacks is compared with an empty prompt."""
    none = Prompt("")
    return [
        _compare_prompt(name, before.get(name, none), after.get(name, none))
        for name in dict.fromkeys([*before, *after])
    ]


def _compare_prompt(name: str, before: Prompt, after: Prompt) -> PromptChange:
    kept_before = [demo for demo in before.demos if demo in after.demos]
    kept_after = [demo for demo in after.demos if demo in before.demos]
    return PromptChange(
        predictor=name,
        instructions=diff_words(before.instructions, after.instructions),
        demos=tuple(_compare_demos(before.demos, after.demos)),
        kept=len(kept_after),
        reordered=kept_before != kept_after,
        request=diff_words(before.request, after.request),
        tokens=(before.tokens, after.tokens),
    )


def _compare_demos(before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]) -> Iterator[DemoChange]:
    """Those of one side alone; two that begin alike are one that was edited."""
    gone = [demo for demo in before if demo not in after]
    for demo in after:
        if demo in before:
            continue
        same = next((old for old in gone if _beginning(old) == _beginning(demo)), None)
        if same is None:
            yield DemoChange("added", _diff_fields({}, demo))
        else:
            gone.remove(same)
            yield DemoChange("edited", _diff_fields(same, demo))
    for demo in gone:
        yield DemoChange("removed", _diff_fields(demo, {}))


def _beginning(demo: Mapping[str, str]) -> tuple[str, str]:
    """The first field, which tells what a demonstration is about."""
    return next(iter(demo.items()), ("", ""))


def _diff_fields(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    names = dict.fromkeys([*before, *after])
    return tuple((name, diff_words(before.get(name, ""), after.get(name, ""))) for name in names)


def fields_of(demo: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a DSPy demonstration as text."""
    return {name: str(value) for name, value in demo.items() if name not in NOTED}


def diff_words(before: str, after: str) -> tuple[Piece, ...]:
    """The words of both texts in order: all but those added are ``before``, all but those removed are ``after``.

    Replaced words that stand side by side are one replacement, though the blanks between them are the same.
    """
    old, new = (re.findall(r"\s+|\S+", text) for text in (before, after))
    pieces: list[Piece] = []
    for removed, added, same in _replacements(old, new):
        parts: list[tuple[str, Change]] = [(removed, "removed"), (added, "added"), (same, "same")]
        pieces += [Piece(text, change) for text, change in parts if text]
    return tuple(pieces)


def _replacements(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Words removed, words added in their place, and the words after them that stay."""
    removed, added = "", ""
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for i, (change, a, b, c, d) in enumerate(codes):
        if change != "equal":
            removed, added = removed + "".join(old[a:b]), added + "".join(new[c:d])
            continue
        same = "".join(old[a:b])
        if removed and added and not same.strip(" ") and codes[i + 1 :] and codes[i + 1][0] == "replace":
            removed, added = removed + same, added + same
            continue
        yield removed, added, same
        removed, added = "", ""
    yield removed, added, ""


def compare_values(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[ValueChange]:
    """Every entry that differs, by name; nested ones by their full name."""
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += compare_values(old, new, f"{prefix}{name}.")
        elif old != new:
            found.append(ValueChange(f"{prefix}{name}", old, new))
    return found
