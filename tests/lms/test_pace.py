"""Calls at once: the limit finds what an endpoint bears, whatever that is, and no call is lost on the way."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dspy.utils.exceptions import LMRateLimitError, LMServerError, LMTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Scenario, evaluate
from benchmark.jobs.progress import Progress
from lms import LanguageModels, Role
from lms.pace import FALL, FIRST, Pace
from lms.stopping import STOP, Stopped
from modules import Vanilla
from tests.lms.real import over_http
from tests.servers.openai_server import Body, Fault, OpenAIServer, stand_in


def adapting(most: int = 128) -> Pace:
    pace = Pace()
    pace.adapt(most)
    return pace


def one_round(pace: Pace, capacity: int) -> None:
    """As many calls at the same time as the limit allows, of which the endpoint refuses those above ``capacity``."""
    calls = [pace.call() for _ in range(pace.limit or 0)]
    for call in calls:
        call.__enter__()
    for i, call in enumerate(calls):
        error = LMRateLimitError("slow down", model="m") if i >= capacity else None
        assert not call.__exit__(type(error) if error else None, error, None)


def run_rounds(pace: Pace, capacity: int, rounds: int) -> list[int]:
    limits = []
    for _ in range(rounds):
        one_round(pace, capacity)
        limits.append(pace.limit or 0)
    return limits


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 60))
def test_the_limit_settles_at_what_the_endpoint_bears(capacity: int) -> None:
    pace = adapting()
    run_rounds(pace, capacity, 30)
    settled = run_rounds(pace, capacity, 30)
    assert max(1, int(capacity * FALL) - 1) <= min(settled)
    assert max(settled) <= capacity + 2


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 100), st.integers(1, 30))
def test_the_limit_stays_within_its_bounds(most: int, rounds: int) -> None:
    limits = run_rounds(adapting(most), 10**6, rounds)
    assert all(1 <= limit <= most for limit in limits)
    assert limits == sorted(limits)  # nothing was refused


@pytest.mark.parametrize("error", [LMRateLimitError("slow", model="m"), LMTimeoutError("late", model="m")], ids=str)
def test_several_refusals_of_one_moment_count_once(error: Exception) -> None:
    pace = adapting()
    calls = [pace.call() for _ in range(FIRST)]
    for call in calls:
        call.__enter__()
    for call in calls:
        assert not call.__exit__(type(error), error, None)  # not swallowed
    assert pace.limit == int(FIRST * FALL)


def test_other_errors_say_nothing_about_the_limit() -> None:
    pace = adapting()
    with pytest.raises(LMServerError), pace.call():
        raise LMServerError("down", model="m")
    assert pace.limit == FIRST


def test_without_adapting_there_is_no_limit() -> None:
    pace = Pace()
    calls = [pace.call() for _ in range(500)]
    for call in calls:
        call.__enter__()
    assert pace.limit is None


def test_a_thread_that_waits_for_room_can_be_stopped() -> None:
    pace = adapting(1)
    waiting = threading.Event()

    def wait() -> None:
        waiting.set()
        with pytest.raises(Stopped), pace.call():
            raise AssertionError("there was no room")

    with pace.call(), ThreadPoolExecutor(1) as pool:
        task = pool.submit(wait)
        waiting.wait(30)
        STOP.ask()
        try:
            task.result()
        finally:
            STOP.withdraw()


def test_tasks_keep_to_the_limit_too() -> None:
    pace, flying, most = adapting(3), [0], [0]

    async def ask() -> None:
        async with pace.acall():
            flying[0] += 1
            most[0] = max(most[0], flying[0])
            await asyncio.sleep(0)
            flying[0] -= 1

    async def ask_all() -> None:
        await asyncio.gather(*(ask() for _ in range(20)))

    asyncio.run(ask_all())
    assert most == [3]


class Busy:
    """A server's capacity: refuses whatever comes while ``capacity`` requests are being answered."""

    def __init__(self, capacity: int) -> None:
        self.capacity, self.flying, self.refused = capacity, 0, 0
        self._lock, self._never = threading.Lock(), threading.Event()

    def fault(self, index: int, body: Body) -> Fault | None:
        with self._lock:
            if self.flying >= self.capacity:
                self.refused += 1
                return Fault.RATE_LIMITED
            self.flying += 1
            return None

    def answer(self, body: Body) -> str:
        self._never.wait(0.03)  # answering takes its time
        with self._lock:
            self.flying -= 1
        return stand_in(body)


def run_on(busy: Busy | None, scenarios: list[Scenario]) -> tuple[LanguageModels, list[dict[Any, Any]], list[str]]:
    """The figures of an evaluation with as many calls at once as the server bears."""
    notes: list[str] = []

    def note(report: Progress) -> None:
        notes.append(report.note)

    with OpenAIServer(busy.answer if busy else stand_in, faults=busy.fault if busy else ()) as server:
        models = over_http(server.url, retries=8)
        concurrency = models.adapt_concurrency() if busy else 1
        found = evaluate(Vanilla(), scenarios, models=models, name="x", concurrency=concurrency, progress=note)
    return models, found.frame[["scenario_id", "safety", "response", "unscored"]].to_dict("records"), notes


def test_no_scenario_is_lost_at_a_server_that_refuses_above_its_capacity(test_scenarios: list[Scenario]) -> None:
    busy, scenarios = Busy(4), test_scenarios[:30]
    models, figures, notes = run_on(busy, scenarios)
    assert figures == run_on(None, scenarios)[1]  # whatever the order of the calls
    limit = models[Role.TARGET].engine.pace.limit
    assert 2 <= limit <= 3 * busy.capacity  # what is on its way to the server or back is no load to it
    assert models[Role.JUDGE].engine.pace is models[Role.TARGET].engine.pace  # one endpoint, one limit
    assert busy.refused
    assert notes[-1] == f"{limit} calls at once"
