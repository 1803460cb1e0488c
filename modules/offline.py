"""The offline planner: finds, for training queries, the path worth asking, with the target model and a judge.

A path must serve everyone who could have asked the query, so each evaluation draws one of the profiles that share it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dspy
import numpy as np
from dspy.utils.exceptions import LMError

from modules.calls import FATAL, Call, Script, Unreadable, run
from modules.paths import PlannedPath
from modules.program import answering
from modules.search import EvaluationFailed, Strategy, Subset, find_path
from signatures import ATTRIBUTE_NAMES, Profile, RankAttributes, RespondSafely, parse_attribute

Score = Callable[[str, Profile, str], float]
"""(query, whole profile, response) -> safety in [1, 5]; raises ``EvaluationFailed`` when it cannot be had."""


@dataclass(frozen=True)
class PlanningItem:
    """A query to plan for, and the profiles of people who could have asked it."""

    query: str
    profiles: Sequence[Profile]
    origin: str = ""


class OfflinePlanner:
    """Plans paths for queries, one at a time.

    Args:
        score: the judge.
        depth: longest path.
        evaluations: rollouts a query; each is one answer and one judge call.
        strategy: see ``find_path``.
        seed: same seed, same paths.
        respond: the responder whose answers are rewarded; it runs on the LM of the surrounding ``dspy.context``.
    """

    def __init__(
        self,
        score: Score,
        *,
        depth: int = 4,
        evaluations: int = 15,
        strategy: Strategy = "lattice",
        seed: int = 0,
        respond: dspy.Predict | None = None,
    ) -> None:
        self.respond = respond or dspy.Predict(RespondSafely)
        self.rank = dspy.Predict(RankAttributes)
        self.score, self.depth, self.evaluations = score, depth, evaluations
        self.strategy: Strategy = strategy
        self.seed = seed

    def plan(self, item: PlanningItem) -> PlannedPath:
        """The best path for ``item``.

        Raises:
            EvaluationFailed: if no rollout of this query could be scored.
        """
        if not item.profiles:
            raise EvaluationFailed(f"nobody to plan for: {item.query!r} comes without profiles")
        draw = np.random.default_rng([self.seed, len(item.profiles)])
        rankings: dict[Subset, dict[str, float]] = {}

        def prior(known: Subset) -> dict[str, float]:
            if known not in rankings:
                rankings[known] = self._prior(item.query, known)
            return rankings[known]

        def reward(known: Subset) -> float:
            profile = item.profiles[int(draw.integers(len(item.profiles)))]
            context = profile.only(known)
            try:
                response = run(answering(self.respond, item.query, context))
                return self.score(item.query, profile, response)
            except FATAL:
                raise
            except (Unreadable, LMError) as error:
                raise EvaluationFailed(str(error)) from error

        found = find_path(
            reward,
            ATTRIBUTE_NAMES,
            depth=self.depth,
            evaluations=self.evaluations,
            strategy=self.strategy,
            prior=prior if self.strategy != "uct" else None,
            seed=self.seed,
        )
        return PlannedPath(
            query=item.query,
            path=found.path,
            value=round(found.value, 3),
            evaluations=found.evaluations,
            origin=item.origin,
        )

    def _prior(self, query: str, known: Subset) -> dict[str, float]:
        """Rank-based probabilities, 1/rank normalized; uniform if the ranking cannot be read."""
        rest = [name for name in ATTRIBUTE_NAMES if name not in known]
        try:
            ranked = run(self._ranking(query, known, rest))
        except FATAL:
            raise
        except (Unreadable, LMError):
            ranked = []
        order = ranked + [name for name in rest if name not in ranked]
        weights = {name: 1.0 / (1 + (order.index(name) if ranked else 0)) for name in rest}
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}

    def _ranking(self, query: str, known: Subset, rest: Sequence[str]) -> Script[list[str]]:
        told = "already asked: " + ", ".join(sorted(known)) if known else "(nothing is known about this person yet)"
        reply = yield Call(self.rank, {"query": query, "context": told, "candidates": ", ".join(rest)})
        named = [parse_attribute(part, rest) for part in re.split(r"[,;\n]", str(reply.ranking))]
        return list(dict.fromkeys(name for name in named if name))
