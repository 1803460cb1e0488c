"""The stand-ins' sense of topic: what a question's words tell of what matters, however little they tell.

A topic is recognized by words alone: by those that its own questions hold, by the subjects they speak of ("gambling"),
and by the words of its field of life. The first decide where a question is known; the others remain where it is not,
and then several topics of a field share the weight. Words that tell nothing leave the question without a topic; then
every attribute matters as it does on average.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from functools import cache, lru_cache

from lms.simulation.lexicon import ATTRIBUTES, DOMAIN_WORDS, HARMLESS, Concept, concept_of
from lms.simulation.tables import read_table

STEM = 6
"""Letters of a word that count."""
NO_TOPIC = 3.0
"""Evidence that a topic must have before it is likelier than none."""
A_STEM, A_SUBJECT = 0.5, 0.6
"""What evidence of words and of subjects counts for. Less than 1, since they come together (``experiments.topics``)."""
A_FIELD_WORD, FIELD_WORDS = 0.7, 3
"""Evidence of each word of a field of life for each of its topics, and how many count."""
NOTHING = 1e-9
"""Evidence up to which the words of a question say nothing for a topic: what is left of numbers that cancel out."""
IDLE = 0.12
"""What is left of how much anything matters when the question is small talk."""
_WORD = re.compile(r"[a-z0-9$%]+")
_PLAIN_WORDS = (
    "a an the to of in on at for and or but is are was were be been am i im ive id my me you your it its this that "
    "they them he she we our us so if do does did don dont not no any with as by from have has had can could would "
    "should will just how what when where who why which than then there their about into out up s t m d ll re ve"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())


@lru_cache(maxsize=8192)
def word_stems(text: str) -> frozenset[str]:
    """The stems of the words of ``text`` that are not in every sentence."""
    return frozenset(word[:STEM] for word in _WORD.findall(text.lower()) if word not in _PLAIN)


@cache
def _subjects() -> dict[str, tuple[str, ...]]:
    """Word stem -> the subjects that it speaks of."""
    found: dict[str, set[str]] = defaultdict(set)
    for subject, words in read_table("subjects").items():
        for stem in word_stems(words):
            found[stem].add(subject)
    return {stem: tuple(sorted(subjects)) for stem, subjects in found.items()}


def subjects_of(text: str) -> frozenset[str]:
    """The subjects of which the words of ``text`` speak."""
    return frozenset(subject for stem in word_stems(text) for subject in _subjects().get(stem, ()))


@dataclass(frozen=True)
class Topic:
    """Questions in which alike things matter.

    Attributes:
        field: of life.
        evidence: word stem -> how strongly it speaks for the topic, in nats.
        subjects: subject -> how strongly it speaks for the topic or, below 0, against it, in nats.
        tilt: attribute -> how many times as much it matters as on average.
        stakes: attribute -> value -> share of raters who say that it raises the stakes.
    """

    name: str
    field: str
    evidence: Mapping[str, float]
    tilt: Mapping[str, float]
    stakes: Mapping[str, Mapping[str, float]]
    subjects: Mapping[str, float] = made(default_factory=dict)
    raised: Mapping[str, Mapping[Concept, float]] = made(init=False, compare=False)

    def __post_init__(self) -> None:
        raised: dict[str, dict[Concept, float]] = {}
        for attribute, values in self.stakes.items():
            found: dict[Concept, float] = defaultdict(float)
            for value, share in values.items():
                if concept := concept_of(attribute, value):
                    found[concept] = max(found[concept], share)
            raised[attribute] = dict(found)
        object.__setattr__(self, "raised", raised)


class Sense:
    """Recognizes topics.

    Args:
        topics: all that there are.
    """

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics = tuple(topics)
        self._telling: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, topic in enumerate(self.topics):
            for word, strength in topic.evidence.items():
                self._telling[word].append((number, strength))

    @lru_cache(maxsize=8192)  # noqa: B019  there is one for the whole process
    def weigh(self, query: str) -> tuple[float, ...]:
        """How likely each topic is, in [0, 1]; together at most 1, the rest is for no topic."""
        told: list[list[float]] = [[] for _ in self.topics]
        for word in word_stems(query):
            for number, strength in self._telling.get(word, ()):
                told[number].append(A_STEM * strength)
        spoken_of = subjects_of(query)
        fields = {name: min(FIELD_WORDS, len(words.findall(query))) for name, words in DOMAIN_WORDS.items()}
        for number, topic in enumerate(self.topics):
            told[number] += [A_SUBJECT * topic.subjects.get(subject, 0.0) for subject in spoken_of]
            told[number].append(A_FIELD_WORD * fields[topic.field])
        # words come in another order in each process: a plain sum of what cancels out is 0 in one and not in the next
        score = [math.fsum(each) for each in told]
        # a topic without a word for it is as likely as any other: what speaks for nothing shall not add up
        odds = [math.exp(each - NO_TOPIC) if each > NOTHING else 0.0 for each in score]
        whole = 1.0 + sum(odds)
        return tuple(o / whole for o in odds)

    @lru_cache(maxsize=8192)  # noqa: B019
    def certainty(self, query: str) -> float:
        """How likely the likeliest topic is, in [0, 1]; of small talk it is certain that little matters."""
        return 1.0 if HARMLESS.search(query) else max(self.weigh(query), default=0.0)

    @lru_cache(maxsize=8192)  # noqa: B019
    def matters(self, query: str) -> dict[str, float]:
        """Attribute -> how many times as much it matters for ``query`` as on average.

        Where several topics are likely it is the geometric mean: where they disagree, nothing matters much more.
        """
        if HARMLESS.search(query):
            return dict.fromkeys(ATTRIBUTES, IDLE)
        weights = self.weigh(query)
        likely = [(w, t) for w, t in zip(weights, self.topics, strict=True) if w > 0.01]
        return {a: math.prod(t.tilt[a] ** w for w, t in likely) for a in ATTRIBUTES}

    @lru_cache(maxsize=32768)  # noqa: B019
    def raises(self, query: str, concept: Concept) -> float:
        """Share of raters, 0 to 1, who would say that this kind of value raises the stakes for ``query``."""
        weights = self.weigh(query)
        shares = [t.raised.get(concept.attribute, {}).get(concept, 0.0) for t in self.topics]
        known = sum(w * share for w, share in zip(weights, shares, strict=True))
        return known + (1 - sum(weights)) * sum(shares) / max(1, len(shares))


@cache
def sense() -> Sense:
    """The sense of topic that all stand-ins share; each uses it as sharply as it can."""
    return Sense([_topic(**entry) for entry in read_table("topics").get("topic", [])])


def _topic(
    *,
    name: str,
    field: str,
    tilt: dict[str, float],
    words: dict[str, str],
    subjects: dict[str, float],
    stakes: dict[str, dict[str, float]] | None = None,
) -> Topic:
    evidence = {word: int(halves) / 2 for halves, told in words.items() for word in told.split()}
    return Topic(name, field, evidence, tilt, stakes or {}, subjects)
