"""Phrases of danger, by language: reads them from the TOML files beside it and tells which ones a text states.

``english.toml`` explains the notation. A statement counts unless its own clause denies it, or its sentence puts it into
the past, into fiction or into somebody else's mouth.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from modules.crisis.text import spell_english, spell_international
from signatures.loading import load_once

FILES = ("english.toml", "others.toml", "scripts.toml")
MORE = {"en": "scenes.toml"}
"""Language -> a file with further families and parts for it."""
STATEMENTS = ("stated", "done", "standing")
SIGNS = ("sign", "ordinary", "idiom")
MASK = "###"
"""Stands where an idiom was; no phrase matches it."""
_SENTENCE_END = re.compile(r"[.!?\n]")
_CLAUSE = re.compile(r"[,;:.!?\n]|\b(?:and|but|so|because|y|e|et|und|mais|pero|mas|ma|maar|ale|ama|aber|men|och)\b")
_FIRST_PART = re.compile(r"\{\w+\} (?![.?])")
_LINK = re.compile(r"\b(?:and|then|but|so|because|after|before)\b|[,;:]")
_REPORTED = re.compile(r'["\u201c\u201d\u00ab\u00bb\u201e]|\b(?:says?|said|who|where|about|called|titled|in which)\b')
_WRITER = ("the writer wants to die", "does not want to live")
"""Families in the first person: a topic word elsewhere in the sentence ("my essay") does not make these fiction."""
NEAR = 70
"""Characters to either side of what has been done, within its sentence, in which a date makes it long past."""
LOOK_BACK = 400
"""Characters before a statement that are read for what takes it back: keeps endless sentences cheap."""

SHORT = 40
"""Characters of a denial that is an answer and no more ("I never wanted to die"); in longer texts something else can be
said, too: "I tried in 2015, and tonight I will not fail"."""

MOST = 8
"""Sentences with statements that are kept: keeps endless texts cheap."""

Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Family:
    """Phrases that count in the same way."""

    name: str
    how: str
    pattern: Pattern


@dataclass(frozen=True)
class Statement:
    """One statement of danger.

    Attributes:
        stands: whether it is not taken back.
        words: its family and the words that make it.
        sentence: in which it stands, as ``Language.spell`` gives it.
    """

    stands: bool
    words: str
    sentence: str


def _sentence_around(text: str, found: re.Match[str]) -> str:
    begin = max(0, found.start() - LOOK_BACK)
    ends = [end.end() for end in _SENTENCE_END.finditer(text, begin, found.start())]
    end = _SENTENCE_END.search(text, found.end(), found.end() + LOOK_BACK)
    return text[ends[-1] if ends else begin : end.start() if end else found.end() + LOOK_BACK].strip()


def _any_of(phrases: Iterable[str]) -> str:
    """What matches any of ``phrases``; those that begin with the same part share it: it is looked for once."""
    endings: dict[str, list[str]] = {}
    for phrase in phrases:
        begins = _FIRST_PART.match(phrase)
        part = begins.group() if begins and not _is_parted(phrase) else ""
        endings.setdefault(part, []).append(f"(?:{phrase[len(part) :]})")
    return "|".join(f"{part}(?:{'|'.join(ends)})" for part, ends in endings.items())


def _is_parted(phrase: str) -> bool:
    """Whether alternatives of ``phrase`` are in no group."""
    depth = 0
    for sign in phrase:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            return True
    return False


def _anchored(phrase: str, spaced: bool) -> Pattern:
    """``phrase`` compiled: where a script has spaces, as whole words."""
    return re.compile(rf"(?<!\w)(?:{phrase})(?!\w)" if spaced else f"(?:{phrase})")


class Language:
    """The phrases of one language, compiled.

    Attributes:
        spaced: whether its script parts words.
        statement: what its statements and idioms match, as text.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.code = str(table["language"])
        self.spaced = bool(table.get("spaced", True))
        self._parts: dict[str, str] = dict(table.get("parts", {}))
        self._not = self._compiled(table.get("not"))
        self._not_kept = self._compiled(table.get("not_kept"))
        self._not_after = self._compiled(table.get("not_after"))
        self._said_by = self._compiled(table.get("said_by"))
        self.past = self._compiled(table.get("past"))
        self.topic = self._compiled(table.get("topic"))
        told = [(family, self._expanded(_any_of(family["phrases"]))) for family in table["family"]]
        self.families = tuple(
            Family(family["name"], family["how"], _anchored(text, self.spaced)) for family, text in told
        )
        self.statement = "|".join(text for family, text in told if family["how"] in (*STATEMENTS, "idiom"))

    def _compiled(self, phrase: str | None) -> Pattern | None:
        return self._required(phrase) if phrase else None

    def _required(self, phrase: str) -> Pattern:
        return _anchored(self._expanded(phrase), self.spaced)

    def _expanded(self, phrase: str) -> str:
        while any(f"{{{name}}}" in phrase for name in self._parts):
            for name, part in self._parts.items():
                phrase = phrase.replace(f"{{{name}}}", part)
        return phrase.replace(" .. ", r"\b[^.!?\n]{0,40}?\b" if self.spaced else r"[^.!?\n]{0,20}?")

    def as_table(self) -> dict[str, Any]:
        """What is compiled, as text: for programs in other languages (``docs/portable.md``)."""
        context = {
            "not": self._not,
            "not_kept": self._not_kept,
            "not_after": self._not_after,
            "said_by": self._said_by,
            "past": self.past,
            "topic": self.topic,
        }
        families = [
            {"name": f.name, "how": f.how, "pattern": f.pattern.pattern, "writer": f.name in _WRITER}
            for f in self.families
        ]
        return {
            "language": self.code,
            "spaced": self.spaced,
            **{name: found.pattern for name, found in context.items() if found},
            "families": families,
        }

    def spell(self, fold: str) -> str:
        """A fold in the form that this language's phrases are written in."""
        return spell_english(fold) if self.code == "en" else spell_international(fold)

    def statements(self, text: str) -> Iterator["Statement"]:
        """What ``text`` (as ``spell`` gives it) states."""
        for family in self.families:
            if family.how == "idiom":
                text = family.pattern.sub(MASK, text)
        for family in self.families:
            if family.how in STATEMENTS:
                for found in family.pattern.finditer(text):
                    stands = not self._taken_back(text, family, found)
                    yield Statement(stands, f"{family.name}: {found.group()}", _sentence_around(text, found))

    def signs(self, text: str) -> list[str]:
        """Names of the families whose phrases mean little alone, of those that occur in ``text``."""
        found = [family.name for family in self.families if family.how in SIGNS and family.pattern.search(text)]
        if any(not statement.stands for statement in _statements(self, text)):
            found.append("taken back")
        if self.past and self.past.search(text):
            found.append("past")
        if self.topic and self.topic.search(text):
            found.append("topic")
        return found

    def _taken_back(self, text: str, family: Family, found: re.Match[str]) -> bool:
        begin = max(0, found.start() - LOOK_BACK)
        ends = [end.end() for end in _SENTENCE_END.finditer(text, begin, found.start())]
        start = ends[-1] if ends else begin
        end = _SENTENCE_END.search(text, found.end(), found.end() + LOOK_BACK)
        lead = text[start : found.start()]
        clause = "" if _CLAUSE.match(found.group()) else _CLAUSE.split(lead)[-1]
        sentence = text[start : end.start() if end else found.end() + LOOK_BACK]
        near = text[max(start, found.start() - NEAR) : found.end()] + sentence[found.end() - start :][:NEAR]
        rest = _CLAUSE.split(sentence[found.end() - start :])[0]
        when = clause + found.group() + rest if family.how == "stated" else near
        if self.past and self.past.search(when):
            return True
        if self._said_by and self._said_by.search(text[start : found.start() + 40]):
            return True
        if family.name in _WRITER:
            if self._reported(lead):
                return True
        elif self.topic and self.topic.search(text[max(0, start - 120) : start] + sentence):
            return True
        return family.how != "standing" and self._denied(text, family, found, clause)

    def _reported(self, lead: str) -> bool:
        """Whether the words before a first-person statement make it a character's or a text's."""
        topics = list(self.topic.finditer(lead)) if self.topic else []
        if not topics:
            return False
        between = lead[topics[-1].end() :]
        return not _LINK.search(between) or bool(_REPORTED.search(between))

    def _denied(self, text: str, family: Family, found: re.Match[str], clause: str) -> bool:
        if self._not_after and self._not_after.search(text[found.end() : found.end() + 15]):
            return True
        own = _CLAUSE.split(found.group())[-1]
        before = " ".join(clause.split()[-4:]) if self.spaced else clause[-6:]
        if family.how == "done":
            words = before
        elif not self.spaced:
            words = before  # what stands inside is often a negation of the phrase's own
        elif own == found.group():
            words = f"{before} {own}"
        else:
            words = own  # the statement itself spans clauses: only its last one can deny it
        if self._not_kept:
            words = self._not_kept.sub("", words)
        return bool(self._not and self._not.search(words))


