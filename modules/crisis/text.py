"""Folding: one spelling for what people type, so that phrases need to be written down only once.

Each fold is a plain pass over the text, linear in its length.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex

from signatures.loading import load_once
from signatures.words import INVISIBLE, ranges_of, without_invisible

LETTERS = regex.compile(r"[\p{L}\p{M}\p{Nl}\p{No}]+")
"""A word: letters with their marks, without which words of Hindi, Bengali or Thai fall apart."""
TOKEN = regex.compile(rf"{LETTERS.pattern}|\p{{Nd}}+")
"""A word or a number."""
_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4`\u201b\uff07\u2032", "'"))
_LETTERS = str.maketrans({
    "ß": "ss", "ø": "o", "ł": "l", "\u0131": "i", "æ": "ae", "œ": "oe", "đ": "d", "\u0451": "\u0435",
    # Arabic and Persian: one form for letters that keyboards mix up; joiners become spaces
    "\u064a": "\u06cc", "\u0649": "\u06cc", "\u0623": "\u0627", "\u0625": "\u0627", "\u0622": "\u0627",
    "\u0629": "\u0647", "\u0643": "\u06a9", "\u200c": " ",
    "\u3002": ". ", "\u3001": ", ", "\u0964": ". ", "\u061f": "? ", "\u060c": ", ", "\uff61": ". ",
    "\U0001f52b": " gun ", "\U0001f48a": " pills ", "\U0001f52a": " knife ", "\U0001fa78": " blood ",
})  # fmt: skip
_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_ADDED = re.compile(r"[\u064b-\u0652\u0640]|(?<=[a-z])\u200c(?=[a-z])")
"""Arabic points and lengthening strokes; the joiner that parts words in Persian, where it parts none."""
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LEET_WORD = re.compile(r"(?<![\w@$!|*])[a-z]+(?:[013457@$!|*]{1,2}[a-z]+)+(?![\w@$|*])")
_SPELT_OUT = re.compile(r"(?<!\w)[a-z](?:([ .\-_*])[a-z])(?:\1[a-z])+(?!\w)")
_RUN_TOGETHER = (
    "i im ill am was just really so want wants wanna wanto need have has gonna gunna going go went to be do done the "
    "a it all and or is hes shes he she they you him her them my me self myself life lives world this that from of "
    "off on in with die dead dying death kill killing hurt hurting hang hanging shoot jump jumping end ending "
    "suicide suicidal unalive cut cutting bleeding took taken take swallowed drank pills tablets meds everything "
    "overdose overdosed knife gun rope live living exist wake up cant can not dont will now tonight today tomorrow "
    "forever anymore more no please help someone somebody goodbye bye everyone sorry thinking about trying planning "
    "ready quiero quisiera voy morir morirme matar matarme suicidar suicidarme vivir mas ya acabar noche hoy je "
    "veux vais mourir tuer suicider plus vivre ich werde mich umbringen sterben nicht mehr leben heute nacht quero "
    "vou morrer viver nao hoje voglio morire uccidermi ammazzarmi suicidarmi non vivere wil dood mezelf niet meer"
)
"""What may be typed without blanks: a long word made of nothing else is parted."""
_PIECE = re.compile("|".join(sorted(_RUN_TOGETHER.split(), key=lambda word: (-len(word), word))))
_GLUED = re.compile(rf"(?<!\w)(?=[a-z]{{9,60}}(?!\w))(?:{_PIECE.pattern}){{2,16}}(?!\w)")
"""At most so long, since a word can be parted in many ways."""
_LONG = re.compile(r"([a-z])\1{2,}")
_SPACE = re.compile(r"[^\S\n]+")
_NUMERAL = re.compile(
    r"(?<![\w.,:])([24])(?= (?:be?|die|live|do|kill|end|go|stop|wake|jump|me|us|you|u|good|real|the)\b)"
)
_ILL = re.compile(r"(?P<before>[a-z']+ |)\bill(?= [a-z])")
_SICK_WORDS = (
    "am is are was were be been being feel feels feeling felt fall falls fell fallen falling get gets got getting "
    "become became look looks looking seem seems makes made making taken very so too really seriously mentally "
    "terminally critically chronically physically gravely often always not an the of my your his her their our im i'm "
    "he's she's they're you're it's"
)
_SICK = frozenset(_SICK_WORDS.split())
"""Words before "ill" that make it sick; after others, with more to come, it is "I'll"."""
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*'?")

_ENDINGS = {"'m": " am", "'ll": " will", "'ve": " have", "'re": " are", "'d": " would", "'s": "s", "'": ""}
_IS = frozenset({"he", "she", "it", "that", "who", "there", "here", "what", "everything"})
_NEGATED = {"ca": "can", "wo": "will", "ai": "is", "sha": "shall"}
_DOUBLED = frozenset({"kill", "will", "pill", "pills", "all", "bleed", "soon", "need", "goodbye", "killing"})
_TARGET_WORDS = (
    "suicide suicidal myself himself herself yourself tonight tomorrow goodbye overdose overdosed swallowed everything "
    "everyone tablets swallow unalive killing morning sleeping someone decided planning bottle forever bleeding "
    "hanging jumping"
)
_REAL_WORDS = (
    "billing filling milling pilling tilling willing banging ranging bumping dumping pumping lumping bottles bottled "
    "battle tables tablet swallows swallower hallowed mourning mornings steeping decide decides derided planting "
    "panning planing breeding pleading bleating hugging changing hinging hanging handing lodging itself thyself"
)
_TARGETS, _REAL = frozenset(_TARGET_WORDS.split()), frozenset(_REAL_WORDS.split())
"""What misspellings are corrected to, and words that differ from one of those by a letter and mean something else."""


def fold_text(text: str) -> str:
    """``text`` in lower case, without accents on Latin letters, look-alike digits, words spelt out or run together."""
    text = unicodedata.normalize("NFKD", text.translate(_QUOTES)).lower()  # decorative letters become capitals
    text = without_invisible(_ADDED.sub("", text).translate(_LETTERS))
    text = unicodedata.normalize("NFC", _MARKS.sub("", text)).translate(_LETTERS)
    text = _LEET_WORD.sub(lambda word: word.group().translate(_LEET).replace("*", ""), text)
    text = _SPELT_OUT.sub(lambda word: re.sub(r"[^a-z]", "", word.group()), text)
    text = _GLUED.sub(lambda word: _PIECE.sub(r"\g<0> ", word.group()).strip(), text)
    return _SPACE.sub(" ", text).strip()


@lru_cache(maxsize=256)
def spell_english(fold: str) -> str:
    """A fold with contractions and chat spellings written out, and the commonest misspellings put right."""
    text = _NUMERAL.sub(lambda digit: {"2": "to", "4": "for"}[digit.group()], fold.replace("-", " "))
    text = _ILL.sub(lambda found: found["before"] + ("ill" if found["before"].strip() in _SICK else "i will"), text)
    return _SPACE.sub(" ", _WORD.sub(lambda word: _spelling(word.group()), text))


@lru_cache(maxsize=256)
def spell_international(fold: str) -> str:
    """A fold with apostrophes and hyphens as spaces, which is how the other languages' phrases are written."""
    return _SPACE.sub(" ", fold.replace("'", " ").replace("-", " "))


