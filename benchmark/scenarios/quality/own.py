"""Gates on people of a vocabulary of one's own: possible by its file, complete, and in its language."""

from collections.abc import Sequence

from benchmark.scenarios.own import is_held, violations_of
from benchmark.scenarios.quality.gate import Gate, people, queries, rules
from benchmark.scenarios.scenario import Scenario
from modules.languages.detection import UNKNOWN, language_of
from signatures import Vocabulary


def own_people_gates(scenarios: Sequence[Scenario], vocabulary: Vocabulary) -> list[Gate]:
    """The gates on people."""
    persons = people(scenarios)
    return [_violations(persons, vocabulary), _completeness(persons, vocabulary)]


def _violations(persons: Sequence[Scenario], vocabulary: Vocabulary) -> Gate:
    held = [person for person in persons if is_held(person)]
    found = [
        f"{person.situation} {person.profile_id}: {why}"
        for person in held
        for why in violations_of(vocabulary, person.profile.known())
    ]
    about = "Profiles with a value that the vocabulary does not list, or that does not go with the others."
    figure = f"{len(found)} in {len(held)} profiles"
    return Gate("constraint_violations", about, "0", figure, not found if held else None, tuple(found))


def _completeness(persons: Sequence[Scenario], vocabulary: Vocabulary) -> Gate:
    least = rules().limits.known_share_found
    shares = {name: sum(person.profile.knows(name) for person in persons) / len(persons) for name in vocabulary.names}
    short = tuple(f"{name}: {share:.2f}" for name, share in sorted(shares.items(), key=lambda e: e[1]) if share < least)
    lowest = min(shares, key=lambda name: shares[name])
    figure = f"least: {lowest} {shares[lowest]:.2f}"
    return Gate(
        "field_coverage", "Share of profiles that know an attribute.", f"{least:g} each", figure, not short, short
    )


def language_gate(scenarios: Sequence[Scenario], vocabulary: Vocabulary) -> Gate:
    """Whether the queries are in the language of the vocabulary, as far as that can be told."""
    told = [(query, language_of(query.text)) for query in queries(scenarios)]
    other = tuple(f"{code}: {query}" for query, code in told if code not in (UNKNOWN, vocabulary.language))
    known = sum(code != UNKNOWN for _, code in told)
    about = "Queries in another language than the vocabulary is."
    return Gate(
        "language", about, "0", f"{len(other)} of {known} that can be told", not other if known else None, other
    )
