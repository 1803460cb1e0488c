"""Concepts: what the words of an English text have to do with danger, from the lexicon in ``concepts.toml``.

Concepts that stand in one sentence, near each other or beside a word are what the weights add up besides words: a line
in words that no labelled line has can still tell of a means, an end and a time.
"""

import re
import tomllib
from collections import defaultdict
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

from signatures.loading import load_once

LEXICON = Path(__file__).with_name("concepts.toml")
NEAR = 4
"""How many words apart two concepts count as near, in their order."""
WORD = r"(?:(?![\d_])\w)+|\d+|[" + "\U0001f300-\U0001faff]"
"""A word as exports have it, without negated classes in classes; numbers and pictures count as words."""
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[.!?\n]|[\U0001f300-\U0001faff]")
_END = frozenset(".!?\n")

Phrases = dict[str, list[tuple[tuple[str, ...], str]]]
"""First word -> the words that must follow it, and the concept."""
Tagged = tuple[str, frozenset[str]]


@load_once
def _lexicon(file: Path) -> tuple[Phrases, Phrases]:
    """Phrases by their first word, and by what their first word starts with."""
    whole: Phrases = defaultdict(list)
    starts: Phrases = defaultdict(list)
    for concept, phrases in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for phrase in phrases.split():
            first, *rest = phrase.split("_")
            (starts if first.endswith("*") else whole)[first.rstrip("*")].append((tuple(rest), concept))
    return dict(whole), dict(starts)


def _is(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


@lru_cache(maxsize=2048)
def _phrases_from(file: Path, word: str, following: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The phrases that two words may begin: what must follow the first, and the concept."""
    whole, starts = _lexicon(file)
    begun = (each for k in range(2, len(word) + 1) for each in starts.get(word[:k], ()))
    return tuple(each for each in (*whole.get(word, ()), *begun) if not each[0] or _is(following, each[0][0]))


def tag_concepts(text: str, lexicon: Path = LEXICON) -> list[list[Tagged]]:
    """The words of each sentence of ``text`` (as ``spell_english`` gives it), with the concepts that begin at each."""
    tokens = _TOKEN.findall(text)
    sentences: list[list[Tagged]] = [[]]
    for i, word in enumerate(tokens):
        if word in _END:
            sentences.append([])
            continue
        concepts = frozenset(
            concept
            for rest, concept in _phrases_from(lexicon, word, tokens[i + 1] if i + 1 < len(tokens) else "")
            if i + len(rest) < len(tokens) and all(map(_is, tokens[i + 1 : i + 1 + len(rest)], rest))
        )
        sentences[-1].append((word, concepts))
    return [sentence for sentence in sentences if sentence]


def concept_features(text: str) -> frozenset[str]:
    """Concepts (``<a>``), pairs of them in a sentence (``a+b``) and near (``a>b``), and concepts beside a word."""
    found: set[str] = set()
    for sentence in tag_concepts(text):
        held = {concept for _, concepts in sentence for concept in concepts}
        found.update(f"<{concept}>" for concept in held)
        found.update(f"{a}+{b}" for a, b in combinations(sorted(held), 2))
        for i, (_, concepts) in enumerate(sentence):
            near = {later for _, others in sentence[i + 1 : i + 1 + NEAR] for later in others} if concepts else ()
            found.update(f"{a}>{b}" for a in concepts for b in near)
        for (word, concepts), (next_word, next_concepts) in pairwise(sentence):
            found.update(f"{word}_<{concept}>" for concept in next_concepts)
            found.update(f"<{concept}>_{next_word}" for concept in concepts)
    return frozenset(found)


def concept_patterns(lexicon: Path = LEXICON) -> dict[str, str]:
    """Concept -> regular expression of its phrases, at the start of a word of a sentence whose words are parted by one
    blank: for programs in other languages."""
    table = tomllib.loads(lexicon.read_text(encoding="utf-8"))
    return {concept: _anywhere(phrases.split()) for concept, phrases in table.items()}


def _anywhere(phrases: list[str]) -> str:
    written = (re.escape(phrase).replace("_", " ").replace(r"\*", "[^ ]*") for phrase in phrases)
    return rf"(?:{'|'.join(written)})(?= |$)"