@load_once
def _meant() -> dict[str, str]:
    table = tomllib.loads(Path(__file__).with_name("spellings.toml").read_text(encoding="utf-8"))
    return {written: meant for meant, ways in table.items() for written in ways}


@lru_cache(maxsize=2048)  # a long text is spelt as a whole and window by window
def _spelling(word: str) -> str:
    known = _meant().get(word)
    if known is not None:
        return known
    if word.endswith("n't"):
        stem = word[:-3]
        return f"{_NEGATED.get(stem, stem)} not"
    for ending, full in _ENDINGS.items():
        if word.endswith(ending):
            stem = word[: -len(ending)]
            return f"{stem} is" if ending == "'s" and stem in _IS else stem + full
    if _LONG.search(word):
        return _shortened(word)
    return _corrected(word) if 4 < len(word) < 14 else word


def _shortened(word: str) -> str:
    """A drawn-out word ("dieee") at its proper length."""
    twice, once = _LONG.sub(r"\1\1", word), _LONG.sub(r"\1", word)
    return twice if twice in _DOUBLED else _meant().get(once, once)


def _deletions(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


_NEAR = {near: target for target in sorted(_TARGETS) for near in _deletions(target)}
"""A word with one letter missing -> the word. Two words that share such a form are one slip apart."""


def _corrected(word: str) -> str:
    if word in _TARGETS or word in _REAL:
        return word
    for near in sorted(_deletions(word)):  # sorted, since the answer must not depend on the order of a set
        target = _NEAR.get(near)
        if target is not None and abs(len(target) - len(word)) <= 1 and word[0] == target[0]:
            return target
    return word


# The same passes as rules, for programs in other languages; ``docs/portable.md`` explains them. ``tests/modules`` holds
# both against each other.

_BLANKS = [["replace", r"(?:(?!\n)\s)+", " "]]


def folding_rules() -> list[Any]:
    """``fold_text`` as rules."""
    letters = {chr(code): text for code, text in _LETTERS.items()}
    leet = {chr(code): chr(letter) for code, letter in _LEET.items()}
    return [
        ["map", {chr(code): quote for code, quote in _QUOTES.items()}],
        ["normalize", "NFKD"],
        ["lower"],
        ["replace", _ADDED.pattern, ""],
        ["map", letters],
        ["replace", ranges_of(INVISIBLE), ""],
        ["replace", _MARKS.pattern, ""],
        ["normalize", "NFC"],
        ["map", letters],
        ["within", _LEET_WORD.pattern, [["map", {**leet, "*": ""}]]],
        ["within", _SPELT_OUT.pattern, [["replace", "[^a-z]", ""]]],
        ["within", _GLUED.pattern, [["within", _PIECE.pattern, [["replace", "$", " "]]], ["replace", " $", ""]]],
        *_BLANKS,
        ["replace", r"^\s+|\s+$", ""],
    ]


def english_rules() -> list[Any]:
    """``spell_english`` as rules."""
    sick = "|".join(sorted(_SICK))
    return [
        ["map", {"-": " "}],
        *(["replace", _NUMERAL.pattern.replace("([24])", digit), word] for digit, word in (("2", "to"), ("4", "for"))),
        ["within", rf"(?<![a-z'])(?:{sick}) ill(?= [a-z])", [["replace", "ill$", "\ufdd0"]]],
        ["replace", r"\bill(?= [a-z])", "i will"],
        ["replace", "\ufdd0", "ill"],
        ["within", _WORD.pattern, [["first", _word_choices()]]],
        *_BLANKS,
    ]


def international_rules() -> list[Any]:
    """``spell_international`` as rules."""
    return [["map", {"'": " ", "-": " "}], *_BLANKS]


def _word_choices() -> list[Any]:
    """``_spelling`` as pairs of a pattern and rules; the first that matches counts."""
    written = [["words", _meant()]]
    negated = [[rf"^{stem}n't$", _become(f"{full} not")] for stem, full in _NEGATED.items()]
    drawn_out = [["within", _LONG.pattern, [["replace", "(?<=^.).+$", ""]]], *written]
    return [
        [rf"^(?:{'|'.join(sorted(_meant()))})$", written],
        *negated,
        ["n't$", [["replace", "n't$", " not"]]],
        [rf"^(?:{'|'.join(sorted(_IS))})'s$", [["replace", "'s$", " is"]]],
        *([f"{ending}$", [["replace", f"{ending}$", full]]] for ending, full in _ENDINGS.items()),
        *([f"^{_twice(word)}$", _become(word)] for word in sorted(_DOUBLED)),
        [_LONG.pattern, drawn_out],
        [rf"^(?:{'|'.join(sorted(_TARGETS | _REAL))})$", []],
        *([_slips(target), _become(target)] for target in sorted(_TARGETS)),
    ]


def _become(word: str) -> list[Any]:
    return [["replace", "^.*$", word]]


def _twice(word: str) -> str:
    """Matches a word with a letter three times or more of which ``word`` is left once that is written twice."""
    runs = re.sub(r"(.)\1", r"\1{2,}", word)
    return rf"(?=.*([a-z])\1\1){runs}"


def _slips(word: str) -> str:
    """Matches ``word`` with a letter left out, added, or in another place or form, but the first one."""
    shorter = {word[:i] + word[i + 1 :] for i in range(len(word))}
    wild = {base[:i] + "." + base[i:] for base in (word, *shorter) for i in range(len(base) + 1)}
    return rf"^(?={word[0]})(?:{'|'.join(sorted(shorter | wild))})$"
