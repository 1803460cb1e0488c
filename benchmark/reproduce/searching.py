"""Choosing attributes for one user with the judge's help: all subsets, or the paper's tree searches.

A choice is made by answers and judgements of its own; what it is worth is measured on another sample of the answer.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import cast

import pandas as pd

from benchmark.evaluation.runner import setup_of
from benchmark.jobs.journal import Row
from benchmark.reproduce.context import Choice, Lab, unscored
from benchmark.scenarios.scenario import Scenario, content_id
from modules import EvaluationFailed, OfflinePlanner, PartialContext, PlanningItem, find_path
from modules.search import Reward, Strategy, Subset
from signatures import ATTRIBUTE_NAMES

EFFORT = "(effort) "
"""Begins the condition of rows that only count the replies a choice has cost; tables leave them out."""


def subsets_tried(lab: Lab, scenarios: Sequence[Scenario], size: int) -> tuple[pd.DataFrame, dict[str, Choice]]:
    """Every subset of ``size`` attributes, for every user.

    Returns:
        One row a user with the best score seen (condition ``oracle, best score``, as the paper counts it: partly the
        luck of the best of many), and scenario id -> the subset that had it.
    """
    best: dict[str, tuple[float, Row, Choice]] = {}
    replies = []
    reason = dict.fromkeys((s.id for s in scenarios), "no subset could be scored")
    quiet = replace(lab, progress=lambda stage, done, total: None)
    subsets = list(combinations(ATTRIBUTE_NAMES, size))
    for number, subset in enumerate(subsets, 1):
        for row in cast(list[Row], quiet.measured("", PartialContext(subset), scenarios).to_dict(orient="records")):
            replies.append({**row, "safety": None, "condition": f"{EFFORT}oracle"})
            name = str(row["scenario_id"])
            if row["unscored"]:
                reason[name] = f"no subset could be scored, at last since: {row['unscored']}"
            elif name not in best or row["safety"] > best[name][0]:
                best[name] = (row["safety"], row, subset)
        lab.progress("trying all subsets", number, len(subsets))
    found = [{**row, "condition": "oracle, best score", "replies": {}} for _, row, _ in best.values()]
    missing = [s for s in scenarios if s.id not in best]
    parts = [pd.DataFrame(found), pd.DataFrame(replies)]
    parts += [unscored("oracle, best score", [s], reason[s.id]) for s in missing]
    chosen: dict[str, Choice] = {name: subset for name, (_, _, subset) in best.items()}
    return pd.concat([p for p in parts if len(p)], ignore_index=True), {s.id: reason[s.id] for s in missing} | chosen


def searched(
    lab: Lab, scenarios: Sequence[Scenario], strategy: Strategy, *, depth: int, budgets: Sequence[int]
) -> tuple[dict[int, dict[str, Choice]], pd.DataFrame]:
    """The paths that ``strategy`` finds for every user alone (as the paper plans) with each budget of rollouts.

    A search with few rollouts is the beginning of one with many, so the rewards are paid for once.

    Returns:
        budget -> scenario id -> path, best first, or why there is none; and one row a user with the replies used.
    """
    planner = OfflinePlanner(lab.judge.score, depth=depth, strategy=strategy, seed=lab.seed, people="one")
    setup = content_id(
        "tree search", setup_of(PartialContext(()), lab.models, lab.judge), planner.rank.signature.instructions,
        strategy, depth, list(budgets), lab.seed,
    )  # fmt: skip

    def job(scenario: Scenario) -> Row:
        key = content_id(setup, scenario.id)
        row = lab.store.get(key)
        if row is None:
            with lab.models.ledger.scope() as tally:
                paths = _paths(planner, scenario, strategy, budgets)
            row = {"paths": paths, "replies": tally.replies()}
            if not any(isinstance(path, str) for path in paths.values()):
                lab.store.put(key, row)  # failures are tried again next time
        return row

    rows = lab.each(f"{strategy} search", job, scenarios)
    found: dict[int, dict[str, Choice]] = {
        budget: {
            s.id: path if isinstance(path := row["paths"][str(budget)], str) else tuple(path)
            for s, row in zip(scenarios, rows, strict=True)
        }
        for budget in budgets
    }
    effort = unscored(f"{EFFORT}{strategy}", scenarios, "")
    return found, effort.assign(replies=[row["replies"] for row in rows])


def _paths(
    planner: OfflinePlanner, scenario: Scenario, strategy: Strategy, budgets: Sequence[int]
) -> dict[str, list[str] | str]:
    """Budget -> path, or why there is none."""
    place = planner.landscape(PlanningItem(scenario.query, (scenario.profile,), scenario.situation, scenario.domain))
    outcomes: list[float | str] = []

    def path(reward: Reward, budget: int) -> list[str] | str:
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
        return list(found.path)

    longest = path(_recorded(place.reward, outcomes), max(budgets))
    shorter = {str(budget): path(_replayed(outcomes), budget) for budget in budgets if budget < max(budgets)}
    return {**shorter, str(max(budgets)): longest}


def _recorded(reward: Reward, outcomes: list[float | str]) -> Reward:
    """``reward``, with what came of it noted."""

    def noted(known: Subset) -> float:
        try:
            outcomes.append(reward(known))
        except EvaluationFailed as error:
            outcomes.append(str(error))
            raise
        return float(outcomes[-1])

    return noted


def _replayed(outcomes: Sequence[float | str]) -> Reward:
    """What ``_recorded`` noted, from the beginning."""
    left = iter(outcomes)

    def again(known: Subset) -> float:
        outcome = next(left)
        if isinstance(outcome, str):
            raise EvaluationFailed(outcome)
        return outcome

    return again
