"""``plan`` and ``ask``: does the model choose among what can be asked, and is its question about what was chosen?"""

from collections.abc import Iterator
from functools import partial

from benchmark.probe.items import Person, people
from benchmark.probe.rate import candidates
from benchmark.probe.steps import Outcome, Step, one, shorten
from modules import RAISE
from modules.calls import Call, Script, Unreadable, run
from modules.paths import as_examples
from modules.reading.questions import fault_of
from signatures import ATTRIBUTES, Attribute, Conversation, parse_attribute

KNOWN = (0, 3)
"""How many facts are known when the next attribute is chosen."""


def steps(program: RAISE) -> Iterator[Step]:
    """A choice for each person and level; a question about each attribute, the people in turn."""
    for person in people():
        for count in KNOWN:
            about = [count, person.model_dump(mode="json")]
            yield Step("plan", about, partial(_choose, program, person, count))
    for place, attribute in enumerate(ATTRIBUTES):
        person = people()[place % len(people())]
        about = [attribute.name, person.model_dump(mode="json")]
        yield Step("ask", about, partial(_phrase, program, person, attribute))


def _choose(program: RAISE, person: Person, count: int) -> Outcome:
    allowed = candidates(person, count)
    try:
        said, readable = run(_plan(program, person, count, allowed)), True
    except Unreadable as unreadable:
        said, readable = unreadable.text, False
    valid = readable and parse_attribute(said, allowed) is not None
    wrong = () if valid else (f"{person.name}, {count} facts known: chose {shorten(said, 60)!r}",)
    return Outcome(marks={"readable": one(readable), "valid": one(valid)}, wrong=wrong)


def _plan(program: RAISE, person: Person, count: int, allowed: list[str]) -> Script[str]:
    conversation = Conversation(query=person.query, context=person.known(count))
    shown = {**conversation.prompt_inputs(), "examples": as_examples(()), "candidates": ", ".join(allowed)}
    reply = yield Call(program.plan, shown)
    return str(reply.attribute)


def _phrase(program: RAISE, person: Person, attribute: Attribute) -> Outcome:
    try:
        question, readable = run(_ask(program, person, attribute)), True
    except Unreadable as unreadable:
        question, readable = unreadable.text, False
    fault = fault_of(question, attribute.name, person.query) if readable else "unreadable"
    wrong = (f"about {attribute.label}: {shorten(question)!r} ({fault})",) if fault else ()
    return Outcome(marks={"readable": one(readable), "on target": one(fault is None)}, wrong=wrong)


def _ask(program: RAISE, person: Person, attribute: Attribute) -> Script[str]:
    shown = {**Conversation(query=person.query).prompt_inputs(), "subject": attribute.subject}
    reply = yield Call(program.ask, shown)
    return str(reply.question).strip()
