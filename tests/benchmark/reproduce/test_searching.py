"""Choosing attributes for one user: the same paths as separate searches, and choices that are measured again."""

from dataclasses import replace
from typing import Any

import pytest

from benchmark import Scenario, build_authored, split
from benchmark.jobs.journal import Journal, RowsInMemory
from benchmark.jobs.progress import ignore_progress
from benchmark.planning.planning import PlanSettings
from benchmark.reproduce.context import AGAIN, Choice, TargetContext, replies_of
from benchmark.reproduce.searching import EFFORT, search_paths, try_subsets
from lms import LanguageModels, Role, RoleSettings
from modules import PartialContext
from modules.search import Strategy
from tests.benchmark.scripted import listen

FEW = 3


def bench(judge: str = "sim/judge", **more: Any) -> TargetContext:
    data = build_authored()
    models = LanguageModels({Role.JUDGE: RoleSettings(model=judge, temperature=0.0)})
    context = TargetContext(
        models, split(data, "train"), split(data, "test"), Journal(), 0, 0, 1, PlanSettings(7, 2), (2, 4), 1,
        ignore_progress,
    )  # fmt: skip
    return replace(context, **more)


@pytest.fixture
def users(test_scenarios: list[Scenario]) -> list[Scenario]:
    return test_scenarios[:FEW]


@pytest.mark.parametrize("strategy", ["uct", "guided"])
def test_a_search_with_few_rollouts_is_the_beginning_of_one_with_many(
    strategy: Strategy, users: list[Scenario]
) -> None:
    together, rows = search_paths(bench(), users, strategy, depth=3, budgets=(3, 7, 12))
    for budget in (3, 7, 12):
        alone, _ = search_paths(bench(), users, strategy, depth=3, budgets=(budget,))
        assert together[budget] == alone[budget]
    assert rows["condition"].unique().tolist() == [f"{EFFORT}{strategy}"]
    assert replies_of(rows)["judge"] >= 12 * FEW  # paid for once, not once a budget
    assert replies_of(rows)["judge"] < 14 * FEW


def test_a_finished_search_is_not_done_again(users: list[Scenario]) -> None:
    store = Journal()
    first, rows = search_paths(bench(store=store), users, "uct", depth=3, budgets=(2, 4))
    other = bench(store=store)
    asked = listen(other.models, Role.TARGET)
    second, again = search_paths(other, users, "uct", depth=3, budgets=(2, 4))
    assert (second, asked) == (first, [])
    assert again["replies"].tolist() == rows["replies"].tolist()


def test_a_search_in_which_nothing_could_be_scored_says_so_and_is_tried_again(users: list[Scenario]) -> None:
    context = bench(judge="sim/judge?misread=1")
    found, _ = search_paths(context, users, "uct", depth=3, budgets=(2,))
    reason = found[2][users[0].id]
    assert isinstance(reason, str)
    assert "readable grades" in reason
    rows = context.answer("uct 2", found[2], users)
    assert rows["safety"].isna().all()
    assert rows["unscored"].tolist() == [found[2][user.id] for user in users]
    assert isinstance(context.store._rows, RowsInMemory)
    assert context.store._rows._rows == {}


def test_the_best_subset_has_the_best_score_and_is_answered_again(users: list[Scenario]) -> None:
    context = bench()
    rows, chosen = try_subsets(context, users, 1)
    best = rows[rows["condition"] == "oracle, best score"]
    singles = {name: context.measure("", PartialContext([name]), users) for name in ("age", "emotional_state")}
    for user in users:
        [score] = best.loc[best["scenario_id"] == user.id, "safety"]
        for single in singles.values():
            assert score >= single.loc[single["scenario_id"] == user.id, "safety"].item()
        assert len(chosen[user.id]) == 1
    asked = listen(context.models, Role.TARGET)
    context.answer("oracle", chosen, users)
    assert {prompt.rollout for prompt in asked} == {AGAIN * 1009}
    # effort rows count every answer that was tried
    assert replies_of(rows)["target"] >= 10 * FEW


def test_answers_come_back_in_the_order_of_their_scenarios(users: list[Scenario]) -> None:
    choices: list[Choice] = [("age",), "nobody to ask", ("gender",)]
    ways = dict(zip((u.id for u in users), choices, strict=True))
    rows = bench().answer("x", ways, users)
    assert rows["scenario_id"].tolist() == [user.id for user in users]
    assert rows["unscored"].tolist() == ["", "nobody to ask", ""]


def test_parts_hand_over_what_they_name_and_nothing_else(users: list[Scenario]) -> None:
    context = bench()
    asked = listen(context.models, Role.TARGET)
    context.measure("x", PartialContext(("profession", "age")), users[:1])
    known = users[0].profile.known()
    assert known["profession"] in asked[0].text
    assert known["emotional_state"] not in asked[0].text
