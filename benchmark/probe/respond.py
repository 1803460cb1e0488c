"""``respond``: are the facts that were given taken up, and is nothing stated of the person that nobody said?"""

from collections.abc import Iterator
from functools import partial

import regex

from benchmark.probe.items import Person, people
from benchmark.probe.steps import Count, Outcome, Step, one, shorten
from modules import RAISE
from modules.calls import Unreadable, run
from modules.program import generate_response
from modules.reading.grounds import names_age
from modules.reading.matching import find
from modules.reading.vocabulary import vocabulary
from signatures import ATTRIBUTE_NAMES, UserContext
from signatures.words import Word, fold_letters, split_words

KNOWN = (0, 5)
"""How many facts are known when the response is written."""
FREE = frozenset({"emotional_state"})
"""Attributes that a response may guess: "you sound worried" is empathy."""
WITHIN = 4
"""Words behind "you are" and the like among which a statement about the person is looked for."""
_SENTENCE = regex.compile(r"(?<=\p{Sentence_Terminal})\s+|\n+")
_SUPPOSES = regex.compile(r"\b(?:if|whether|unless|should you|wenn|falls|ob|si)\b|\?\s*$|如果|假如")
_OF_YOU = regex.compile(
    r"\b(?:you are|you're|you were|as an?|being an?|sie sind|du bist|als|vous etes|tu es|en tant que|usted es|eres"
    r"|como)\b|[您你]是|作为"
)


def steps(program: RAISE) -> Iterator[Step]:
    """One step a person and level."""
    for person in people():
        for count in KNOWN:
            yield Step("respond", [count, person.model_dump(mode="json")], partial(_put, program, person, count))


def _put(program: RAISE, person: Person, count: int) -> Outcome:
    known = person.known(count)
    try:
        text = run(generate_response(program.respond, person.query, known))
    except Unreadable:
        return Outcome(marks={"readable": (0, 1)}, wrong=(f"{person.name}: nothing readable",))
    said_before = " ".join([person.query, *known.known().values()])
    invented = [name for name in ATTRIBUTE_NAMES if not known.knows(name) and states(name, text, said_before)]
    marks: dict[str, Count] = {"readable": one(bool(text)), "invents nothing": one(not invented)}
    used = takes_up(known, text, person.query)
    if count:
        marks["uses"] = one(used)
    reply = f"{person.name}, {count} facts known: {shorten(text)!r}"
    wrong = [f"{reply} states {', '.join(invented)}"] if invented else []
    return Outcome(marks=marks, wrong=(*wrong, *([f"{reply} takes up none"] if count and not used else [])))


def takes_up(known: UserContext, text: str, query: str) -> bool:
    """Whether ``text`` has a word of a known fact that tells something and is not the query's own."""
    words, asked = split_words(text), split_words(query)
    return any(
        find([word], words) and not find([word], asked)
        for value in known.known().values()
        for word in vocabulary().content(split_words(value))
    )


def states(attribute: str, text: str, said: str) -> bool:
    """Whether ``text`` tells the person something about themselves that is not in ``said``, their own words."""
    if attribute in FREE:
        return False
    before = split_words(said)
    return any(_names(attribute, words, before) for sentence in _SENTENCE.split(text) for words in _of_you(sentence))


def _of_you(sentence: str) -> Iterator[tuple[Word, ...]]:
    """The words behind each "you are" of a sentence that supposes nothing."""
    folded = fold_letters(sentence)
    if not _SUPPOSES.search(folded):
        for found in _OF_YOU.finditer(folded):
            yield split_words(folded[found.end() :])[:WITHIN]


def _names(attribute: str, words: tuple[Word, ...], before: tuple[Word, ...]) -> bool:
    if attribute == "age" and names_age(" ".join(word.text for word in words)):
        return True
    values = vocabulary().subjects[attribute].values
    return any(find(phrase, words, gap=0) and not find(phrase, before, gap=0) for phrase in values)
