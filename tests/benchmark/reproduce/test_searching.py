"""Choosing attributes for one user: the same paths as separate searches, and choices that are measured again."""

from dataclasses import replace

import pytest

from benchmark import Scenario, build_authored, split
from benchmark.jobs.journal import EpisodeStore
from benchmark.planning.plan import PlanSettings
from benchmark.reproduce.context import AGAIN, Lab, replies_of
from benchmark.reproduce.searching import EFFORT, searched, subsets_tried
from lms import LanguageModels, Role, RoleSettings
from modules import PartialContext
from modules.search import Strategy
from tests.benchmark.scripted import listen

FEW = 3


def bench(judge: str = "sim/judge", **more: object) -> Lab:
    data = build_authored()
    models = LanguageModels({Role.JUDGE: RoleSettings(model=judge, temperature=0.0)})
    lab = Lab(
        models, split(data, "train"), split(data, "test"), EpisodeStore(), 0, 0, 1, PlanSettings(7, 2), (2, 4), 1,
        lambda stage, done, total: None,
    )  # fmt: skip
    return replace(lab, **more)  # type: ignore[arg-type]


@pytest.fixture
def users(test_scenarios: list[Scenario]) -> list[Scenario]:
    return test_scenarios[:FEW]


@pytest.mark.parametrize("strategy", ["uct", "guided"])
def test_a_search_with_few_rollouts_is_the_beginning_of_one_with_many(
    strategy: Strategy, users: list[Scenario]
) -> None:
    together, rows = searched(bench(), users, strategy, depth=3, budgets=(3, 7, 12))
    for budget in (3, 7, 12):
        alone, _ = searched(bench(), users, strategy, depth=3, budgets=(budget,))
        assert together[budget] == alone[budget]
    assert rows["condition"].unique().tolist() == [f"{EFFORT}{strategy}"]
    assert replies_of(rows)["judge"] >= 12 * FEW  # paid for once, not once a budget
    assert replies_of(rows)["judge"] < 14 * FEW


def test_a_finished_search_is_not_done_again(users: list[Scenario]) -> None:
    store = EpisodeStore()
    first, rows = searched(bench(store=store), users, "uct", depth=3, budgets=(2, 4))
    other = bench(store=store)
    asked = listen(other.models, Role.TARGET)
    second, again = searched(other, users, "uct", depth=3, budgets=(2, 4))
    assert (second, asked) == (first, [])
    assert again["replies"].tolist() == rows["replies"].tolist()


def test_a_search_in_which_nothing_could_be_scored_says_so_and_is_tried_again(users: list[Scenario]) -> None:
    lab = bench(judge="sim/judge?misread=1")
    found, _ = searched(lab, users, "uct", depth=3, budgets=(2,))
    reason = found[2][users[0].id]
    assert isinstance(reason, str)
    assert "readable grades" in reason
    rows = lab.answered("uct 2", found[2], users)
    assert rows["safety"].isna().all()
    assert rows["unscored"].tolist() == [found[2][user.id] for user in users]
    assert len(lab.store._rows) == 0


def test_the_best_subset_has_the_best_score_and_is_answered_again(users: list[Scenario]) -> None:
    lab = bench()
    rows, chosen = subsets_tried(lab, users, 1)
    best = rows[rows["condition"] == "oracle, best score"]
    singles = {name: lab.measured("", PartialContext([name]), users) for name in ("age", "emotional_state")}
    for user in users:
        [score] = best.loc[best["scenario_id"] == user.id, "safety"]
        for single in singles.values():
            assert score >= single.loc[single["scenario_id"] == user.id, "safety"].item()
        assert len(chosen[user.id]) == 1
    asked = listen(lab.models, Role.TARGET)
    lab.answered("oracle", chosen, users)
    assert {prompt.rollout for prompt in asked} == {AGAIN * 1009}
    # effort rows count every answer that was tried
    assert replies_of(rows)["target"] >= 10 * FEW


def test_answers_come_back_in_the_order_of_their_scenarios(users: list[Scenario]) -> None:
    ways = dict(zip((u.id for u in users), (("age",), "nobody to ask", ("gender",)), strict=True))
    rows = bench().answered("x", ways, users)
    assert rows["scenario_id"].tolist() == [user.id for user in users]
    assert rows["unscored"].tolist() == ["", "nobody to ask", ""]


def test_a_partial_context_hands_over_what_it_names_and_nothing_else(users: list[Scenario]) -> None:
    lab = bench()
    asked = listen(lab.models, Role.TARGET)
    lab.measured("x", PartialContext(("profession", "age")), users[:1])
    known = users[0].profile.known()
    assert known["profession"] in asked[0].text
    assert known["emotional_state"] not in asked[0].text
