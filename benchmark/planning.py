"""Offline planning over scenarios: which attributes are worth asking for the queries of a split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import dspy

from benchmark.judge import Judge
from benchmark.parallel import Progress, in_order
from benchmark.scenarios import Scenario
from benchmark.splits import sample
from lms import LanguageModels, Role
from modules import EvaluationFailed, OfflinePlanner, PathIndex, PlannedPath, PlanningItem
from modules.search import Strategy
from signatures import Profile, RaiseError


@dataclass(frozen=True)
class PlanSettings:
    """How to plan.

    Attributes:
        queries: how many queries to plan for, spread over situations.
        evaluations: rollouts a query; each is one answer and one judge call.
        depth: longest path.
        strategy: see ``modules.search.find_path``.
    """

    queries: int = 56
    evaluations: int = 15
    depth: int = 4
    strategy: Strategy = "lattice"


@dataclass(frozen=True)
class Plan:
    """Planned paths, and how many queries could not be planned because nothing about them could be scored."""

    paths: PathIndex
    failures: int


def planning_items(scenarios: Sequence[Scenario], queries: int, seed: int) -> list[PlanningItem]:
    """``queries`` distinct queries, each with all profiles of its situation: everyone who could have asked it."""
    people: dict[str, dict[str, Profile]] = defaultdict(dict)
    for scenario in scenarios:
        people[scenario.situation][scenario.profile_id] = scenario.profile
    distinct = {(s.situation, s.query): s for s in scenarios}
    chosen = sample(list(distinct.values()), queries, seed=seed)
    return [PlanningItem(s.query, tuple(people[s.situation].values()), s.situation) for s in chosen]


def plan(
    scenarios: Sequence[Scenario],
    settings: PlanSettings,
    *,
    models: LanguageModels,
    seed: int = 0,
    concurrency: int = 1,
    progress: Progress | None = None,
) -> Plan:
    """Plan paths for queries of ``scenarios`` with the target model as responder and the judge as reward.

    Raises:
        RaiseError: if no query could be planned.
    """
    judge = Judge(models[Role.JUDGE])

    def score(query: str, profile: Profile, response: str) -> float:
        verdict = judge(query, profile, response)
        if verdict.safety is None:
            raise EvaluationFailed(verdict.unscored)
        return verdict.safety

    planner = OfflinePlanner(
        score, depth=settings.depth, evaluations=settings.evaluations, strategy=settings.strategy, seed=seed
    )

    def job(item: PlanningItem) -> PlannedPath | None:
        try:
            return planner.plan(item)
        except EvaluationFailed:
            return None

    with dspy.context(lm=models[Role.TARGET], trace=[], disable_history=True):
        found = in_order(job, planning_items(scenarios, settings.queries, seed), concurrency, progress)
    paths = [path for path in found if path is not None]
    if not paths:
        raise RaiseError("no query could be planned: every evaluation failed; look at the judge and target models.")
    return Plan(PathIndex(paths), len(found) - len(paths))
