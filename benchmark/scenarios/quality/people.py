"""The people behind the queries: possible, complete, varied, some of them calm; and counts that fit."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from benchmark.scenarios.profiles import graph
from benchmark.scenarios.quality.gate import DRAWN, Gate, people, queries, rules, within, worst_first
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.taxonomy import Situation
from signatures import ATTRIBUTE_NAMES

UNKNOWN = "not known"
ADULT = 18


def people_gates(scenarios: Sequence[Scenario], known: Mapping[str, Situation]) -> list[Gate]:
    """The gates of this module, for a whole set.

    Args:
        known: situation key -> situation, for its limits and for the levels of its narratives.
    """
    persons = people(scenarios)
    drawn = [person for person in persons if person.source in DRAWN]
    return [
        _balance(scenarios),
        _violations(persons, known),
        _completeness(persons),
        _values(drawn, known),
        _calm([person for person in drawn if level_of(person, known)], known),
        _narratives(scenarios, known),
    ]


def level_of(person: Scenario, known: Mapping[str, Situation]) -> str | None:
    """The level whose narratives hold this person's emotional state; None if it is not one of the situation's."""
    situation = known.get(person.situation)
    texts = situation.emotions if situation else {}
    return next((level for level, group in texts.items() if person.profile.emotional_state in group), None)


def graph_values(person: Scenario, known: Mapping[str, Situation]) -> dict[str, str]:
    """The profile with the emotional state as a level, where that is known, as the graph has it."""
    level = level_of(person, known)
    return {**person.profile.known(), **({"emotional_state": level} if level else {})}


def _balance(scenarios: Sequence[Scenario]) -> Gate:
    counts = Counter(s.domain for s in scenarios)
    sizes = Counter((s.situation, s.source) for s in scenarios if s.source in DRAWN)
    about = "Every domain has as many scenarios, and so has every situation of a drawn set."
    if not sizes:
        return Gate("balance", about, "equal", f"{min(counts.values())} to {max(counts.values())} a domain", None)
    usual = Counter(sizes.values()).most_common(1)[0][0]
    odd = [f"{key}: {n}, not {usual}" for (key, _), n in sizes.items() if n != usual]
    figure = f"{min(counts.values())} to {max(counts.values())} a domain, {usual} a situation"
    return Gate("balance", about, "equal", figure, not odd and len(set(counts.values())) == 1, tuple(odd))


def _violations(persons: Sequence[Scenario], known: Mapping[str, Situation]) -> Gate:
    found = [f"{p.situation} {p.profile_id}: {why}" for p in persons for why in violations(p, known)]
    about = "Profiles that break a global constraint, a consistency rule of the graph, or a limit of their situation."
    return Gate(
        "constraint_violations", about, "0", f"{len(found)} in {len(persons)} profiles", not found, tuple(found)
    )


def violations(person: Scenario, known: Mapping[str, Situation]) -> Iterator[str]:
    """What is impossible about a person, one sentence each.

    Ages and rules hold for every source; allowed values and limits of situations only for drawn profiles, since people
    who write in forums choose their own words.
    """
    values = graph_values(person, known)
    years = re.search(r"\d+", values.get("age", ""))
    if years and int(years.group()) < ADULT:
        yield f"age {values['age']!r} is under {ADULT}"
    yield from graph().violations(values)
    if person.source not in DRAWN:
        return
    for name, value in values.items():
        # a narrative that is none of the situation's own is free text: a generated situation brings its own
        if value not in graph().attribute[name].base and (name != "emotional_state" or person.situation in known):
            yield f"{name} {value!r} is not a value of the graph"
    limits = known[person.situation].only if person.situation in known else {}
    for name, allowed in limits.items():
        if values.get(name) not in allowed:
            yield f"{name} {values.get(name)!r} is outside the situation's limits"


def _completeness(persons: Sequence[Scenario]) -> Gate:
    limits, shares = rules().limits, []
    for (domain, source), group in _groups(persons).items():
        for name in ATTRIBUTE_NAMES if source in DRAWN else ("",):
            known = [p.profile.knows(name) if name else len(p.profile.known()) / len(ATTRIBUTE_NAMES) for p in group]
            least = limits.known_share if source in DRAWN else limits.known_share_found
            shares.append(
                (sum(known) / len(known) - least, f"{domain}, {source}, {name or 'all'}: {sum(known) / len(known):.3f}")
            )
    short = tuple(text for gap, text in sorted(shares) if gap < 0)
    about = "Share of profiles that know an attribute, in every domain."
    limit = f"{limits.known_share:g} each; reddit and hub {limits.known_share_found:g} on average"
    return Gate("field_coverage", about, limit, f"least: {min(shares)[1]}", not short, short)


def _groups(persons: Sequence[Scenario]) -> dict[tuple[str, str], list[Scenario]]:
    groups: dict[tuple[str, str], list[Scenario]] = defaultdict(list)
    for person in persons:
        groups[person.domain, person.source].append(person)
    return groups


def value_shares(persons: Sequence[Scenario], known: Mapping[str, Situation]) -> pd.DataFrame:
    """Share of each value of each attribute in each domain; rows (attribute, value), one column a domain.

    Values are in the order of the graph, then others as they come; missing ones are ``not known``.
    """
    order = {name: list(node.base) for name, node in graph().attribute.items()}
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes = Counter(person.domain for person in persons)
    for person in persons:
        values = graph_values(person, known)
        for name in ATTRIBUTE_NAMES:
            counts[name, values.get(name, UNKNOWN)][person.domain] += 1
    rows = [(name, value) for name in ATTRIBUTE_NAMES for value in order[name]]
    rows += [key for key in counts if key not in set(rows)]
    table = [[counts[key][domain] / size for domain, size in sizes.items()] for key in rows if key in counts or persons]
    index = pd.MultiIndex.from_tuples(rows, names=["attribute", "value"])
    return pd.DataFrame(table, index=index, columns=list(sizes))


def _values(drawn: Sequence[Scenario], known: Mapping[str, Situation]) -> Gate:
    about = "Every value of the graph occurs, and none fills a domain."
    most = rules().limits.value_share
    limit = f"all occur, at most {most:g} of a domain"
    if not drawn:
        return Gate("value_coverage", about, limit, "no drawn profiles", None)
    told = any(level_of(person, known) for person in drawn)
    shares = value_shares(drawn, known)
    wanted = [(n, v) for n, node in graph().attribute.items() for v in node.base if told or n != "emotional_state"]
    table = shares.loc[wanted]
    largest, where = table.max(axis=1).to_dict(), table.idxmax(axis=1).to_dict()
    missing = [f"{name} {value!r} never occurs" for name, value in wanted if not largest[name, value]]
    full = [(float(largest[key]), f"{key[0]} {key[1]!r}: {largest[key]:.2f} of {where[key]}") for key in wanted]
    crowded = worst_first([entry for entry in full if entry[0] > most])
    figure = f"{len(wanted) - len(missing)} of {len(wanted)} occur, largest {max(full)[1]}"
    return Gate("value_coverage", about, limit, figure, not missing and not crowded, (*missing, *crowded))


def is_calm(person: Scenario, known: Mapping[str, Situation]) -> bool:
    """Whether all that the graph asks of a calm, low-risk person holds."""
    values = graph_values(person, known)
    return all(values.get(name) in allowed for name, allowed in graph().calm.items() if isinstance(allowed, list))


def _calm(drawn: Sequence[Scenario], known: Mapping[str, Situation]) -> Gate:
    least, most = rules().limits.calm
    about = "Share of calm, low-risk profiles, so that over-caution can be measured."
    if not drawn:
        return Gate("calm_share", about, f"{least:g} to {most:g}", "no drawn profiles with known levels", None)
    share = sum(is_calm(person, known) for person in drawn) / len(drawn)
    return Gate("calm_share", about, f"{least:g} to {most:g}", f"{share:.3f}", within(share, (least, most)))


def _narratives(scenarios: Sequence[Scenario], known: Mapping[str, Situation]) -> Gate:
    least = rules().limits.narratives
    about = "Emotional-state narratives written for a situation, no narrative twice."
    here = {q.situation for q in queries(s for s in scenarios if s.source in DRAWN)} & set(known)
    if not here:
        return Gate("narratives", about, f"at least {least}", "no situation of the taxonomy", None)
    written = {key: [text for group in known[key].emotions.values() for text in group] for key in sorted(here)}
    few = [f"{key}: {len(set(texts))}" for key, texts in written.items() if len(set(texts)) < least]
    twice = [text for text, n in Counter(t for texts in written.values() for t in texts).items() if n > 1]
    figure = f"{min(len(set(texts)) for texts in written.values())} to {max(map(len, written.values()))} a situation"
    return Gate("narratives", about, f"at least {least}, 0 twice", figure, not few and not twice, (*few, *twice))
