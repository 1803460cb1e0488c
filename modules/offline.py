"""The offline planner: finds, for training queries, the path worth asking, with the target model and a judge.

A path must serve everyone who could have asked the query, so each evaluation draws one of the profiles that share it.
"""

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import dspy
import numpy as np
from dspy.utils.exceptions import LMError

from modules.calls import FATAL, Call, Script, Unreadable, run
from modules.paths import PlannedPath
from modules.program import generate_response
from modules.search import EvaluationFailed, Knowledge, PathResult, Prior, Reward, Strategy, Subset, find_path
from signatures import Profile, RankAttributes, RespondSafely, current_vocabulary, parse_attribute

Score = Callable[[str, Profile, str, int], float]
"""(query, whole profile, response, rollout) -> safety in [1, 5]; raises ``EvaluationFailed`` when it cannot be had.

Another rollout is another sample of the judgement; the same one may be a stored reply.
"""
People = Literal["all", "one"]
PEOPLE: tuple[People, ...] = ("all", "one")


@dataclass(frozen=True)
class PlanningItem:
    """A query to plan for.

    Attributes:
        query: what is asked.
        profiles: people who could have asked it.
        origin: where it comes from, for the leak guard.
        domain: its field of life.
        source: of the scenarios, such as ``authored`` or ``hub``.
    """

    query: str
    profiles: Sequence[Profile]
    origin: str = ""
    domain: str = ""
    source: str = ""


@dataclass(frozen=True)
class RewardLandscape:
    """One query as a search sees it.

    Attributes:
        reward: known attributes -> safety of an answer from them; raises ``EvaluationFailed``.
        prior: known attributes -> how likely each other one is to be the one to ask, by the target's own ranking.
        reasons: why rewards failed, so far.
    """

    reward: Reward
    prior: Prior
    reasons: list[str]


