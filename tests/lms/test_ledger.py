"""The ledger counts every call once: overall and in the scopes around it, under threads and tasks."""

import asyncio
import contextvars
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms import Ledger, Role, Usage

COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    Usage, calls=COUNTS, reused=COUNTS, failures=COUNTS, input_tokens=COUNTS, output_tokens=COUNTS, unpriced=COUNTS
)
ONE = Usage(calls=1, input_tokens=10, output_tokens=2, cost_usd=0.25)


@given(st.lists(st.tuples(st.sampled_from(Role), USAGES), max_size=20))
def test_a_role_s_usage_is_the_sum_of_its_records(records: list[tuple[Role, Usage]]) -> None:
    ledger = Ledger()
    for role, usage in records:
        ledger.record(role, usage)
    tally = ledger.snapshot()
    for name in asdict(Usage()):
        for role in Role:
            expected = sum(getattr(usage, name) for r, usage in records if r is role)
            assert getattr(tally.roles.get(role, Usage()), name) == expected
        assert getattr(tally.total(), name) == sum(getattr(usage, name) for _, usage in records)


def test_roles_that_made_no_call_are_left_out() -> None:
    ledger = Ledger()
    ledger.record(Role.JUDGE, Usage(calls=2))
    ledger.record(Role.USER, Usage(reused=3, failures=1))
    assert ledger.snapshot().calls() == {"judge": 2}


def test_a_snapshot_stays_as_it_was() -> None:
    ledger = Ledger()
    ledger.record(Role.TARGET, ONE)
    before = ledger.snapshot()
    ledger.record(Role.TARGET, ONE)
    before.add(Role.TARGET, Usage(calls=100))
    assert (before.total().calls, ledger.snapshot().total().calls) == (101, 2)


def test_a_usage_that_was_recorded_may_change_without_changing_the_ledger() -> None:
    ledger, usage = Ledger(), Usage(calls=1)
    ledger.record(Role.TARGET, usage)
    usage.calls = 50
    assert ledger.snapshot().total().calls == 1


def test_scopes_nest() -> None:
    ledger = Ledger()
    ledger.record(Role.TARGET, ONE)
    with ledger.scope() as outer:
        ledger.record(Role.TARGET, ONE)
        with ledger.scope() as inner:
            ledger.record(Role.TARGET, ONE)
        ledger.record(Role.TARGET, ONE)
    ledger.record(Role.TARGET, ONE)
    assert [t.calls()["target"] for t in (inner, outer, ledger.snapshot())] == [1, 3, 5]


def test_a_scope_ends_with_its_block_even_after_an_error() -> None:
    ledger = Ledger()

    def episode() -> None:
        ledger.record(Role.USER, ONE)
        raise ValueError

    with ledger.scope() as outer:
        with pytest.raises(ValueError), ledger.scope() as inner:  # noqa: PT011  any error will do
            episode()
        ledger.record(Role.USER, ONE)
    assert (inner.total().calls, outer.total().calls) == (1, 2)


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as the interpreter can, so that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
def test_nothing_is_lost_or_doubled_under_threads() -> None:
    ledger, threads, each = Ledger(), 8, 4000

    def work(role: Role) -> int:
        with ledger.scope() as mine:
            for _ in range(each):
                ledger.record(role, ONE)
        return mine.total().calls

    roles = [Role.TARGET, Role.JUDGE] * (threads // 2)
    with ledger.scope() as whole, ThreadPoolExecutor(threads) as pool:
        tasks = [pool.submit(contextvars.copy_context().run, work, role) for role in roles]
        assert [task.result() for task in tasks] == [each] * threads
    # 8 threads x 4000 records, half of them each role's; 0.25 sums without rounding
    for tally in (whole, ledger.snapshot()):
        assert tally.calls() == {"judge": 16_000, "target": 16_000}
        assert tally.total() == Usage(calls=32_000, input_tokens=320_000, output_tokens=64_000, cost_usd=8000.0)


def test_tasks_of_one_loop_keep_their_scopes_apart() -> None:
    ledger = Ledger()

    async def episode(calls: int) -> int:
        with ledger.scope() as mine:
            for _ in range(calls):
                await asyncio.sleep(0)  # lets the other tasks run in between
                ledger.record(Role.TARGET, ONE)
        return mine.total().calls

    async def both() -> list[int]:
        return list(await asyncio.gather(episode(3), episode(5)))

    assert asyncio.run(both()) == [3, 5]
    assert ledger.snapshot().total().calls == 8
