"""Checks that each fact which a model read rests on words that the person said, and can be about that attribute.

Nothing is known that was not said: a value with a word that the answer lacks gives way to the words it rests on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import regex

from modules.reading.matching import find
from modules.reading.oneself import is_of_oneself
from modules.reading.statements import Clause, Found, Statements, trimmed
from modules.reading.vocabulary import vocabulary
from signatures.words import Word, fold_letters, split_words

CLOSED = ("age", "gender", "marital_status")
"""Attributes whose values are few: their words alone say nothing about another attribute."""
NOT_YES_OR_NO = frozenset({"age", "gender", "education_level"})
"""Attributes about which "yes" and "no" tell nothing."""
AFTER = 1
"""Words behind a statement among which a denial still counts: German says "ich rauche nicht"."""
MOST_QUOTED = 300
"""Characters of a fact that are kept."""
_AGES = range(5, 121)
NUMBER = regex.compile(r"(?<![\d.,$€£])\d{1,3}(?!\d|[.,]\d)")
_DECADE = regex.compile(r"\d0(?:'?s|er)\b|\d0(?:多岁|后)")
_SENTENCE = regex.compile(r"(?<=\p{Sentence_Terminal})\s*")
_QUESTION = regex.compile(r"[?\uff1f\u061f]\s*$")
ALONE = frozenset("none never nothing keine nie nichts jamais rien aucun nunca nada ninguna".split())  # noqa: SIM905


@dataclass(frozen=True)
class Grounded:
    """What stands of a model's reading.

    Attributes:
        facts: attribute -> value, each resting on words of the answer.
        dropped: attributes of the facts that do not.
    """

    facts: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def ground(
    facts: Mapping[str, str], quotes: Mapping[str, object], said: Statements, asked: str | None, question: str = ""
) -> Grounded:
    """The facts that rest on what was said.

    Args:
        facts: attribute -> value, as the model read them.
        quotes: attribute -> words of the answer, as the model copied them; without any, the value must be such words.
        said: the answer.
        asked: the attribute that ``question`` was about.
    """
    reading, kept = _Reading(said, asked, question), dict[str, str]()
    for name, value in facts.items():
        quote = trimmed(str(quotes.get(name) or ""))[:MOST_QUOTED]
        held = next((words for words in (quote, value) if said.find(words)), "")
        if held and (stated := reading.stated(name, value, held)):
            kept[name] = stated
    return Grounded(kept, tuple(name for name in facts if name not in kept))


@dataclass(frozen=True)
class _Reading:
    """One answer, and what it was to."""

    said: Statements
    asked: str | None
    question: str

    def stated(self, name: str, value: str, held: str) -> str:
        """What was said about ``name`` in the words ``held``: the value, or what it rests on; empty if nothing."""
        found, words, asked = self.said.find(held), split_words(held), name == self.asked
        if found is None:
            return ""
        if asked and is_yes_or_no(words):
            return answer_to(self.question, held) if carries_yes_or_no(name, self.question) else ""
        if not (_can_answer(name, words) if asked else _speaks_of(name, value, words, self.said)):
            return ""
        whole = trimmed(found.clause.text)[:MOST_QUOTED]
        if found.clause.about_somebody_else(self._place(value, found)) or not self._is_of_oneself(name, value, found):
            return whole if asked else ""
        stated = value if self.said.hold(value) and _shares(value, words) else held
        return whole if found.clause.denies(found.end + AFTER) and not Clause(stated).denies() else stated

    def _is_of_oneself(self, name: str, value: str, found: Found) -> bool:
        """Whether a value of ``name`` in the quote is said of the speaker."""
        if name == "age":  # looked for as "I'm 30" before
            return True
        words = found.clause.words
        spans = [
            span for phrase in vocabulary().subjects[name].by_value.near(words) if (span := find(phrase, words, gap=0))
        ]
        spans = [(start, end) for start, end in spans if start < found.end and end > found.place]
        place = self._place(value, found)
        return any(is_of_oneself(name, found.clause, *span) for span in spans or [(place, place + 1)])

    def _place(self, value: str, found: Found) -> int:
        """Where in the clause the value is said, since a quote may begin with the one whom it is about."""
        place = self.said.find(value)
        return place.place if place and place.clause is found.clause else max(found.place, found.end - 1)


def _can_answer(name: str, words: tuple[Word, ...]) -> bool:
    """Whether the words can answer a question about ``name``; an age has a number, others are not all about one."""
    if name == "age":
        return names_age(" ".join(word.text for word in words))
    known = vocabulary()
    content = {i for i, word in enumerate(words) if word.text not in known.words["empty"]}
    others = {i for i, word in enumerate(words) if word.text.isdigit()}
    for other in CLOSED:
        if other != name and other in known.subjects:
            subject = known.subjects[other]
            others |= known.covered((*subject.values, *subject.about), words)
    return bool(content - others) or known.speaks_of(name, words)


def _speaks_of(name: str, value: str, words: tuple[Word, ...], said: Statements) -> bool:
    """Whether the words speak of ``name``, unasked, and say that value."""
    known = vocabulary()
    if name == "age":
        digits = {word.text for word in words if word.text.isdigit()}
        if digits:
            return bool(digits & _stated_ages(said)) and _shares(value, words)
        return names_age(" ".join(word.text for word in words)) and _shares(value, words)
    if not known.speaks_of(name, words):
        return False
    claimed = split_words(value)
    named = known.covered(known.subjects[name].about, claimed)
    telling = [word for i, word in enumerate(claimed) if i not in named]
    told = said.hold(value) and _shares(value, words)
    return told or _share(telling, words) or known.alike(claimed, words)


def _shares(value: str, words: tuple[Word, ...]) -> bool:
    """Whether value and words have a word in common that tells something."""
    return _share(split_words(value), words)


def _share(some: Sequence[Word], words: tuple[Word, ...]) -> bool:
    return any(find([word], words) for word in vocabulary().content(some))


def names_age(folded: str) -> bool:
    """Whether a number or a word that can be an age is in ``folded``, counting nothing else."""
    known = vocabulary()
    for number in NUMBER.finditer(folded):
        if int(number[0]) in _AGES and not known.patterns["counted"].match(folded[number.end() :]):
            return True
    words = split_words(folded)
    return bool(known.patterns["age_words"].search(folded) or known.covered(known.subjects["age"].values, words))


def _stated_ages(said: Statements) -> set[str]:
    """Numbers that are said to be an age, or stand between two stops."""
    text = fold_letters(" ".join(clause.text for clause in said.clauses))
    found = vocabulary().patterns["age_stated"].finditer(text)
    alone = {clause.words[0].text for clause in said.clauses if len(clause.words) == 1}
    return alone | {number for match in found for number in match.groups() if number}


def is_yes_or_no(words: tuple[Word, ...]) -> bool:
    """Whether ``words`` tell nothing but yes or no."""
    known = vocabulary().words
    content = vocabulary().content(words)
    return bool(content) and all(word.text in known["yes"] or word.text in known["no"] for word in content)


def carries_yes_or_no(name: str, question: str) -> bool:
    """Whether yes or no to ``question`` tells something about ``name``: not to one that only asks for leave."""
    asked = fold_letters(question_in(question))
    return name not in NOT_YES_OR_NO and not vocabulary().patterns["asks_leave"].search(asked)


def question_in(text: str) -> str:
    """The first sentence of ``text`` that is a question; all of it if none is."""
    return next((part for part in _SENTENCE.split(text) if _QUESTION.search(part)), text).strip()


def answer_to(question: str, answer: str) -> str:
    """A yes or no as a fact, which says something only beside its question; "none" says it alone: "I'd say none"."""
    asked, stated = " ".join(question_in(question).split()), trimmed(answer)
    telling = [word.text for word in vocabulary().content(split_words(stated))]
    if len(telling) == 1 and telling[0] in ALONE:
        return stated if fold_letters(stated) in ALONE else telling[0]
    return f'{stated} (asked: "{asked}")'[:MOST_QUOTED] if asked else stated


def disagree(name: str, one: str, other: str) -> bool:
    """Whether two values of ``name`` exclude one another; in doubt they do not."""
    known = vocabulary()
    first, second = split_words(one), split_words(other)
    if name == "age":
        return _apart(_span(one), _span(other))
    if name == "self_harm_history":
        return Clause(one).denies() != Clause(other).denies()
    if Clause(one).denies() or Clause(other).denies():
        return False
    sides = [
        ({i for i, group in enumerate(known.subjects[name].opposed) if known.covered(group, words)})
        for words in (first, second)
    ]
    return all(len(side) == 1 for side in sides) and sides[0] != sides[1]


def _span(value: str) -> tuple[int, int] | None:
    """Lowest and highest age that ``value`` can mean, in years; None if it has no figures."""
    folded = fold_letters(value)
    ages = [int(number[0]) for number in NUMBER.finditer(folded)]
    if not ages:
        return None
    decade = len(ages) == 1 and _DECADE.search(folded)
    return min(ages), max(ages) + (9 if decade else 0)


def _apart(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return one is not None and other is not None and (one[1] < other[0] or other[1] < one[0])