def context_patterns() -> dict[str, str]:
    """How sentences and clauses are parted and linked, in every language."""
    named = {"sentence": _SENTENCE_END, "clause": _CLAUSE, "link": _LINK, "reported": _REPORTED}
    return {name: pattern.pattern for name, pattern in named.items()}


@load_once
def languages() -> tuple[Language, ...]:
    """Every language there are phrases for, English first."""
    found = []
    for name in FILES:
        content = _content(name)
        found += [Language(_with_more(table)) for table in content.get("tongue", [content])]
    return tuple(found)


def _content(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _with_more(table: dict[str, Any]) -> dict[str, Any]:
    if table["language"] not in MORE:
        return table
    more = _content(MORE[table["language"]])
    return {**table, "parts": {**table["parts"], **more["parts"]}, "family": [*table["family"], *more["family"]]}


@lru_cache(maxsize=256)
def _statements(language: Language, text: str) -> tuple[Statement, ...]:
    return tuple(language.statements(text))


@dataclass(frozen=True)
class DangerReading:
    """What the phrases make of a text.

    Attributes:
        danger: the first statement that stands, with its language and family; None if there is none.
        denied: whether a statement was made and taken back, and none stands.
        only_denied: whether it is denied in a text too short to say anything else.
        sentences: those in which the statements of that language stand, ``MOST`` at most.
    """

    danger: str | None
    denied: bool
    sentences: tuple[str, ...] = ()
    only_denied: bool = False

    @property
    def language(self) -> str:
        """The code of the language in which danger is stated; empty if it is not."""
        return (self.danger or "").partition(",")[0]


@load_once
def _abroad(spaced: bool) -> tuple[Pattern, tuple[Language, ...]]:
    """The other languages whose scripts part words, or do not, and what any statement or idiom of theirs matches."""
    found = tuple(language for language in languages()[1:] if language.spaced is spaced)
    return _anchored("|".join(language.statement for language in found), spaced), found


def _languages_of(fold: str) -> Iterator[Language]:
    """The languages in which a folded text may state anything: most texts are done with one search for thirty."""
    yield languages()[0]
    for spaced in (True,) if fold.isascii() else (True, False):
        anything, found = _abroad(spaced)
        if anything.search(spell_international(fold)):
            yield from found


def read_danger(fold: str) -> DangerReading:
    """Look for statements of danger in a folded text, in whatever language."""
    denied = False
    for language in _languages_of(fold):
        made = _statements(language, language.spell(fold))
        standing = [statement for statement in made if statement.stands]
        if standing:
            sentences = tuple(dict.fromkeys(statement.sentence for statement in standing))[:MOST]
            return DangerReading(f"{language.code}, {standing[0].words}", denied=False, sentences=sentences)
        denied = denied or bool(made)
    return DangerReading(None, denied, only_denied=denied and len(fold) <= SHORT)
