"""Conversations of a server as MLflow traces: which are traced, what of them is told, and a store that fails."""

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.tracing.constant import TraceMetadataKey

from optimizers.tracking.served import EXPERIMENT
from optimizers.tracking.served_turn import ServedTurn
from serving.tracing import QUEUE, BackgroundTraces, Count, NoTraces, Sampling, Traces, traces_for
from signatures import RaiseError
from tests.modules.scripted import QUERY
from tests.servers.ports import free_port
from tests.servers.raise_server import PATIENCE, RaiseServer

DANGER = {"role": "user", "content": "I want to kill myself tonight."}
CANARY = "xylophonist from Quetzaltenango"
TURN = ServedTurn(session="s", request="r", model="raise", target="sim/gpt-4o", simulated=True, seconds=0.1)


def making(root: Path, **environ: str) -> Callable[[Count], Traces]:
    """What ``raise serve`` gives the application."""
    return lambda count: traces_for(environ, root, "k3y", count)


def talk(server: RaiseServer) -> list[str]:
    """A conversation of two turns, with words that are in no other; returns the ids of the requests."""
    messages = [{"role": "user", "content": f"{QUERY} I am a {CANARY}."}]
    first = server.chat(messages)
    asked = first.json()["choices"][0]["message"]["content"]
    messages += [{"role": "assistant", "content": asked}, {"role": "user", "content": f"Bad, for a {CANARY}."}]
    return [first.headers["x-request-id"], server.chat(messages).headers["x-request-id"]]


