"""``read``: does the model take from an answer what was said, and nothing else; and what of that becomes known?"""

from collections.abc import Iterator, Mapping
from functools import partial

from benchmark.evaluation.fidelity import agree
from benchmark.probe.items import Answer, answers
from benchmark.probe.steps import Count, Outcome, Step, one, shorten
from modules import RAISE
from modules.answers import facts_in
from modules.calls import Call, Script, Unreadable, run
from signatures import Ask, Conversation, current_vocabulary

QUERY = "What should I do?"
"""What the person first asked; a reader does not see it."""


def steps(program: RAISE) -> Iterator[Step]:
    """One step an answer."""
    for item in answers():
        yield Step("read", item.model_dump(mode="json"), partial(_put, program, item))


def _put(program: RAISE, item: Answer) -> Outcome:
    """The model's own reading, then the agent's of the same reply, which the store has."""
    try:
        raw, readable = run(_read(program, item)), True
    except Unreadable:
        raw, readable = {}, False
    ask = Ask(attribute=item.asked, question=item.question)
    known = program.hear(Conversation(query=QUERY), item.answer, ask).turns[-1].heard
    marks: dict[str, Count] = {"readable": one(readable)}
    for kind, facts in (("said", raw), ("known", known)):
        right = sum(is_right(item, name, value) for name, value in facts.items())
        marks[f"{kind} precision"] = right, sum(name in item.truth or is_invented(item, name) for name in facts)
        marks[f"{kind} recall"] = right, len(item.truth)
        marks[f"{kind} invented"] = sum(is_invented(item, name) for name in facts), len(facts)
    return Outcome(marks=marks, wrong=tuple(_wrong(item, raw, known)))


def _read(program: RAISE, item: Answer) -> Script[dict[str, str]]:
    """What the model reads, before anything is checked."""
    shown = {"question": item.question, "answer": item.answer, "attributes": current_vocabulary().meanings}
    reply = yield Call(program.read, shown)
    return facts_in(reply.facts, item.answer)


def is_right(item: Answer, name: str, value: str) -> bool:
    """Whether the answer says that."""
    return any(agree(value, accepted) for accepted in item.truth.get(name, ()))


def is_invented(item: Answer, name: str) -> bool:
    """Whether the answer says nothing about that attribute."""
    return name not in item.truth and name not in item.may


def _wrong(item: Answer, raw: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    answer = shorten(item.answer, 60)
    for name, value in raw.items():
        if not is_right(item, name, value) and name not in item.may:
            kind = "invented" if is_invented(item, name) else "misread"
            fate = "known" if name in known else "dropped"
            yield f"{answer!r}: {kind} {name} {shorten(value, 40)!r} ({fate})"
    for name in item.truth:
        if name not in known:
            yield f"{answer!r}: missed {name}"
