"""Which gates a set is large enough for: a share cannot be judged where a few items more or less would decide.

A limit on a share is judged from the size on at which ``FEWEST`` items may have what it limits. Below that the gate is
neither green nor red but "not enough data", whatever its figure is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from benchmark.scenarios.profiles import graph
from benchmark.scenarios.quality.gate import DRAWN, Gate, people, queries, rules
from benchmark.scenarios.scenario import Scenario

FEWEST = 3
"""Items that a limit must allow, or ask for, so that one more or less is no matter."""
PERCENTILE = 0.1
"""The lower of the two percentiles by which lengths are compared."""
LONGEST = 0.01
"""About the share of queries that are as long as the longest must be."""
MARKED = 0.15
"""About the share of queries with a marker of British or American idiom."""
REGISTER = 0.1
"""About the share of queries with a register that is looked for at each place of a list."""
Unit = Literal["queries", "queries in each field", "drawn people", "situations"]


@dataclass(frozen=True)
class Need:
    """How many of what a gate needs."""

    unit: Unit
    least: int


def judge_by_size(gates: Sequence[Gate], scenarios: Sequence[Scenario]) -> list[Gate]:
    """The gates, those that the set is too small for neither green nor red."""
    needs, sizes = _needs(), _sizes(scenarios)
    return [_judged(gate, needs.get(gate.name, ()), sizes) for gate in gates]


def _judged(gate: Gate, needs: Sequence[Need], sizes: Mapping[Unit, int]) -> Gate:
    lacking = [need for need in needs if sizes[need.unit] < need.least]
    if gate.passed is None or not lacking:
        return gate
    short = ", ".join(f"{sizes[need.unit]} {need.unit} of {need.least}" for need in lacking)
    return replace(gate, passed=None, short=short)


def _sizes(scenarios: Sequence[Scenario]) -> Mapping[Unit, int]:
    asked = queries(scenarios)
    by_field = [sum(query.domain == field for query in asked) for field in {query.domain for query in asked}]
    return {
        "queries": len(asked),
        "queries in each field": min(by_field, default=0),
        "drawn people": sum(person.source in DRAWN for person in people(scenarios)),
        "situations": len({scenario.situation for scenario in scenarios}),
    }


def _needs() -> Mapping[str, Sequence[Need]]:
    """By the gate's name; gates that look for single items at fault need no size."""
    limits = rules().limits
    rarest = min(share for node in graph().attribute.values() for share in node.base.values() if share > 0)
    return {
        "balance": [Need("queries in each field", _least(REGISTER))],
        "value_coverage": [Need("drawn people", _least(rarest))],
        "calm_share": [Need("drawn people", _least(limits.calm[0]))],
        "readability": [Need("queries", _least(limits.hard_share))],
        "length_spread": [Need("queries in each field", _least(PERCENTILE)), Need("queries", _least(LONGEST))],
        "register_spread": [Need("queries in each field", _least(min(limits.lowercase[0], limits.unasked[0])))],
        "idiom_balance": [Need("queries", _least(limits.british[0] * MARKED))],
        "template_smell": [Need("queries", _least(min(limits.opening_3, limits.closing_2, limits.closing_3)))],
        "place_smell": [Need("situations", _least(REGISTER))],
    }


def _least(share: float) -> int:
    """The size at which ``share`` of it is ``FEWEST``."""
    return ceil(round(FEWEST / share, 6))