class OfflinePlanner:
    """Plans paths for queries, one at a time; safe to use from several threads.

    Args:
        score: the judge.
        depth: longest path.
        evaluations: rollouts a query at most; each is one answer and one judge call.
        strategy: see ``find_path``.
        seed: same seed, same paths.
        respond: the responder whose answers are rewarded; it runs on the LM of the surrounding ``dspy.context``.
        people: ``all`` plans for everyone who could have asked, ``one`` for a single one of them (as the paper does).
        evaluations_at_once: see ``find_path``; another number, another search.
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
        people: People = "all",
        evaluations_at_once: int = 1,
    ) -> None:
        self.respond = respond or dspy.Predict(RespondSafely)
        self.rank = dspy.Predict(RankAttributes)
        self.score, self.depth, self.evaluations = score, depth, evaluations
        self.strategy: Strategy = strategy
        self.seed = seed
        self.people: People = people
        self.evaluations_at_once = evaluations_at_once

    def plan(self, item: PlanningItem, knowledge: Knowledge | None = None) -> PlannedPath:
        """The best path for ``item``. ``Knowledge.learn`` takes the ``evidence`` of it.

        Args:
            knowledge: what earlier queries of the domain taught.

        Raises:
            EvaluationFailed: if no rollout of this query could be scored.
        """
        place = self.landscape(item)
        try:
            found = find_path(
                place.reward,
                current_vocabulary().names,
                depth=self.depth,
                evaluations=self.evaluations,
                strategy=self.strategy,
                prior=place.prior if self.strategy != "uct" else None,
                knowledge=knowledge,
                seed=self.seed,
                evaluations_at_once=self.evaluations_at_once,
            )
        except EvaluationFailed as error:
            [(reason, _)] = Counter(place.reasons).most_common(1)
            raise EvaluationFailed(f"{error}, most of them since: {reason}") from error
        return planned_path(item, found)

    def landscape(self, item: PlanningItem) -> RewardLandscape:
        """What a search of ``item``'s paths needs; its rewards are new samples each time a subset comes again.

        Raises:
            EvaluationFailed: if there is nobody to plan for.
        """
        if not item.profiles:
            raise EvaluationFailed(f"nobody to plan for: {item.query!r} comes without profiles")
        draw = _Draw(self._asking(item), f"{self.seed}|{item.query}")
        reasons: list[str] = []

        def reward(known: Subset) -> float:
            profile, rollout = draw(known)
            try:
                response = run(generate_response(self.respond, item.query, profile.only(known), rollout))
                return self.score(item.query, profile, response, rollout)
            except FATAL:
                raise
            except (EvaluationFailed, Unreadable, LMError) as error:
                reasons.append(str(error))
                raise EvaluationFailed(str(error)) from error

        return RewardLandscape(reward, _Once(lambda known: self._prior(item.query, known)), reasons)

    def _asking(self, item: PlanningItem) -> Sequence[Profile]:
        """The people to plan for."""
        if self.people == "all":
            return item.profiles
        return [item.profiles[int(_seeded(f"{self.seed}|{item.query}|who").integers(len(item.profiles)))]]

    def _prior(self, query: str, known: Subset) -> dict[str, float]:
        """Rank-based probabilities, 1/rank normalized; uniform if the ranking cannot be read."""
        rest = [name for name in current_vocabulary().names if name not in known]
        try:
            ranked = run(self._ranking(query, known, rest))
        except FATAL:
            raise
        except (Unreadable, LMError):
            ranked = []
        if not ranked:
            return dict.fromkeys(rest, 1.0 / len(rest))
        return _weights([*ranked, *(name for name in rest if name not in ranked)])

    def _ranking(self, query: str, known: Subset, rest: Sequence[str]) -> Script[list[str]]:
        told = "already asked: " + ", ".join(sorted(known)) if known else "(nothing is known about this person yet)"
        reply = yield Call(self.rank, {"query": query, "context": told, "candidates": ", ".join(rest)})
        named = [parse_attribute(part, rest) for part in re.split(r"[,;\n]", str(reply.ranking))]
        return list(dict.fromkeys(name for name in named if name))


def evidence(path: PlannedPath) -> PathResult:
    """What the search of ``path`` found, for ``Knowledge.learn``."""
    return PathResult(
        path.path,
        path.rating,
        path.evaluations,
        [(frozenset(names), reward) for names, reward in path.history],
        path.failures,
        _weights(path.ranking),
    )


class _Draw:
    """Whose turn it is, and for the how-manieth time.

    Each subset goes through all people, in an order of its own, before anyone comes again. The number goes by subset,
    not by person: people may be alike in what the subset tells, and their replies shall still be different samples.
    What is drawn for a subset depends on no other subset, so threads cannot change it.
    """

    def __init__(self, people: Sequence[Profile], seed: str) -> None:
        self._people, self._seed = people, seed
        self._lock = threading.Lock()
        self._drawn: Counter[Subset] = Counter()

    def __call__(self, known: Subset) -> tuple[Profile, int]:
        with self._lock:
            number = self._drawn[known]
            self._drawn[known] += 1
        turns = _seeded(f"{self._seed}|{','.join(_ordered(known))}").permutation(len(self._people))
        return self._people[int(turns[number % len(turns)])], number


class _Once:
    """A prior that is asked once for each subset, also when several threads want it at the same time."""

    def __init__(self, ask: Callable[[Subset], dict[str, float]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._known: dict[Subset, dict[str, float]] = {}

    def __call__(self, known: Subset) -> dict[str, float]:
        with self._lock:
            if known not in self._known:
                self._known[known] = self._ask(known)
            return self._known[known]


def _seeded(text: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


def planned_path(item: PlanningItem, found: PathResult) -> PlannedPath:
    """What a search found for ``item``, as it is stored."""
    return PlannedPath(
        query=item.query,
        path=found.path,
        value=round(found.value, 3),
        evaluations=found.evaluations,
        origin=item.origin,
        domain=item.domain,
        failures=found.failures,
        history=tuple((_ordered(subset), reward) for subset, reward in found.history),
        ranking=_order(found.ranking),
    )


def _ordered(names: Subset) -> tuple[str, ...]:
    return tuple(name for name in current_vocabulary().names if name in names)


def _weights(ranked: Sequence[str]) -> dict[str, float]:
    """1/rank, normalized."""
    total = sum(1.0 / rank for rank in range(1, len(ranked) + 1))
    return {name: 1.0 / rank / total for rank, name in enumerate(ranked, 1)}


def _order(weights: Mapping[str, float]) -> tuple[str, ...]:
    """Most likely first; empty if all are alike."""
    if len(set(weights.values())) < 2:
        return ()
    return tuple(sorted(weights, key=lambda name: -weights[name]))
