"""What knowing something about a person is worth for a question: by its topic, and by the value."""

import math
from functools import cache, lru_cache
from statistics import fmean

from lms.simulation.lexicon import CONCEPTS, HARMLESS, TYPICAL_WEIGHT, Concept, average_weights
from lms.simulation.own import NAMED, own_attributes, spoken_of
from lms.simulation.topics import IDLE, sense
from signatures import Vocabulary, current_vocabulary

PLAIN, RAISED = 0.08, 2.2
"""What is left of the worth of a value that no rater says raises the stakes, and what is added if all say so."""
BY_VALUE = 1.8
"""How sharply values of an attribute differ in worth."""
OF_ONES_OWN = 5.0
"""What a value of an attribute of one's own counts for, against the average: like a value that raises the stakes, since
nobody has rated it and whoever wrote the vocabulary holds it to matter."""
SURE = 0.5
"""Share of the likeliest topic from which what matters is what matters there; below, also what matters anywhere."""
ANYWHERE, UNREAD = 8.0, 0.5
"""Worth of a value for any question, where its concept weighs 1; and what one without a concept weighs."""
_FEELINGS = tuple(c for c in CONCEPTS if c.attribute == "emotional_state" and c.weight > 0.5)


def worth(query: str, attribute: str, concept: Concept | None, acuity: float = 1.0) -> float:
    """What knowing this kind of value is worth for an answer to ``query``, on the scale of the average weights.

    Args:
        concept: the kind of value; None for one that no concept covers: of the ten it is worth as much as one without
            a danger, of an attribute of one's own more.
        acuity: how sharply the topic is sensed: 0 not at all, 1 as the judge does.
    """
    general = expected_worth(query, acuity)[attribute]
    if attribute not in TYPICAL_WEIGHT:
        return general * OF_ONES_OWN
    if concept is None:
        here = general * _unread_value(attribute)
    else:
        value = float((concept.weight / TYPICAL_WEIGHT[attribute]) ** BY_VALUE)
        here = general * value * (PLAIN + RAISED * sense().raises(query, concept))
    sure = min(1.0, sense().certainty(query) / SURE)
    anywhere = ANYWHERE * (concept.weight if concept else UNREAD) ** 2
    return float(here**sure * anywhere ** (1 - sure))


@cache
def _unread_value(attribute: str) -> float:
    """What is left of an attribute's worth for a value that no concept covers: as for one without a danger."""
    own = [c for c in CONCEPTS if c.attribute == attribute and not c.danger]
    if not own:
        return 1.0
    return PLAIN + RAISED * fmean(topic.raised.get(attribute, {}).get(c, 0.0) for c in own for topic in sense().topics)


def expected_worth(query: str, acuity: float = 1.0) -> dict[str, float]:
    """Attribute -> what knowing it is worth for an answer to ``query`` before its value is known."""
    return _expected_worth(query, acuity, current_vocabulary())


@lru_cache(maxsize=8192)
def _expected_worth(query: str, acuity: float, vocabulary: Vocabulary) -> dict[str, float]:
    tilts = _tilts(query, vocabulary)
    return {name: average * tilts[name] ** acuity for name, average in average_weights().items()}


def forget_worths() -> None:
    """Forget what was worked out, after the average weights have changed."""
    _expected_worth.cache_clear()


def tilts_of(query: str) -> dict[str, float]:
    """Attribute of the vocabulary -> how many times as much it matters for ``query`` as on average.

    Nobody has rated attributes of one's own; they matter more where the question speaks of them.
    """
    return _tilts(query, current_vocabulary())


@lru_cache(maxsize=8192)
def _tilts(query: str, vocabulary: Vocabulary) -> dict[str, float]:
    other = IDLE if HARMLESS.search(query) else 1.0
    tilts = dict.fromkeys(vocabulary.names, other) | sense().matters(query)
    named = {own.name: NAMED for own in own_attributes() if spoken_of(own, query)}
    return {name: tilts[name] * named.get(name, 1.0) for name in vocabulary.names}


@lru_cache(maxsize=8192)
def shown_feeling(query: str) -> Concept | None:
    """The feeling that the words of a question show, or None if they show none."""
    return next((concept for concept in _FEELINGS if concept.words.search(query)), None)


def saturate(amount: float, speed: float) -> float:
    """Diminishing returns: 0 for nothing, towards 1 the more there is."""
    return 1 - math.exp(-speed * amount)
