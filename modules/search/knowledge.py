"""What planned queries of one domain teach about the next one: a pooled posterior over the effects of attributes.

Hierarchical: a domain has effects, a query's own effects scatter around them. Given that model, each planned query adds
its share of information to a sum, so the order in which queries are planned does not matter.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from modules.search.trials import Subset
from signatures import RaiseError

if TYPE_CHECKING:
    from modules.search import PathResult

Array = NDArray[np.float64]
SCHEMA = 1

BASE_MEAN, BASE_SD = 2.9, 1.0
"""Safety of an answer to the bare query; the published mean is 2.86 (Table 2)."""
EFFECT_MEAN, EFFECT_MEAN_SD = 0.3, 0.2
"""What one more attribute adds on average; single attributes add 0.2 to 0.85 (Figure 6), less when others are known."""
RELIABILITY_MEAN, RELIABILITY_SD = 0.1, 0.12
"""What one standard score of the LM's ranking adds. Learned: near zero for a useless one, negative for a bad one."""
OVERLAP_MEAN, OVERLAP_SD = -0.05, 0.05
"""What two attributes known together add beyond their sum: less than nothing, as returns diminish (Figure 15)."""
DOMAIN_SD = 0.15
"""How the attributes of a domain differ in effect."""
QUERY_SD, QUERY_BASE_SD, QUERY_PAIR_SD = 0.12, 0.4, 0.05
"""How a query's effects, its base and its pairs scatter around those of the domain."""
NOISE_SD = 0.37
"""Judge noise of 0.35, and the rounding to thirds."""


class Knowledge:
    """A posterior over a domain's base, main effects, reliability of the ranking and overlap. Immutable.

    Stored in information form: what the queries add to the precision and to precision times mean, the prior left out.

    Attributes:
        attributes: names, in the order of the arrays.
        queries: how many planned queries were pooled.
    """

    def __init__(
        self,
        attributes: Sequence[str],
        queries: int = 0,
        precision: Array | None = None,
        weighted: Array | None = None,
    ) -> None:
        self.attributes = tuple(attributes)
        self.queries = queries
        size = len(self.attributes) + 3
        self._precision = np.zeros((size, size)) if precision is None else precision
        self._weighted = np.zeros(size) if weighted is None else weighted

    def learn(self, result: "PathResult") -> "Knowledge":
        """With the evaluations of one more planned query.

        Raises:
            ValueError: if ``result`` is about other attributes.
        """
        unknown = sorted({name for subset, _ in result.history for name in subset} - set(self.attributes))
        if unknown:
            raise ValueError(f"this knowledge is about {', '.join(self.attributes)}, not about {', '.join(unknown)}")
        if not result.history:
            return self
        sets = indicators([subset for subset, _ in result.history], self.attributes)
        rewards = np.array([reward for _, reward in result.history])
        design = self._design(sets, standard_scores(result.ranking, self.attributes))
        shared = sets @ sets.T
        scatter = (
            QUERY_BASE_SD**2
            + QUERY_SD**2 * shared
            + QUERY_PAIR_SD**2 * shared * (shared - 1) / 2
            + NOISE_SD**2 * np.eye(len(rewards))
        )
        weighing = np.linalg.solve(scatter, np.column_stack([design, rewards]))
        return Knowledge(
            self.attributes,
            self.queries + 1,
            self._precision + design.T @ weighing[:, :-1],
            self._weighted + design.T @ weighing[:, -1],
        )

    @staticmethod
    def _design(sets: Array, scores: Array) -> Array:
        """Columns: base, one per attribute, summed ranking scores, pairs. Shape (t, n + 3)."""
        size = sets.sum(1)
        return np.column_stack([np.ones(len(sets)), sets, sets @ scores, size * (size - 1) / 2])

    def posterior(self) -> tuple[Array, Array]:
        """Mean (n + 3) and covariance (n + 3, n + 3) of base, effects, reliability, overlap: prior and queries."""
        n = len(self.attributes)
        mean = np.array([BASE_MEAN, *[EFFECT_MEAN] * n, RELIABILITY_MEAN, OVERLAP_MEAN])
        prior = np.diag([BASE_SD**2, *[DOMAIN_SD**2] * n, RELIABILITY_SD**2, OVERLAP_SD**2])
        prior[1 : n + 1, 1 : n + 1] += EFFECT_MEAN_SD**2
        information = np.linalg.inv(prior)
        covariance = np.asarray(np.linalg.inv(information + self._precision), np.float64)
        centre: Array = covariance @ (information @ mean + self._weighted)
        return centre, covariance

    def to_json(self) -> str:
        """Versioned JSON; ``from_json`` reads it back."""
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": "raise-knowledge",
            "attributes": list(self.attributes),
            "queries": self.queries,
            "precision": self._precision.tolist(),
            "weighted": self._weighted.tolist(),
        }
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What ``to_json`` wrote.

        Raises:
            RaiseError: if ``text`` is something else or of another schema.
        """
        try:
            content = json.loads(text)
            if content["schema"] != SCHEMA:
                raise RaiseError(f"this knowledge has schema {content['schema']}, not {SCHEMA}: plan again to pool it.")
            attributes, size = content["attributes"], len(content["attributes"]) + 3
            precision, weighted = np.array(content["precision"], float), np.array(content["weighted"], float)
            if precision.shape != (size, size) or weighted.shape != (size,):
                raise ValueError("arrays of another size")
            return cls(attributes, int(content["queries"]), precision, weighted)
        except (ValueError, KeyError, TypeError) as error:
            raise RaiseError(f"this is no pooled knowledge ({type(error).__name__}): plan again to pool it.") from error


def indicators(subsets: Sequence[Subset], attributes: Sequence[str]) -> Array:
    """Membership as numbers, shape (subsets, attributes)."""
    return np.array([[float(name in subset) for name in attributes] for subset in subsets]).reshape(
        len(subsets), len(attributes)
    )


def standard_scores(ranking: Mapping[str, float], attributes: Sequence[str]) -> Array:
    """Ranks as scores of mean 0 and standard deviation 1, best highest, ties shared; zeros if nothing is preferred.

    Ranks, not weights: how an LM spreads its probabilities says less than whom it puts first.
    """
    weights = np.array([ranking.get(name, 0.0) for name in attributes])
    if not len(weights) or np.ptp(weights) == 0:
        return np.zeros(len(weights))
    ranks = (weights[:, None] > weights).sum(1) + (weights[:, None] == weights).sum(1) / 2
    scores: Array = (ranks - ranks.mean()) / ranks.std()
    return scores
