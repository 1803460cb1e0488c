"""The reply store: what was answered stays answered, whatever happens to the process."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario, evaluate
from lms import ReplyStore
from lms.store import Reply, StoreError
from modules import Vanilla
from signatures import RaiseError
from tests.lms.real import over_http
from tests.servers.openai_server import OpenAIServer

REPO = Path(__file__).parents[2]
TOKENS = st.none() | st.integers(0, 10**9)
REPLIES = st.builds(
    Reply,
    text=st.text(),
    finish_reason=st.sampled_from(["stop", "length"]),
    model=st.text(max_size=10),
    input_tokens=TOKENS,
    output_tokens=TOKENS,
    cost_usd=st.none() | st.floats(0, 100),
)


@given(st.lists(st.tuples(st.sampled_from("abc"), REPLIES), max_size=10))
def test_the_first_reply_of_a_key_is_kept_and_handed_to_whoever_comes_later(puts: list[tuple[str, Reply]]) -> None:
    store = ReplyStore()
    first: dict[str, Reply] = {}
    for key, reply in puts:
        assert store.put(key, reply) == first.setdefault(key, reply)
    assert {key: store.get(key) for key in "abc"} == {**dict.fromkeys("abc"), **first}
    assert len(store) == len(first)


def test_replies_are_there_after_reopening(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "replies.db"
    store = ReplyStore(file)
    reply = Reply(text="naïve ✓", finish_reason="length", model="m", input_tokens=3, output_tokens=4, cost_usd=0.5)
    store.put("k", reply)
    store.close()
    assert ReplyStore(file).get("k") == reply


def test_two_runs_on_one_file_see_each_other_s_replies(tmp_path: Path) -> None:
    one, other = ReplyStore(tmp_path / "r.db"), ReplyStore(tmp_path / "r.db")
    one.put("k", Reply(text="from one"))
    other.put("l", Reply(text="from the other"))
    assert (other.get("k"), one.get("l")) == (Reply(text="from one"), Reply(text="from the other"))


@pytest.mark.parametrize("threads", [1, 16])
def test_a_killed_process_loses_no_reply_that_it_wrote(threads: int, tmp_path: Path) -> None:
    file = tmp_path / "replies.db"
    writer = f"""
import itertools, os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from lms import ReplyStore, Role, Usage
from lms.store import Charge, Reply
store = ReplyStore(Path({str(file)!r}))
def write(thread):
    for i in itertools.count(thread, {threads}):
        store.put(str(i), Reply(text=f"reply {{i}} " + "x" * 5000), Charge(Role.TARGET, Usage(calls=1), ("job",)))
        os.write(1, f"{{i}}\\n".encode())
with ThreadPoolExecutor({threads}) as pool:
    list(pool.map(write, range({threads})))
"""
    with subprocess.Popen([sys.executable, "-c", writer], cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        written = [int(process.stdout.readline()) for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        written += [int(line) for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -signal.SIGKILL
    store = ReplyStore(file)
    for i in written:
        reply = store.get(str(i))
        assert reply is not None
        assert reply.text == f"reply {i} " + "x" * 5000
    assert store.usage_of("job").calls() == {"target": len(store)}  # replies and what they took, or neither


def test_what_several_threads_want_written_is_committed_together() -> None:
    store, commits = ReplyStore(), []
    store._db.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with ThreadPoolExecutor(8) as pool:
        with store._lock:  # the database is busy until all eight wait for it
            tasks = [pool.submit(store.put, str(i), Reply(text=f"reply {i}")) for i in range(8)]
            while len(store._waiting) < 8:
                threading.Event().wait(0.001)
        assert [task.result().text for task in tasks] == [f"reply {i}" for i in range(8)]
    assert len(commits) == 1
    assert len(store) == 8


def test_when_a_commit_fails_everybody_in_it_is_told_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "r.db")
    full(store)
    with ThreadPoolExecutor(4) as pool:
        with store._lock:
            tasks = [pool.submit(store.put, str(i), Reply(text="x" * 100_000)) for i in range(4)]
            while len(store._waiting) < 4:
                threading.Event().wait(0.001)
        assert {type(task.exception()) for task in tasks} == {StoreError}
    assert len(store) == 0


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("my notes, nothing else\n" * 100)
    with pytest.raises(RaiseError, match=r"notes\.txt is not a reply store"):
        ReplyStore(file)
    assert file.read_text() == "my notes, nothing else\n" * 100


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="cannot be opened"):
        ReplyStore(tmp_path)


def test_a_store_of_another_schema_is_refused_and_keeps_its_schema(tmp_path: Path) -> None:
    file = tmp_path / "replies.db"
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(RaiseError, match=r"replies\.db has schema 99, not 1"):
        ReplyStore(file)
    assert sqlite3.connect(file).execute("PRAGMA user_version").fetchone() == (99,)


def test_another_program_s_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE runs (id TEXT)")
    db.close()
    with pytest.raises(RaiseError, match="is not a reply store"):
        ReplyStore(file)
    assert sqlite3.connect(file).execute("SELECT name FROM sqlite_master").fetchall() == [("runs",)]


def test_one_thread_at_a_time_asks_for_a_key() -> None:
    store, inside, most = ReplyStore(), [0], [0]

    def ask(i: int) -> None:
        with store.flight("same"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            store.put(str(i), Reply(text="x"))  # something to do that lets other threads run
            inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(400)))
    assert most == [1]
    assert len(store) == 400


def test_different_keys_do_not_wait_for_each_other() -> None:
    store, meeting = ReplyStore(), threading.Barrier(2, timeout=30)

    def ask(key: str) -> None:
        with store.flight(key):
            meeting.wait()  # breaks after 30 s unless both are inside at once

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, ["a", "b"]))
    assert not meeting.broken


def test_an_error_in_flight_lets_the_next_one_ask() -> None:
    store, asked = ReplyStore(), []

    def ask() -> None:
        with store.flight("k"):
            asked.append("k")
            raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            ask()
    assert asked == ["k", "k"]


# Failures of our own


def full(store: ReplyStore) -> None:
    """Let the file grow no further, as on a full disk."""
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("trouble", ["full", "deleted", "damaged"])
def test_a_store_that_fails_ends_the_run_before_the_next_call_is_paid(
    trouble: str, test_scenarios: list[Scenario], tmp_path: Path
) -> None:
    file = tmp_path / "store" / "replies.db"
    store = ReplyStore(file)
    with OpenAIServer() as server:
        models = over_http(server.url, store)
        evaluate(Vanilla(), test_scenarios[:2], models=models, name="x")
        before = server.count
        if trouble == "full":
            full(store)
        elif trouble == "deleted":
            shutil.rmtree(file.parent)
        else:
            store._db.execute("DROP TABLE replies")
        with pytest.raises(StoreError, match=r"replies\.db (cannot be used|has been deleted)"):
            evaluate(Vanilla(), test_scenarios[2:], models=models, name="x")
    assert server.count <= before + (40 if trouble == "full" else 0)  # a full file has some room on its last page
