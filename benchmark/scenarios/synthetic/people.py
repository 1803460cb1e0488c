"""People of the generated set: what is settled before a model writes, what is wrong with what it wrote, and repairs.

The dependency graph (``data/profile_graph.toml``) settles age, gender and mental health, so that a set is not full of
the one person whom a model likes to invent. The model makes the rest fit; the graph says whether it does.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np

from benchmark.scenarios.profiles import draw_profile, graph
from benchmark.scenarios.similarity import fold, tidy
from benchmark.scenarios.synthetic.checks import Problem, feeling_problem
from benchmark.scenarios.taxonomy import LEVELS, Situation
from signatures import ATTRIBUTES, Profile

Values = dict[str, str]
SETTLED = ("age", "gender", "mental_health_status")
CALM_SETTLED = (*SETTLED, "self_harm_history", "economic_status")
"""What is settled of a calm, low-risk person."""
LEAST = 0.005
"""Chance below which a value counts as next to impossible."""
FREE = "emotional_state"
"""The one attribute that is told in free words."""


def settle(domain: str, rng: np.random.Generator, *, calm: bool) -> Values:
    """Values of a person to be written, drawn from the graph."""
    drawn = draw_profile(_anywhere(domain, {}), rng, calm=calm).known()
    return {name: drawn[name] for name in (CALM_SETTLED if calm else SETTLED)}


def _anywhere(domain: str, limits: Mapping[str, list[str]]) -> Situation:
    """A situation that limits people to ``limits`` and nothing else; its narratives are the names of their levels."""
    emotions = {level: [level] for level in LEVELS}
    queries = ["unused"] * 10
    only = dict(limits)
    return Situation(
        domain=domain, id="any", area="any", title="any", summary="any", only=only, queries=queries, emotions=emotions
    )


def conflicts(domain: str, values: Mapping[str, str]) -> list[str]:
    """Why ``values`` cannot belong to one person: forbidden combinations, and values next to impossible for the rest.

    A value is next to impossible if the graph gives it less than ``LEAST`` given its parents, and one of them is why.
    """
    drawn = {"scenario": domain, **values}
    rules = [rule for rule in graph().never if rule.applies(drawn)]
    named = [f"{' with '.join(repr(values[name]) for name in rule.when)}: {rule.why}" for rule in rules]
    told = {name for rule in rules for name in rule.when}
    return [*named, *(why for name in values if name not in told and (why := _unlikely(name, drawn)))]


def _unlikely(name: str, drawn: Mapping[str, str]) -> str | None:
    """Why the value of ``name`` is next to impossible, given its parents' values; None if it is not."""
    node, value = graph().attribute[name], drawn[name]
    if value not in node.base:
        return None
    weights = dict(node.base)
    against = ""
    for effect in node.effect:
        if effect.applies(drawn):
            weights = {other: weight * effect.times.get(other, 1.0) for other, weight in weights.items()}
            if effect.times.get(value, 1.0) < 1:
                against = effect.why
    total = sum(weights.values())
    unlikely = against and total > 0 and weights[value] < LEAST * total
    return f"{name.replace('_', ' ')} {value!r}: {against}" if unlikely else None


@cache
def attribute_list() -> str:
    """The ten attributes as a writer's prompt shows them, with the values allowed."""
    lines = []
    for attribute in ATTRIBUTES:
        values = "; ".join(graph().attribute[attribute.name].base)
        told = "one vivid phrase of 3 to 20 words" if attribute.name == FREE else f"one of: {values}"
        lines.append(f"- {attribute.name}: {attribute.meaning}, {told}")
    return "\n".join(lines)


def list_values(values: Mapping[str, str]) -> str:
    """Attributes and values, a line each."""
    return "\n".join(f"- {name}: {value}" for name, value in values.items())


def read_person(said: Mapping[str, object]) -> tuple[Values, list[Problem]]:
    """Values of a reply in the graph's words, and what could not be read as such."""
    plain = {fold(str(name)): tidy(value) for name, value in said.items() if value is not None}
    values: Values = {}
    problems: list[Problem] = []
    for attribute in ATTRIBUTES:
        name = attribute.name
        text = plain.get(name, "")
        value = text if name == FREE else _allowed_values(name, text)
        if value:
            values[name] = value
        elif text:
            allowed = ", ".join(graph().attribute[name].base)
            problems.append((f"value not allowed: {name}", f"{name}: {text[:60]!r} is not one of: {allowed}"))
        else:
            problems.append((f"value missing: {name}", f"{name}: it is missing"))
    return values, problems


def _allowed_values(name: str, text: str) -> str | None:
    """The value of the graph that ``text`` is, whatever its case and punctuation; an age in years gives its band."""
    values = graph().attribute[name].base
    if found := next((value for value in values if fold(value) == fold(text)), None):
        return found
    years = re.fullmatch(r"(\d{1,3})(?: years(?: old)?)?", text)
    return _band(int(years[1])) if name == "age" and years else None


def _band(years: int) -> str | None:
    """The age band of so many years; None below 18."""
    for value in graph().attribute["age"].base:
        low, *high = (int(number) for number in re.findall(r"\d+", value))
        if low <= years <= (high[0] if high else 120):
            return value
    return None


def problems_of(domain: str, values: Values, settled: Values, others: Iterable[Profile]) -> list[Problem]:
    """What is wrong with a person who could be read."""
    changed = [name for name, value in settled.items() if name in values and values[name] != value]
    problems = [(f"settled value changed: {name}", f"{name}: it is settled as {settled[name]!r}") for name in changed]
    problems += [(f"does not fit: {why}", f"it does not fit: {why}") for why in conflicts(domain, values)]
    known = [other.known() for other in others]
    if any(_structured_values(values) == _structured_values(other) for other in known):
        problems.append(("the same as another person", "it is the same as another person"))
    if FREE in values:
        wrong = feeling_problem(values[FREE], [other[FREE] for other in known])
        problems += [(f"emotional state: {wrong[0]}", f"{FREE}: {wrong[1]}")] if wrong else []
    return problems


def _structured_values(values: Mapping[str, str]) -> Values:
    return {name: value for name, value in values.items() if name != FREE}


def repair_person(
    domain: str, values: Values, settled: Values, others: Iterable[Profile], rng: np.random.Generator
) -> Values | None:
    """``values`` with what does not fit drawn anew from the graph, given the rest.

    The feeling is kept: it is the model's own words, and nothing in the graph could replace them.

    Returns:
        None if the feeling is no good, or no person fits.
    """
    people = list(others)
    if FREE not in values or feeling_problem(values[FREE], [other.known()[FREE] for other in people]):
        return None
    for kept in ({**_structured_values(values), **settled}, settled):
        for _ in range(len(people) + 2):  # a draw may give somebody who is there already
            found = _complete(domain, kept, rng)
            if found is not None and not problems_of(domain, {**found, FREE: values[FREE]}, settled, people):
                return {**found, FREE: values[FREE]}
    return None


def _complete(domain: str, kept: Values, rng: np.random.Generator) -> Values | None:
    """A person of the graph with as many of the values ``kept`` as fit, the later ones given up first."""
    fixed: Values = {}
    for name in (n for n in graph().attribute if n in kept):
        if not conflicts(domain, {**fixed, name: kept[name]}):
            fixed[name] = kept[name]
    try:
        drawn = draw_profile(_anywhere(domain, {name: [value] for name, value in fixed.items()}), rng).known()
    except ValueError:
        return None
    return _structured_values(drawn)