def traces_in(root: Path) -> list[Any]:
    """All traces of the local store."""
    client = MlflowClient(f"sqlite:///{root / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name == EXPERIMENT]
    return list(client.search_traces(locations=[experiment.experiment_id], include_spans=True))


@pytest.fixture
def root(tmp_path: Path, mlflow_tables: Path) -> Path:
    """A local store with nothing in it."""
    folder = tmp_path / "mlruns"
    folder.mkdir()
    shutil.copy(mlflow_tables, folder / "mlflow.db")
    return folder


def test_a_conversation_is_a_session_without_a_word_of_the_person(root: Path) -> None:
    with RaiseServer(traces=making(root, RAISE_TRACE_SAMPLE="1")) as server:
        requests = talk(server)
        server.chat([DANGER])
    found = traces_in(root)
    sessions = {trace.info.trace_metadata[TraceMetadataKey.TRACE_SESSION] for trace in found}
    assert (len(found), len(sessions)) == (3, 2)
    by_request = {trace.info.client_request_id: trace for trace in found}
    one, two = (by_request[name].info for name in requests)
    assert one.trace_metadata[TraceMetadataKey.TRACE_SESSION] == two.trace_metadata[TraceMetadataKey.TRACE_SESSION]
    assert (one.tags["move"], one.tags["crisis"], one.tags["simulated"], one.tags["questions"]) == (
        "ask",
        "false",
        "true",
        "0",
    )
    assert one.tags["attribute"]
    assert two.tags["questions"] == "1"
    assert one.token_usage["total_tokens"] > 0
    assert one.execution_duration >= 0
    (helped,) = [trace.info for trace in found if trace.info.tags["move"] == "help"]
    assert (helped.tags["crisis"], helped.tags["stop_reason"], helped.token_usage) == ("true", "crisis", None)
    written = b"".join(file.read_bytes() for file in root.rglob("*") if file.is_file())
    for words in (CANARY, QUERY, DANGER["content"], "Quetzaltenango", "k3y"):
        assert words.encode() not in written
    assert EXPERIMENT.encode() in written  # the database can be searched for words


def test_words_are_kept_if_that_is_wanted(root: Path) -> None:
    with RaiseServer(traces=making(root, RAISE_TRACE_SAMPLE="1", RAISE_TRACE_CONTENTS="1")) as server:
        talk(server)
    previews = [trace.info.request_preview for trace in traces_in(root)]
    assert [CANARY in preview for preview in previews] == [True, True]


def test_off_by_default(root: Path) -> None:
    before = (root / "mlflow.db").read_bytes()
    with RaiseServer(traces=making(root)) as server:
        talk(server)
    assert (root / "mlflow.db").read_bytes() == before


def test_a_store_that_is_gone_does_no_harm(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    failed = threading.Event()

    def counted(count: Count) -> Traces:
        def both(outcome: str, turns: int) -> None:
            count(outcome, turns)
            failed.set()

        return traces_for({"RAISE_TRACE_SAMPLE": "1"}, root, None, both)

    with RaiseServer(traces=counted) as server:
        assert server.chat([{"role": "user", "content": QUERY}]).status_code == 200
        assert failed.wait(PATIENCE)
        assert 'raise_traces_total{outcome="failed"} 1.0' in server.client.get("/metrics").text
        assert "please contact" in server.said([DANGER])


@given(words=st.text(min_size=1), ratio=st.floats(0.01, 1), key=st.binary(min_size=1, max_size=9))
def test_a_conversation_is_traced_whole_or_not_at_all(words: str, ratio: float, key: bytes) -> None:
    """Its first words decide, for every server with the same key; a greater share has all of a smaller one."""
    session = Sampling(ratio, key).session(words)
    assert Sampling(ratio, key).session(words) == session
    assert Sampling(1, key).session(words)
    if session:
        assert Sampling(min(1, ratio * 1.5), key).session(words) == session
        assert session != Sampling(1, key + b"x").session(words)


def test_the_share_is_about_what_was_asked_for() -> None:
    sampling = Sampling(0.1, b"key")
    assert 140 < sum(bool(sampling.session(f"question {i}")) for i in range(2_000)) < 260


class Held:
    """A store that writes nothing until it is let go."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()
        self.written: list[ServedTurn] = []

    def write(self, turns: Sequence[ServedTurn]) -> None:
        """See ``Store``."""
        self.began.set()
        assert self.go.wait(PATIENCE)
        self.written += turns


def test_with_a_slow_store_nobody_waits_and_what_is_too_much_is_counted() -> None:
    store, counts = Held(), dict[str, int]()

    def count(outcome: str, turns: int) -> None:
        counts[outcome] = counts.get(outcome, 0) + turns

    traces = BackgroundTraces(Sampling(1, b"key"), lambda: store, count)
    traces.offer(TURN)
    assert store.began.wait(PATIENCE)
    for _ in range(QUEUE + 7):
        traces.offer(TURN)
    assert counts == {"dropped": 7}
    store.go.set()
    traces.close()
    assert counts == {"dropped": 7, "written": QUEUE + 1}
    assert len(store.written) == QUEUE + 1


def test_a_store_that_comes_back_is_used_again() -> None:
    opened, outcomes = 0, list[str]()
    done, store = threading.Semaphore(0), Held()
    store.go.set()

    def open_store() -> Held:
        nonlocal opened
        opened += 1
        if opened == 1:
            raise ConnectionError(CANARY)
        return store

    def count(outcome: str, turns: int) -> None:
        outcomes.append(outcome)
        done.release()

    traces = BackgroundTraces(Sampling(1, b"key"), open_store, count)
    for _ in range(3):
        traces.offer(TURN)
        assert done.acquire(timeout=PATIENCE)
    traces.close()
    assert (opened, outcomes) == (2, ["failed", "written", "written"])


@pytest.mark.parametrize(
    ("environ", "wrong"),
    [
        ({"RAISE_TRACE_SAMPLE": "often"}, "RAISE_TRACE_SAMPLE=often: write the share"),
        ({"RAISE_TRACE_SAMPLE": "1.5"}, "from 0 to 1"),
        ({"RAISE_TRACE_SAMPLE": "nan"}, "from 0 to 1"),
        ({"RAISE_TRACE_SAMPLE": "1", "RAISE_TRACE_CONTENTS": "yes"}, "RAISE_TRACE_CONTENTS=yes: write 1"),
    ],
)
def test_a_variable_that_does_not_fit_is_one_sentence(environ: dict[str, str], wrong: str) -> None:
    with pytest.raises(RaiseError, match=wrong):
        traces_for(environ, Path("mlruns"), None, lambda outcome, turns: None)


def test_an_empty_or_zero_share_is_off() -> None:
    for environ in ({}, {"RAISE_TRACE_SAMPLE": ""}, {"RAISE_TRACE_SAMPLE": "0"}):
        assert isinstance(traces_for(environ, Path("mlruns"), None, lambda outcome, turns: None), NoTraces)
