"""Budgets: each stopper stops at its limit and not before; what was spent before does not count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.jobs.budget import Budget, BudgetSpent, MaxCalls, MaxMinutes, MaxUsd, NoGain, OwnCalls, Stopper
from lms import Ledger, Role, RoleSettings
from lms.ledger import Usage
from signatures import RaiseError


def spend(ledger: Ledger, role: Role, calls: int, usd: float = 0.0) -> None:
    ledger.record(role, Usage(calls=calls, cost_usd=usd))


def test_calls_before_the_budget_was_opened_do_not_count() -> None:
    ledger = Ledger()
    spend(ledger, Role.TARGET, 90)
    budget = Budget(ledger, [MaxCalls(10)])
    spend(ledger, Role.JUDGE, 9)
    assert budget.reason() == ""
    spend(ledger, Role.USER, 1)
    assert budget.reason() == "10 LM calls are spent"
    with pytest.raises(BudgetSpent, match="10 LM calls"):
        budget.check()


def test_replies_from_the_store_are_free() -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxCalls(1)])
    ledger.record(Role.TARGET, Usage(reused=1000))
    assert budget.reason() == ""


def test_what_is_reserved_counts_as_spent() -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxCalls(100), MaxUsd(1.0)])
    budget.reserve(calls=60.2, usd=0.5)
    spend(ledger, Role.TARGET, 38)
    assert budget.reason() == ""
    spend(ledger, Role.TARGET, 1)
    assert budget.reason() == "100 LM calls are spent"


def test_a_role_has_its_own_limit() -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxUsd(1.0, Role.JUDGE), MaxCalls(5, Role.TEACHER)])
    spend(ledger, Role.TARGET, 50, usd=7.0)
    assert budget.reason() == ""
    spend(ledger, Role.JUDGE, 1, usd=1.0)
    assert budget.reason() == "US$ 1 of the judge are spent"


def test_minutes_go_by_the_clock() -> None:
    now = [0.0]
    budget = Budget(Ledger(), [MaxMinutes(2)], clock=lambda: now[0])
    now[0] = 119.0
    assert budget.reason() == ""
    now[0] = 120.0
    assert budget.reason() == "2 minutes are over"


def test_no_gain_looks_at_the_last_trials_only() -> None:
    budget = Budget(Ledger(), [NoGain(2, least=0.1)])
    for value in (1.0, 1.05, 1.2):
        budget.note(value)
        assert budget.reason() == ""
    budget.note(1.21)
    assert budget.reason() == ""  # 0.16 more than two trials ago
    budget.note(1.22)
    assert "hypervolume" in budget.reason()


def test_once_spent_it_stays_spent() -> None:
    budget = Budget(Ledger(), [NoGain(1, least=0.1)])
    for value in (1.0, 1.0, 5.0):
        budget.note(value)
        budget.reason()
    assert budget.reason()


def test_no_limit_in_money_without_a_price() -> None:
    roles = {
        Role.TARGET: RoleSettings(model="openai/no-such-model-at-all"),
        Role.JUDGE: RoleSettings(model="sim/judge"),
    }
    with pytest.raises(RaiseError, match="no-such-model"):
        MaxUsd(1.0).check(roles)
    MaxUsd(1.0, Role.JUDGE).check(roles)


def test_a_call_without_a_price_ends_a_job_that_is_limited_in_money() -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxUsd(1.0)])
    ledger.record(Role.TARGET, Usage(calls=1, unpriced=1))
    assert budget.reason() == "the price of 1 LM calls is not known"


def test_enforced_limits_forbid_the_next_call_and_nothing_outside_the_block() -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxCalls(10), MaxMinutes(1)])
    budget.reserve(calls=4, usd=0)
    spend(ledger, Role.TARGET, 5)
    with budget.enforced():
        ledger.admit()
        spend(ledger, Role.TARGET, 1)
        with pytest.raises(BudgetSpent, match="10 LM calls"):
            ledger.admit()  # what is reserved counts, until the result is measured
        budget.measure_result()
        ledger.admit()
        spend(ledger, Role.TARGET, 4)
        with pytest.raises(BudgetSpent):
            ledger.admit()
    ledger.admit()


@given(st.integers(0, 50), st.integers(0, 60))
def test_what_is_affordable_is_within_the_limit(spent: int, more: int) -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxCalls(50), MaxCalls(1, Role.TEACHER)])
    spend(ledger, Role.TARGET, spent)
    assert budget.affords(more, 0.0) is (spent + more <= 50)


def test_the_account_has_each_limit_and_what_was_spent_of_it_since_the_start() -> None:
    ledger, now = Ledger(), [0.0]
    spend(ledger, Role.TARGET, 7, usd=1.0)
    limits: list[Stopper] = [MaxCalls(10), MaxCalls(1, Role.JUDGE), MaxUsd(2.5), MaxMinutes(3)]
    budget = Budget(ledger, limits, clock=lambda: now[0])
    spend(ledger, Role.TARGET, 4, usd=0.5)
    spend(ledger, Role.JUDGE, 8, usd=0.25)
    now[0] = 90.0
    assert budget.account() == {
        "calls": {"limit": 10, "spent": 12},
        "usd": {"limit": 2.5, "spent": 0.75},
        "minutes": {"limit": 3, "spent": 1.5},
    }
    assert Budget(ledger).account() == {}


def test_a_jobs_own_calls_end_it_for_good_and_count_what_earlier_runs_measured_once_it_measures() -> None:
    ledger = Ledger()
    budget = Budget(ledger, [MaxCalls(20), OwnCalls(10, by="--budget small", measured=3)])
    spend(ledger, Role.TARGET, 8)
    assert budget.affords(2, 0.0)
    assert not budget.affords(3, 0.0)
    assert budget.account() == {"calls": {"limit": 10, "spent": 8}}
    with budget.enforced():
        ledger.admit()
        budget.measure_result()
        with pytest.raises(BudgetSpent, match="the LM calls of --budget small are spent"):
            ledger.admit()
    spend(ledger, Role.TARGET, 2)
    assert budget.reason() == "the LM calls of --budget small are spent"
    assert not budget.resumable
