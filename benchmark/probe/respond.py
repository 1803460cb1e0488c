"""``respond``: are the facts that were given taken up, and is nothing stated of the person that nobody said?"""

from collections.abc import Iterator
from functools import partial

from benchmark.probe.items import Person, people
from benchmark.probe.steps import Count, Outcome, Step, one, shorten
from modules import RAISE
from modules.calls import Unreadable, run
from modules.program import generate_response
from modules.reading.inventions import invented
from modules.reading.matching import find
from modules.reading.vocabulary import vocabulary
from signatures import UserContext
from signatures.words import split_words

KNOWN = (0, 5)
"""How many facts are known when the response is written."""


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
    made_up = invented(text, [person.query], known.known())
    marks: dict[str, Count] = {"readable": one(bool(text)), "invents nothing": one(not made_up)}
    used = takes_up(known, text, person.query)
    if count:
        marks["uses"] = one(used)
    reply = f"{person.name}, {count} facts known: {shorten(text)!r}"
    wrong = [f"{reply} states {', '.join(made_up)}"] if made_up else []
    return Outcome(marks=marks, wrong=(*wrong, *([f"{reply} takes up none"] if count and not used else [])))


def takes_up(known: UserContext, text: str, query: str) -> bool:
    """Whether ``text`` has a word of a known fact that tells something and is not the query's own."""
    words, asked = split_words(text), split_words(query)
    return any(
        find([word], words) and not find([word], asked)
        for value in known.known().values()
        for word in vocabulary().content(split_words(value))
    )
