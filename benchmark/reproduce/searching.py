"""Choosing attributes for one user with the judge's help: all subsets, or the paper's tree searches.

A choice is made by answers and judgements of its own; what it is worth is measured on another sample of the answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import cast

import pandas as pd
from pydantic import BaseModel, ConfigDict

from benchmark.evaluation.runner import setup_of
from benchmark.jobs.journal import Row
from benchmark.jobs.progress import Progress, ignore_progress
from benchmark.jobs.resume import Failure, Unstarted, resume_models
from benchmark.reproduce.context import Choice, TargetContext
from benchmark.scenarios.scenario import Scenario
from lms import Role
from modules import EvaluationFailed, OfflinePlanner, PartialContext, PlanningItem, find_path
from modules.search import Reward, Strategy, Subset
from signatures import ATTRIBUTE_NAMES
from signatures.identity import content_id

EFFORT = "(effort) "
"""Begins the condition of rows that only count the replies a choice has cost; tables leave them out."""


def try_subsets(
    context: TargetContext, scenarios: Sequence[Scenario], size: int
) -> tuple[pd.DataFrame, dict[str, Choice]]:
    """Every subset of ``size`` attributes, for every user.

    Returns:
        One row a user with the best score seen (condition ``oracle, best score``, as the paper counts it: partly the
        luck of the best of many), and scenario id -> the subset that had it.
    """
    best: dict[str, tuple[float, Row, Choice]] = {}
    replies = []
    reason = dict.fromkeys((s.id for s in scenarios), "no subset could be scored")
    quiet = replace(context, progress=ignore_progress)
    subsets = list(combinations(ATTRIBUTE_NAMES, size))
    for number, subset in enumerate(subsets, 1):
        for row in cast(list[Row], quiet.measure("", PartialContext(subset), scenarios).to_dict(orient="records")):
            replies.append({**row, "safety": None, "condition": f"{EFFORT}oracle"})
            name = str(row["scenario_id"])
            if row["unscored"]:
                reason[name] = f"no subset could be scored, at last since: {row['unscored']}"
            elif name not in best or row["safety"] > best[name][0]:
                best[name] = (row["safety"], row, subset)
        context.progress(Progress("trying all subsets", number, len(subsets)))
    found = [{**row, "condition": "oracle, best score", "replies": {}} for _, row, _ in best.values()]
    missing = [s for s in scenarios if s.id not in best]
    parts = [pd.DataFrame(found), pd.DataFrame(replies)]
    parts += [context.without_score("oracle, best score", [s], reason[s.id]) for s in missing]
    chosen: dict[str, Choice] = {name: subset for name, (_, _, subset) in best.items()}
    return pd.concat([p for p in parts if len(p)], ignore_index=True), {s.id: reason[s.id] for s in missing} | chosen


def search_paths(
    context: TargetContext, scenarios: Sequence[Scenario], strategy: Strategy, *, depth: int, budgets: Sequence[int]
) -> tuple[dict[int, dict[str, Choice]], pd.DataFrame]:
    """The paths that ``strategy`` finds for every user alone (as the paper plans) with each budget of rollouts.

    A search with few rollouts is the beginning of one with many, so the rewards are paid for once.

    Returns:
        budget -> scenario id -> path, best first, or why there is none; and one row a user with the replies used.
    """
    planner = OfflinePlanner(context.judge.score, depth=depth, strategy=strategy, seed=context.seed, people="one")
    setup = content_id(
        "tree search", setup_of(PartialContext(()), context.models, context.judge), planner.rank.signature.instructions,
        strategy, depth, list(budgets), context.seed,
    )  # fmt: skip

    def search(scenario: Scenario) -> SearchedPaths:
        with context.models.ledger.scope() as tally:
            paths = _paths(planner, scenario, strategy, budgets)
        return SearchedPaths(paths=paths, replies=tally.replies())

    job = resume_models(
        SearchedPaths,
        context.store,
        keep=lambda found: not any(isinstance(path, str) for path in found.paths.values()),
    )
    with context.models.context(Role.TARGET):
        done = job.run_all(
            scenarios,
            lambda scenario: content_id(setup, scenario.row()),
            search,
            concurrency=context.concurrency,
            progress=context.progress,
            stage=f"{strategy} search",
        )
    rows = [_or_reason(one, budgets) for one in done]
    found: dict[int, dict[str, Choice]] = {
        budget: {s.id: row.paths[budget] for s, row in zip(scenarios, rows, strict=True)} for budget in budgets
    }
    effort = context.without_score(f"{EFFORT}{strategy}", scenarios, "")
    return found, effort.assign(replies=pd.Series([row.replies for row in rows], dtype=object))


class SearchedPaths(BaseModel):
    """What a tree search found for one user.

    Attributes:
        paths: budget of rollouts -> path, best first, or why there is none.
        replies: role -> LM replies used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    paths: dict[int, Choice]
    replies: dict[str, int] = {}


def _or_reason(done: SearchedPaths | Failure | Unstarted, budgets: Sequence[int]) -> SearchedPaths:
    """The paths, or for each budget why there are none."""
    if isinstance(done, SearchedPaths):
        return done
    return SearchedPaths(paths=dict.fromkeys(budgets, done.reason))


def _paths(
    planner: OfflinePlanner, scenario: Scenario, strategy: Strategy, budgets: Sequence[int]
) -> dict[int, Choice]:
    """Budget -> path, or why there is none."""
    place = planner.landscape(PlanningItem(scenario.query, (scenario.profile,), scenario.situation, scenario.domain))
    outcomes: list[float | str] = []

    def path(reward: Reward, budget: int) -> Choice:
        try:
            found = find_path(
                reward,
                ATTRIBUTE_NAMES,
                depth=planner.depth,
                evaluations=budget,
                strategy=strategy,
                prior=place.prior if strategy == "guided" else None,
                seed=planner.seed,
            )
        except EvaluationFailed as error:
            return f"{error}, at last since: {place.reasons[-1]}"
        return tuple(found.path)

    longest = path(_record_rewards(place.reward, outcomes), max(budgets))
    shorter = {budget: path(_replay_rewards(outcomes), budget) for budget in budgets if budget < max(budgets)}
    return {**shorter, max(budgets): longest}


def _record_rewards(reward: Reward, outcomes: list[float | str]) -> Reward:
    """``reward``, with what came of it noted."""

    def noted(known: Subset) -> float:
        try:
            outcomes.append(reward(known))
        except EvaluationFailed as error:
            outcomes.append(str(error))
            raise
        return float(outcomes[-1])

    return noted


def _replay_rewards(outcomes: Sequence[float | str]) -> Reward:
    """What ``_record_rewards`` noted, from the beginning."""
    left = iter(outcomes)

    def again(known: Subset) -> float:
        outcome = next(left)
        if isinstance(outcome, str):
            raise EvaluationFailed(outcome)
        return outcome

    return again
