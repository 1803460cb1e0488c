"""Signs in other languages than English: words that mean little alone, the same signs in every language."""

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from modules.crisis.text import TOKEN, spell_international
from signatures.loading import load_once

SIGNS = Path(__file__).with_name("signs.toml")
"""Signs of danger in what a person says."""


@dataclass(frozen=True)
class Vocabulary:
    """What says a sign -> the signs.

    Attributes:
        words: whole words.
        phrases: several words, or with a blank before it how a word begins.
        pieces: parts of words, in scripts that attach or do not part them.
    """

    words: dict[str, set[str]]
    phrases: dict[str, set[str]]
    pieces: dict[str, set[str]]


@load_once
def load_vocabulary(file: Path = SIGNS) -> Vocabulary:
    """The signs in ``file``, those of all languages together."""
    found = Vocabulary(defaultdict(set), defaultdict(set), defaultdict(set))
    for tongue in tomllib.loads(file.read_text(encoding="utf-8"))["tongue"]:
        for sign, ways in tongue["signs"].items():
            for way in ways:
                begins = f" {way[:-1]}" if way.endswith("*") else way
                several = found.phrases if " " in begins else found.words
                (several if tongue.get("spaced", True) else found.pieces)[begins].add(sign)
    return found


def signs_abroad(fold: str, file: Path = SIGNS) -> set[str]:
    """The signs in a folded text."""
    text = f" {spell_international(fold)}"
    known = load_vocabulary(file)
    found = {sign for word in known.words.keys() & set(TOKEN.findall(text)) for sign in known.words[word]}
    found.update(sign for phrase, signs in known.phrases.items() if phrase in text for sign in signs)
    if not text.isascii():
        found.update(sign for piece, signs in known.pieces.items() if piece in text for sign in signs)
    return found


def sign_tables(file: Path = SIGNS) -> dict[str, dict[str, list[str]]]:
    """Signs by whole word, phrase, and piece of a word, for programs in other languages: what says it -> signs."""
    known = load_vocabulary(file)
    named = {"words": known.words, "phrases": known.phrases, "pieces": known.pieces}
    return {name: {way: sorted(signs) for way, signs in sorted(kept.items())} for name, kept in named.items()}
