"""Rate limits and budgets that several workers keep together."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.shared.allowances import SharedAllowance
from lms.shared.database import Database
from lms.shared.rates import AHEAD, LATE, SharedRate

ROOT = Path(__file__).parents[3]
RATE = 3000.0
SECONDS = 6.0
CALLER = """
import json, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from lms.shared.database import Database
from lms.shared.rates import SharedRate
place, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
limit, pause, begun, late = SharedRate(Database(place), "target", rate), threading.Event(), [], []
print("ready", flush=True)
over = time.time() + float(sys.stdin.readline())
def call(_):
    while time.time() < over:
        wait = limit.reserve()
        due = time.time() + wait
        pause.wait(wait)
        begun.append(time.time())
        late.append(begun[-1] - due)
with ThreadPoolExecutor(8) as pool:
    list(pool.map(call, range(8)))
print(json.dumps([begun, max(late)]))
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database."""
    opened = Database(database_url)
    yield opened
    opened.close()


def most_within(moments: list[float], seconds: float) -> int:
    """The most of sorted ``moments`` within any window of so many seconds."""
    most, first = 0, 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_two_processes_use_a_rate_limit_up_and_keep_it(database_url: str) -> None:
    """Half of the calls are each one's, near enough; together they are what the limit allows, less its margin."""
    command = [sys.executable, "-c", CALLER, database_url, str(RATE), str(SECONDS)]
    workers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{SECONDS}\n")
        worker.stdin.flush()
    begun, late = zip(*(json.loads(worker.communicate(timeout=300)[0]) for worker in workers), strict=True)
    moments = sorted(moment for each in begun for moment in each)
    both = [m for m in moments if max(each[0] for each in begun) <= m <= min(each[-1] for each in begun)]
    allowed = RATE / 60 * (both[-1] - both[0])
    assert len(both) <= allowed + 1
    if max(late) < LATE:  # else the machine is too busy to make so many calls
        assert len(both) >= 0.95 * allowed
    minute = most_within(both, SECONDS / 2) - (LATE + AHEAD) * RATE / 60  # no more than what may come late
    assert minute <= RATE / 60 * SECONDS / 2


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=st.floats(60, 100_000), takers=st.lists(st.integers(0, 3), min_size=1, max_size=40), name=st.uuids().map(str)
)
def test_no_place_is_given_twice(
    database: Database, database_url: str, rate: float, takers: list[int], name: str
) -> None:
    """Whoever takes them, and in whatever order: places are a gap apart by the database's clock."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        began = connection.execute("SELECT clock_timestamp()").fetchone()
        workers = [SharedRate(database, name, rate) for _ in range(4)]
        for taker in takers:
            assert workers[taker].reserve() >= 0
        free = connection.execute("SELECT free FROM raise.rates WHERE name = %s", (name,)).fetchone()
    assert began is not None
    assert free is not None
    assert (free[0] - began[0]).total_seconds() >= len(takers) * 60 / rate


def test_a_limit_that_nobody_uses_saves_nothing_up(database: Database, database_url: str) -> None:
    rate = SharedRate(database, "target", 60)
    rate.reserve()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE raise.rates SET free = free - interval '1 hour'")
    assert rate.reserve() == pytest.approx(0, abs=0.05)
    assert [rate.reserve() > 0.5 for _ in range(2)] == [True, True]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(1, 60), part=st.integers(1, 9), turns=st.lists(st.integers(0, 2), max_size=120),
    name=st.uuids().map(str),
)  # fmt: skip
def test_workers_together_spend_what_is_allowed_and_no_more(
    database: Database, limit: int, part: int, turns: list[int], name: str
) -> None:
    workers = [SharedAllowance(database, name, limit, part) for _ in range(3)]
    spent, refused = [0, 0, 0], [False, False, False]
    for turn in turns:
        if workers[turn].covers(spent[turn]):
            spent[turn] += 1
        else:
            refused[turn] = True
    assert sum(spent) <= limit
    if any(refused):
        assert sum(spent) > limit - 3 * part
    for worker, used in zip(workers[1:], spent[1:], strict=True):
        worker.leave(used)
    while workers[0].covers(spent[0]):
        spent[0] += 1
    assert sum(spent) == limit  # what the others left was to be had
    workers[0].leave(spent[0])
    again = SharedAllowance(database, name, limit, part)
    afresh = 0
    while again.covers(afresh):
        afresh += 1
    assert afresh == limit  # a new run has a new allowance
    again.leave(afresh)


def test_threads_spend_a_limit_exactly(database: Database) -> None:
    workers = [SharedAllowance(database, "calls", 100, 7) for _ in range(4)]

    def spend(worker: SharedAllowance) -> int:
        spent = 0
        while worker.covers(spent):
            spent += 1
        worker.leave(spent)
        return spent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, workers)) == 100
