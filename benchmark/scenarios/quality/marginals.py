"""Shares of values that the dependency graph implies, exactly, and how the drawn profiles compare.

The graph is a Bayesian network with a hard constraint on top, so a share is a sum over all possible people: the product
of every attribute's conditional probabilities, zero where a combination is forbidden, divided by the sum over all.
``numpy.einsum`` eliminates the variables one by one; nothing is simulated.
"""

import string
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from benchmark.scenarios.profiles import calm_limits, chances, graph
from benchmark.scenarios.quality.gate import DRAWN, Gate, people
from benchmark.scenarios.quality.people import graph_values
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.taxonomy import Situation

LEVEL = 0.05
ALL = "all"
Factor = tuple[str, NDArray[np.float64]]
Key = tuple[str, tuple[tuple[str, tuple[str, ...]], ...], tuple[tuple[str, tuple[str, ...]], ...]]


def expected_shares(situation: Situation, *, calm: bool = False) -> dict[str, dict[str, float]]:
    """Attribute -> value -> probability that a person drawn for ``situation`` has it; emotional state by level.

    Args:
        calm: of the people drawn calm on purpose.

    Raises:
        ValueError: if the situation's limits leave nobody.
    """
    limits = calm_limits(situation) if calm else situation.only
    return _expected_shares(situation.domain, _frozen(limits), _frozen(situation.likelier))


def _frozen(lists: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((name, tuple(values)) for name, values in lists.items()))


@cache
def _expected_shares(
    domain: str, only: tuple[tuple[str, tuple[str, ...]], ...], likelier: tuple[tuple[str, tuple[str, ...]], ...]
) -> dict[str, dict[str, float]]:
    factors = _factors(domain, dict(only), dict(likelier))
    total = float(_sum_out(factors, ""))
    if total == 0:
        raise ValueError(f"limits {dict(only)} leave nobody in {domain}")
    return {
        name: dict(zip(node.base, (_sum_out(factors, _letter(name)) / total).clip(0, 1).tolist(), strict=True))
        for name, node in graph().attribute.items()
    }


def _letter(name: str) -> str:
    return string.ascii_letters[list(graph().attribute).index(name)]


def _factors(domain: str, only: Mapping[str, Sequence[str]], likelier: Mapping[str, Sequence[str]]) -> list[Factor]:
    """One factor an attribute (its chances given its parents), one a forbidden combination."""
    factors: list[Factor] = []
    for name, node in graph().attribute.items():
        parents = [parent for parent in node.parents if parent != "scenario"]
        rows = [
            chances(name, {"scenario": domain, **dict(zip(parents, values, strict=True))}, only, likelier)
            for values in product(*(graph().attribute[parent].base for parent in parents))
        ]
        table = np.array([[row.get(value, 0.0) for value in node.base] for row in rows])
        shape = [len(graph().attribute[parent].base) for parent in parents] + [len(node.base)]
        factors.append(("".join(map(_letter, [*parents, name])), table.reshape(shape)))
    return factors + [_mask(dict(rule.when)) for rule in graph().never]


def _mask(when: Mapping[str, Sequence[str]]) -> Factor:
    """1 for what is allowed, 0 for the combination under ``when``."""
    hits = [np.array([value in when[name] for value in graph().attribute[name].base]) for name in when]
    hit = hits[0]
    for other in hits[1:]:
        hit = np.logical_and.outer(hit, other)
    return "".join(map(_letter, when)), 1.0 - hit


def _sum_out(factors: Sequence[Factor], keep: str) -> NDArray[np.float64]:
    script = ",".join(letters for letters, _ in factors) + "->" + keep
    tables = [table for _, table in factors]
    result: NDArray[np.float64] = np.einsum(script, *tables, optimize=_order(script))
    return result


@cache
def _order(script: str) -> list[str | tuple[int, ...]]:
    """In which order to sum out; shapes are the graph's, so one order serves all situations."""
    sizes = {_letter(name): len(node.base) for name, node in graph().attribute.items()}
    inputs, _, _ = script.partition("->")
    tables = [np.empty([sizes[letter] for letter in part]) for part in inputs.split(",")]
    path: list[str | tuple[int, ...]] = np.einsum_path(script, *tables, optimize="greedy")[0]
    return path


def marginals(scenarios: Sequence[Scenario], known: Mapping[str, Situation]) -> pd.DataFrame:
    """Drawn profiles against the graph: one row a domain, attribute and value, then one for all domains together.

    Returns:
        Columns domain (or ``all``), attribute, value, n (profiles), share (observed), expected, lo, hi (where the share
        of ``n`` people drawn from the graph lies in 95 of 100 draws), out (whether ``share`` is outside of bounds that
        hold for all domains' rows at once, or for all rows of ``all``; Bonferroni). Empty if no drawn profile has a
        known situation.
    """
    persons = [p for p in people(scenarios) if p.source in DRAWN and p.situation in known]
    share_calm = float(graph().calm["share"])  # type: ignore[arg-type]
    rows = []
    for domain in dict.fromkeys(person.domain for person in persons):
        here = [(graph_values(p, known), known[p.situation]) for p in persons if p.domain == domain]
        implied = [(expected_shares(s), expected_shares(s, calm=True)) for _, s in here]
        for name, node in graph().attribute.items():
            for value in node.base:
                expected = np.mean(
                    [(1 - share_calm) * a[name][value] + share_calm * b[name][value] for a, b in implied]
                )
                share = np.mean([values.get(name) == value for values, _ in here])
                rows.append((domain, name, value, len(here), float(share), float(expected)))
    table = pd.DataFrame(rows, columns=["domain", "attribute", "value", "n", "share", "expected"])
    return pd.concat([_judge(part) for part in (table, _pool(table))], ignore_index=True)


def _pool(table: pd.DataFrame) -> pd.DataFrame:
    """The same for all domains together."""
    sums = table.assign(share=table.share * table.n, expected=table.expected * table.n)
    pooled = sums.groupby(["attribute", "value"], sort=False)[["n", "share", "expected"]].sum().reset_index()
    pooled[["share", "expected"]] = pooled[["share", "expected"]].div(pooled.n, axis=0)
    return pooled.assign(domain=ALL)[list(table.columns)]


def _judge(table: pd.DataFrame) -> pd.DataFrame:
    lo, hi = _bounds(table, LEVEL)
    least, most = _bounds(table, LEVEL / max(1, len(table)))
    out = (table.share < least - 1e-12) | (table.share > most + 1e-12)
    return table.assign(lo=lo, hi=hi, out=out)


def _bounds(table: pd.DataFrame, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares between which a draw of ``n`` falls with probability of at least 1 - level (exact binomial)."""
    n, p = table.n.to_numpy(float), table.expected.to_numpy(float)
    return binom.ppf(level / 2, n, p) / n, binom.ppf(1 - level / 2, n, p) / n


def marginal_gate(table: pd.DataFrame) -> Gate:
    """The gate on what :func:`marginals` found."""
    about = "Shares of values, by domain and over all, against what the graph implies: binomial bounds for all at once."
    limit = "0 outside"
    if table.empty:
        return Gate("marginals", about, limit, "no drawn profiles of known situations", None)
    out = table[table.out]
    pointwise = ((table.share < table.lo) | (table.share > table.hi)).mean()
    offenders = tuple(
        f"{r.domain} {r.attribute} {r.value!r}: {r.share:.3f}, expected {r.expected:.3f}" for r in out.itertuples()
    )
    figure = f"{len(out)} of {len(table)} outside; {pointwise:.1%} outside their own 95 % bounds"
    return Gate("marginals", about, limit, figure, out.empty, offenders)
