"""What a program must not tell about the people that it was compiled on.

Instructions are read by a model in every conversation to come, and programs are passed on. So no instruction may hold
what one train or dev scenario says and others do not; demonstrations may hold what the conversations say that they were
chosen from, and nothing of anybody else. Conversations of real people (``reddit``, ``hub``) are no demonstrations
unless somebody allowed it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import dspy
import regex

from benchmark import Scenario
from signatures import RaiseError, current_vocabulary
from signatures.words import WORD, Word, join_words, split_words

PRIVATE_SOURCES = ("reddit", "hub")
"""Sources whose scenarios may be of real people."""
WORDS = 5
"""Length of a run of words that is nobody's figure of speech; of characters where a script has no spaces, as many as
say as much (``signatures.words``): eight Chinese ones, ten of Korean, fourteen of kana."""
COMMON = 2
"""A run of words of more situations than this is common speech."""
VALUES = 3
"""So many attribute values of one person in one sentence describe that person."""
_SENTENCE = regex.compile(r"(?<=[.!?;])\s+|(?<=[\p{Sentence_Terminal}\u061b\uff1b--[.!?]])\s*|\n+", regex.V1)
"""Where sentences end; full stops other than ours need no space after them."""
_TELLS_NOTHING = frozenset({"none", "no", "unknown"})

Gram = tuple[str, ...]


class _Value(NamedTuple):
    """An attribute's value: its words between blanks, and what they are worth."""

    attribute: str
    spaced: str
    worth: int


@dataclass(frozen=True)
class Leak:
    """A personal detail found.

    Attributes:
        words: as found, in lower case.
        scenario: id of the scenario that it is from.
        place: where it was found, e.g. ``respond: instructions``; empty if a bare text was looked at.
    """

    words: str
    scenario: str
    place: str = ""


class LeakGuard:
    """Knows the personal details of scenarios.

    Args:
        scenarios: whose details are looked for.
        public: texts whose words are nobody's, such as the instructions of the uncompiled program.
    """

    def __init__(self, scenarios: Iterable[Scenario], public: Iterable[str] = ()) -> None:
        self._people = {scenario.id: scenario for scenario in scenarios}
        self._values = {name: list(_short_values(scenario)) for name, scenario in self._people.items()}
        self._known: dict[tuple[str, frozenset[str]], list[Leak]] = {}
        self._owners: dict[Gram, list[str]] = defaultdict(list)
        situations: dict[Gram, set[str]] = defaultdict(set)
        for scenario in self._people.values():
            for gram in _own_words(scenario):
                self._owners[gram].append(scenario.id)
                situations[gram].add(scenario.situation)
        free = {gram for text in public for gram in _grams(split_words(text))}
        for gram, of in situations.items():
            if gram in free or len(of) > COMMON:
                del self._owners[gram]

    def leaked(self, text: str, allowed: Collection[str] = ()) -> list[Leak]:
        """Personal details in ``text``, at most one a scenario.

        Args:
            allowed: ids of scenarios that the text may be about; what they say as well is nobody's secret.
        """
        key = (text, frozenset(allowed))  # many candidates share their demonstrations
        if key not in self._known:
            self._known[key] = list(self._look(text, allowed).values())
        return list(self._known[key])

    def _look(self, text: str, allowed: Collection[str]) -> dict[str, Leak]:
        found: dict[str, Leak] = {}
        for gram in _grams(split_words(text)):
            owners = self._owners.get(gram, [])
            if not any(owner in allowed for owner in owners):
                for owner in owners:
                    found.setdefault(owner, Leak(join_words(gram), owner))
        for sentence in _SENTENCE.split(text):
            for leak in self._described(sentence, allowed):
                found.setdefault(leak.scenario, leak)
        return found

    def _described(self, sentence: str, allowed: Collection[str]) -> Iterator[Leak]:
        words = _spaced(split_words(sentence))
        for scenario, values in self._values.items():
            met = [value for value in values if value.spaced in words]
            if scenario in allowed or len(met) < VALUES:
                continue
            demographic = current_vocabulary().demographic
            if any(value.attribute in demographic for value in met) and any(value.worth >= 2 * WORD for value in met):
                yield Leak(", ".join(join_words(value.spaced.split()) for value in met), scenario)

    def leaks_of(self, program: dspy.Module, shown: Collection[str] = ()) -> list[Leak]:
        """Personal details in a program's prompts.

        Args:
            shown: ids of the scenarios that demonstrations were chosen from on purpose; they count in demonstrations
                alone, never in instructions.
        """
        leaks = []
        for name, predictor in program.named_predictors():
            texts: list[tuple[str, str, Collection[str]]] = [
                ("instructions", str(predictor.signature.instructions), ()),
                *((f"demonstration {i}", demo_text(demo), shown) for i, demo in enumerate(predictor.demos, 1)),
            ]
            for place, text, allowed in texts:
                leaks += [Leak(leak.words, leak.scenario, f"{name}: {place}") for leak in self.leaked(text, allowed)]
        return leaks


def leaked(text: str, scenarios: Iterable[Scenario], allowed: Collection[str] = ()) -> list[Leak]:
    """Personal details of ``scenarios`` in ``text``; see ``LeakGuard``, which is quicker for many texts."""
    return LeakGuard(scenarios).leaked(text, allowed)


def without_private(scenarios: Sequence[Scenario], *, allow: bool = False) -> list[Scenario]:
    """The scenarios that demonstrations may be made of, in order; maybe none.

    Args:
        allow: take those of real people, too (``--allow-private-demos``).
    """
    return [scenario for scenario in scenarios if allow or scenario.source not in PRIVATE_SOURCES]


def refuse_private(scenarios: Sequence[Scenario], *, allow: bool = False) -> list[Scenario]:
    """``without_private``, where nothing can be done without scenarios.

    Raises:
        RaiseError: if there are scenarios, and none may be taken.
    """
    public = without_private(scenarios, allow=allow)
    if scenarios and not public:
        raise RaiseError(
            f"all train scenarios are of real people ({' or '.join(PRIVATE_SOURCES)}), and a program with their "
            "conversations as demonstrations gives them away: pass --allow-private-demos, or use an optimizer without "
            "demonstrations (copro, gepa)."
        )
    return public


def demo_text(demo: Mapping[str, Any]) -> str:
    """All that a demonstration says."""
    return "\n".join(str(value) for name, value in dict(demo).items() if name != "augmented")


def _spaced(words: Sequence[Word]) -> str:
    return f" {' '.join(word.text for word in words)} "


def _grams(words: Sequence[Word]) -> Iterator[Gram]:
    """From each word on, the shortest run that is worth ``WORDS`` words."""
    end = worth = 0
    for start, first in enumerate(words):
        while worth < WORDS * WORD and end < len(words):
            worth += words[end].worth
            end += 1
        if worth < WORDS * WORD:
            return
        yield tuple(word.text for word in words[start:end])
        worth -= first.worth


def _short_values(scenario: Scenario) -> Iterator[_Value]:
    """Values as ``_described`` looks for them; a single character tells nothing and is part of many words."""
    for name, raw in scenario.profile.known().items():
        words = split_words(raw)
        value = _Value(name, _spaced(words), sum(word.worth for word in words))
        if value.worth >= WORD and value.spaced.strip() not in _TELLS_NOTHING:
            yield value


def _own_words(scenario: Scenario) -> set[Gram]:
    texts = [scenario.query, *scenario.profile.known().values()]
    return {gram for text in texts for gram in _grams(split_words(text))}
