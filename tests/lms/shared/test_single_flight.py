"""Single flight over processes: no two workers on one database ever pay for the same call."""

import itertools
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark import Scenario, evaluate
from lms.shared.database import Database
from lms.shared.replies import LEASE, SharedReplies
from modules import RAISE
from tests.lms.real import FIGURES, over_http
from tests.servers.openai_server import Body, OpenAIServer
from tests.servers.postgres import PostgresServer

ROOT = Path(__file__).parents[3]
WORKERS = 4
PATIENCE = 300
"""Seconds after which a wait counts as a hang; a busy machine takes minutes to start four processes."""
numbers = itertools.count()
Lists = list[list[int]]


class Worker:
    """A process of ``tests.lms.shared.asking``."""

    def __init__(self, url: str, database: str, lease: float) -> None:
        command = [sys.executable, "-m", "tests.lms.shared.asking", url, database, str(lease)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, questions: list[str]) -> list[str]:
        """The replies to ``questions``; none if the process was killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(questions) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return list(json.loads(line)) if line else []


@contextmanager
def worker(url: str, database: str, lease: float = LEASE) -> Iterator[Worker]:
    """A running worker."""
    made = Worker(url, database, lease)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.communicate()


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    """Says which question it was asked."""
    with OpenAIServer(lambda body: f"reply to {body['messages'][-1]['content']}") as running:
        yield running


@pytest.fixture(scope="module")
def workers(server: OpenAIServer, postgres_server: PostgresServer) -> Iterator[list[Worker]]:
    """Four processes on one database."""
    database = postgres_server.make_database()
    with ExitStack() as stack:
        yield [stack.enter_context(worker(server.url, database)) for _ in range(WORKERS)]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(st.lists(st.integers(0, 6), max_size=10), min_size=WORKERS, max_size=WORKERS))
def test_four_processes_ask_for_each_reply_once(wanted: Lists, workers: list[Worker], server: OpenAIServer) -> None:
    example, before = next(numbers), len(server.requests)
    questions = [[f"{example}: {number}" for number in numbers_] for numbers_ in wanted]
    with ThreadPoolExecutor(WORKERS) as pool:
        replies = list(pool.map(lambda pair: pair[0].ask(pair[1]), zip(workers, questions, strict=True)))
    assert replies == [[f"reply to {question}" for question in asked] for asked in questions]
    asked = Counter(received.body["messages"][-1]["content"] for received in server.requests[before:])
    assert asked == Counter({question for each in questions for question in each})


def test_the_calls_of_a_killed_process_are_taken_over(postgres_server: PostgresServer) -> None:
    """It is asked again what was in flight there, and nothing else."""
    database, held, answering = postgres_server.make_database(), threading.Event(), threading.Event()

    def answer(body: Body) -> str:
        question = str(body["messages"][-1]["content"])
        if question == "held" and not held.is_set():
            held.set()
            answering.wait(PATIENCE)
        return f"reply to {question}"

    with (
        OpenAIServer(answer) as server,
        worker(server.url, database, 1.0) as doomed,
        worker(server.url, database, 1.0) as heir,
        ThreadPoolExecutor(2) as pool,
    ):
        assert doomed.ask(["a", "b"]) == ["reply to a", "reply to b"]
        lost = pool.submit(doomed.ask, ["held"])
        assert held.wait(PATIENCE)
        found = pool.submit(heir.ask, ["a", "held", "b"])
        doomed.process.kill()
        assert lost.result(timeout=PATIENCE) == []
        assert found.result(timeout=PATIENCE) == ["reply to a", "reply to held", "reply to b"]
        answering.set()
        asked = Counter(received.body["messages"][-1]["content"] for received in server.requests)
    assert asked == {"a": 1, "b": 1, "held": 2}
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM raise.replies WHERE reply IS NULL").fetchone() == (0,)


def test_a_store_that_is_killed_in_the_middle_of_an_evaluation_changes_nothing(
    few: list[Scenario], postgres_server: PostgresServer
) -> None:
    """It waits for the store, and goes on: the same figures from the same calls."""
    with OpenAIServer() as server:
        undisturbed = evaluate(RAISE(), few, models=over_http(server.url), name="x", concurrency=4)
        calls = server.count
    restarted = threading.Event()

    def start_again() -> None:
        postgres_server.start()
        restarted.set()

    def kill_once(index: int, body: Body) -> None:
        if index == calls // 2:
            postgres_server.kill()
            threading.Thread(target=start_again).start()

    database = Database(postgres_server.make_database())
    with OpenAIServer(faults=kill_once) as server:
        models = over_http(server.url, SharedReplies(database))
        disturbed = evaluate(RAISE(), few, models=models, name="x", concurrency=4)
        assert restarted.wait(PATIENCE)
        assert server.count == calls
    assert disturbed.frame[FIGURES].equals(undisturbed.frame[FIGURES])
    assert disturbed.calls() == undisturbed.calls()
    database.close()
