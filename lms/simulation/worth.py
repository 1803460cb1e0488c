"""What knowing something about a person is worth for a question: by its topic, and by the value."""

import math
from functools import lru_cache

from lms.simulation.lexicon import AVERAGE_WEIGHT, CONCEPTS, TYPICAL_WEIGHT, Concept
from lms.simulation.topics import sense

PLAIN, RAISED = 0.08, 2.2
"""What is left of the worth of a value that no rater says raises the stakes, and what is added if all say so."""
BY_VALUE = 1.8
"""How sharply values of an attribute differ in worth."""
_FEELINGS = tuple(c for c in CONCEPTS if c.attribute == "emotional_state" and c.weight > 0.5)


@lru_cache(maxsize=65536)
def worth(query: str, attribute: str, concept: Concept | None, acuity: float = 1.0) -> float:
    """What knowing this kind of value is worth for an answer to ``query``, on the scale of the average weights.

    Args:
        concept: the kind of value; None for one without a concept, which is worth the average.
        acuity: how sharply the topic is sensed: 0 not at all, 1 as the judge does.
    """
    general = expected_worth(query, acuity)[attribute]
    if concept is None:
        return general
    value = float((concept.weight / TYPICAL_WEIGHT[attribute]) ** BY_VALUE)
    return general * value * (PLAIN + RAISED * sense().raises(query, concept))


@lru_cache(maxsize=8192)
def expected_worth(query: str, acuity: float = 1.0) -> dict[str, float]:
    """Attribute -> what knowing it is worth for an answer to ``query`` before its value is known."""
    return {name: AVERAGE_WEIGHT[name] * tilt**acuity for name, tilt in sense().matters(query).items()}


@lru_cache(maxsize=8192)
def shown_feeling(query: str) -> Concept | None:
    """The feeling that the words of a question show, or None if they show none."""
    return next((concept for concept in _FEELINGS if concept.words.search(query)), None)


def saturate(amount: float, speed: float) -> float:
    """Diminishing returns: 0 for nothing, towards 1 the more there is."""
    return 1 - math.exp(-speed * amount)
