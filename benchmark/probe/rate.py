"""``abstain``: does the rating of what is known rise with what is known, and part nothing from everything?"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import dspy

from benchmark.probe.items import Person, people
from benchmark.probe.steps import Count, Outcome, Step
from modules import RAISE, AgentSettings
from modules.abstention import HIGHEST
from modules.calls import Call, Script, Unreadable, run
from modules.paths import as_examples
from signatures import ATTRIBUTE_NAMES, Conversation, parse_attribute

LEVELS = (0, 1, 3, len(ATTRIBUTE_NAMES))
"""How many facts are known."""
FUSED = 2
"""People with whom ``fused`` is probed, which matters only where ``scale`` fails."""


def steps(program: RAISE) -> Iterator[Step]:
    """One step a person for ``scale``; one for each of the first for ``fused``, which is uncompiled then."""
    fused = RAISE(settings=AgentSettings(abstention="fused"))
    for name, agent, chosen in (("abstain", program, people()), ("fused", fused, people()[:FUSED])):
        for person in chosen:
            about = [LEVELS, person.model_dump(mode="json")]
            yield Step(name, about, partial(_put, agent, person))


def _put(program: RAISE, person: Person) -> Outcome:
    """The person's question rated at each level."""
    replies = [run(_rate(program, person, count)) for count in LEVELS]
    ratings = [_rating(reply) for reply in replies]
    pairs = [(low, high) for low, high in pairwise(ratings) if low is not None and high is not None]
    marks: dict[str, Count] = {
        "readable": (sum(rating is not None for rating in ratings), len(ratings)),
        "monotone": (sum(low <= high for low, high in pairs), len(pairs)),
        **{separates(threshold): _parted(ratings, threshold) for threshold in range(1, HIGHEST + 1)},
    }
    if program.settings.abstention == "fused":
        marks["valid"] = _count_valid(replies[:-1], person)
    wrong = f"{person.name}: rated {_spoken(ratings)} with {', '.join(map(str, LEVELS))} facts known"
    fine = marks["readable"][0] == len(ratings) and marks["monotone"][0] == len(pairs)
    return Outcome(marks=marks, wrong=() if fine else (wrong,))


def separates(threshold: int) -> str:
    """The measure of whether a threshold parts nothing known from all known."""
    return f"parts at {threshold}"


def _rate(program: RAISE, person: Person, count: int) -> Script[dspy.Prediction | None]:
    """The reply to what is known at one level; None if it cannot be read."""
    conversation = Conversation(query=person.query, context=person.known(count))
    shown = conversation.prompt_inputs()
    if program.settings.abstention == "fused":
        shown |= {"examples": as_examples(()), "candidates": ", ".join(candidates(person, count))}
    try:
        reply: dspy.Prediction = yield Call(program.abstain, shown)
    except Unreadable:
        return None
    return reply


def candidates(person: Person, count: int) -> list[str]:
    """What could still be asked once ``count`` facts are known, in the order of the catalogue."""
    known = person.known(count)
    return [name for name in ATTRIBUTE_NAMES if not known.knows(name)]


def _rating(reply: dspy.Prediction | None) -> int | None:
    return reply.completeness if reply is not None and reply.completeness in range(HIGHEST + 1) else None


def _parted(ratings: Sequence[int | None], threshold: int) -> Count:
    """Whether the agent would ask with nothing known, and answer with all of it known."""
    nothing, everything = ratings[0], ratings[-1]
    return (nothing is not None and nothing < threshold) + (everything is not None and everything >= threshold), 2


def _count_valid(replies: Sequence[dspy.Prediction | None], person: Person) -> Count:
    """Replies that name a candidate."""
    named = [
        reply is not None and parse_attribute(str(reply.attribute), candidates(person, count)) is not None
        for reply, count in zip(replies, LEVELS, strict=False)
    ]
    return sum(named), len(named)


def _spoken(ratings: Sequence[int | None]) -> str:
    return ", ".join("nothing readable" if rating is None else str(rating) for rating in ratings)
