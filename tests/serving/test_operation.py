"""A server that nobody watches: keys, limits, failures upstream, an end in good order, logs and counts."""

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lms import LanguageModels, RecentReplies, Role, RoleSettings
from modules import RAISE, AgentSettings
from serving.door import is_own_name
from serving.limits import Limits
from serving.logs import OURS, write_json_lines
from serving.members import Member
from tests.modules.scripted import QUERY
from tests.servers.openai_server import Fault, OpenAIServer
from tests.servers.ports import free_port
from tests.servers.raise_server import PATIENCE, RaiseServer
from tests.servers.tracking import wait_for

FIRST = {"role": "user", "content": QUERY}
DANGER = {"role": "user", "content": "I want to kill myself tonight."}
HELP = "please contact"


def upstream(url: str, **fields: Any) -> LanguageModels:
    """The models of a program whose target is elsewhere."""
    target = RoleSettings(**{"model": "openai/gpt-4o", "api_base": url, "retries": 1, **fields})
    return LanguageModels({Role.TARGET: target}, RecentReplies(), outage=0.0)


def error_of(reply: httpx.Response) -> dict[str, Any]:
    """The error object of a reply."""
    error: dict[str, Any] = reply.json()["error"]
    assert error["message"]
    return error


# Who may ask.


def test_with_a_key_nobody_is_let_in_without_it() -> None:
    with RaiseServer(key="s3cret-key") as server:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "s3cret-key"},
            {"Authorization": "Bearer s3cret-keyé"},
        ):
            encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
            for path in ("/v1/models", "/metrics", "/openapi.json"):
                reply = server.client.get(path, headers=encoded)
                assert (reply.status_code, error_of(reply)["code"]) == (401, "invalid_api_key")
                assert reply.headers["www-authenticate"] == "Bearer"
        assert server.chat([FIRST]).status_code == 401
        assert {server.client.get(path).status_code for path in ("/health", "/ready")} == {200}
        server.client.headers = httpx.Headers({"Authorization": "Bearer s3cret-key", "Host": "raise.example"})
        assert server.chat([FIRST]).status_code == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:8000", True),
        ("127.8.8.8", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("", False),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_names_of_this_machine(host: str, *, own: bool) -> None:
    assert is_own_name(host) is own


# The model fails.


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.SERVER_ERROR, 502, "upstream_error"),
        (Fault.UNAUTHORIZED, 502, "upstream_error"),
        (Fault.RATE_LIMITED, 502, "upstream_error"),
        (Fault.DROPPED, 502, "upstream_error"),
        (Fault.PAGE, 502, "upstream_error"),
        (Fault.CUT_OFF, 502, "upstream_error"),
        (Fault.HELD, 504, "upstream_timeout"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_fails_upstream_is_a_json_error(fault: Fault, status: int, code: str, *, stream: bool) -> None:
    limits = Limits(seconds=0.5 if fault is Fault.HELD else PATIENCE)
    with (
        OpenAIServer(faults=lambda index, body: fault) as broken,
        RaiseServer(models=upstream(broken.url), limits=limits) as server,
    ):
        reply = server.chat([FIRST], stream=stream)
        assert (reply.status_code, error_of(reply)["code"]) == (status, code)
        assert QUERY not in reply.text
        assert server.client.get("/ready").status_code == 200


@pytest.mark.parametrize("abstention", ["scale", "turn"])
def test_with_the_model_gone_a_person_in_danger_gets_help(abstention: str) -> None:
    """Also after answers that only the model could read, in a conversation that this server never met."""
    history = [
        FIRST,
        {"role": "assistant", "content": "How are you holding up emotionally at the moment?"},
        {"role": "user", "content": "Well, that depends on the day and on who asks, I suppose."},
        {"role": "assistant", "content": "Can you cover your bills comfortably right now?"},
        DANGER,
    ]
    with OpenAIServer() as server:
        nobody = server.url
    member = Member("raise", RAISE(settings=AgentSettings(abstention=abstention, country="GB")))
    with RaiseServer((member,), upstream(nobody)) as server:
        assert server.chat([FIRST]).status_code == 502
        for messages in ([DANGER], history):
            reply = server.chat(messages, x_raise=True)
            assert reply.status_code == 200
            assert "116 123" in reply.json()["choices"][0]["message"]["content"]
            assert reply.json()["x_raise"]["crisis"] is True
        assert HELP in server.chat(history, stream=True).text.replace('"}', "")


def test_words_may_be_too_long_but_danger_in_them_is_found(raise_server: RaiseServer) -> None:
    long = "The weather was fine and we went for a walk in the park. " * 200
    assert error_of(raise_server.chat([{"role": "user", "content": long}]))["code"] == "context_length_exceeded"
    assert HELP in raise_server.said([{"role": "user", "content": f"{long} {DANGER['content']}"}])


def test_beyond_the_limit_turns_are_sent_away_but_not_who_is_in_danger() -> None:
    with (
        OpenAIServer(faults=lambda index, body: Fault.HELD) as slow,
        ThreadPoolExecutor(1) as pool,
        RaiseServer(models=upstream(slow.url), limits=Limits(turns=1)) as server,
    ):
        first = pool.submit(server.chat, [FIRST])
        slow.wait_for(1)
        assert server.client.get("/ready").status_code == 503
        reply = server.chat([{"role": "user", "content": "Should I move to another town?"}])
        assert (reply.status_code, error_of(reply)["code"]) == (429, "rate_limit_exceeded")
        assert int(reply.headers["retry-after"]) >= 1
        assert HELP in server.said([DANGER])
        slow.release()
        assert first.result().status_code == 200
        assert server.client.get("/ready").status_code == 200
        assert server.chat([FIRST]).status_code == 200


def test_a_body_that_does_not_end_is_given_up() -> None:
    with RaiseServer(limits=Limits(body_seconds=0.1)) as server:
        place = httpx.URL(server.url)
        with socket.create_connection((place.host, place.port or 0), timeout=PATIENCE) as slow:
            slow.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b'Content-Length: 1000\r\n\r\n{"messages": '
            )
            assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert server.client.get("/health").status_code == 200


# Logs and counts.


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server logs, as it does in a process of its own."""
    root = logging.getLogger()
    before = root.handlers, root.level, {name: logging.getLogger(name).level for name in OURS}
    stream = io.StringIO()
    write_json_lines(stream)
    yield stream
    root.handlers, levels = before[0], before[2]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_each_request_is_one_line_of_json_without_contents(log: io.StringIO) -> None:
    with RaiseServer() as server:
        reply = server.client.post(
            "/v1/chat/completions", json={"messages": [FIRST]}, headers={"X-Request-ID": "from-the-proxy.1"}
        )
        server.client.post(
            "/v1/chat/completions", json={"messages": [DANGER]}, headers={"X-Request-ID": "no \x7f good"}
        )
        server.chat([{"role": "user", "content": 42}])
        server.client.get("/v1/models/private-words")
        server.client.get("/private-words")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    asked, helped, refused, model, nowhere = [line for line in lines if line.get("message") == "request"]
    assert reply.headers["x-request-id"] == asked["request_id"] == "from-the-proxy.1"
    assert (asked["status"], asked["model"], asked["move"], asked["route"]) == (
        200,
        "raise",
        "ask",
        "/v1/chat/completions",
    )
    usage = reply.json()["usage"]
    assert {name: asked[name] for name in usage} == usage
    assert asked["calls"] > 0
    assert (helped["crisis"], helped["calls"], len(helped["request_id"])) == (True, 0, 32)
    assert (refused["status"], model["route"], nowhere["route"]) == (400, "/v1/models/{name}", "none")
    assert not [word for word in (QUERY, DANGER["content"], "private-words") if word in log.getvalue()]


def test_other_loggers_tell_where_they_are_and_not_what_they_say(log: io.StringIO) -> None:
    logging.getLogger("lms.retry").warning("waiting, since %s", QUERY)
    try:
        raise ValueError(QUERY)
    except ValueError:
        logging.getLogger("serving.requests").exception("failed")
    first, second = (json.loads(line) for line in log.getvalue().splitlines())
    assert first["place"].startswith("test_operation:")
    assert second["error"] == "ValueError"
    assert QUERY not in log.getvalue()


def test_what_happened_is_counted_for_prometheus() -> None:
    with (
        OpenAIServer(faults=[None] * 4 + [Fault.SERVER_ERROR] * 100) as flaky,
        RaiseServer(models=upstream(flaky.url)) as server,
    ):
        server.chat([FIRST])
        server.chat([DANGER])
        server.chat([{"role": "user", "content": "Should I move to another town?"}])
        counts = server.client.get("/metrics")
    assert counts.headers["content-type"].startswith("text/plain")
    assert 'raise_moves_total{model="raise",move="ask"} 1.0' in counts.text
    assert 'raise_moves_total{model="raise",move="help"} 1.0' in counts.text
    assert 'raise_upstream_failures_total{kind="LMServerError"} 1.0' in counts.text
    assert 'raise_requests_total{route="/v1/chat/completions",status="502"} 1.0' in counts.text
    assert "raise_upstream_calls_total 4.0" in counts.text


def test_a_mistake_of_ours_is_json_too(log: io.StringIO) -> None:
    class Wrong(RAISE):
        def stepped(self, *given: object) -> Any:
            raise KeyError(QUERY)

    with RaiseServer((Member("raise", Wrong()),)) as server:
        for _ in range(2):
            reply = server.chat([FIRST])
            assert (reply.status_code, error_of(reply)["code"]) == (500, "internal_error")
            assert reply.headers["x-request-id"] in reply.text
    assert '"error":"KeyError"' in log.getvalue()
    assert QUERY not in log.getvalue()


# The command.


@contextmanager
def started(words: Sequence[str], folder: Path, stdin: int | None = None) -> "Iterator[subprocess.Popen[str]]":
    """``raise`` with these words, in ``folder``; it ends with the block at the latest."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "cli", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=folder, stdin=stdin, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def lets_in(base: str) -> bool:
    """Whether a server takes new connections."""
    try:
        return httpx.get(f"{base}/health").is_success
    except httpx.TransportError:
        return False


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGTERM")
def test_answers_under_way_are_finished_when_the_server_is_told_to_end(tmp_path: Path) -> None:
    with OpenAIServer(faults=lambda index, body: Fault.HELD if index == 0 else None) as slow:
        port = free_port()
        words = ["serve", "raise", "--port", str(port), "--target", "openai/gpt-4o", "--api-base", slow.url]
        with started(words, tmp_path) as process, ThreadPoolExecutor(1) as pool:
            base = f"http://127.0.0.1:{port}"
            wait_for(f"{base}/health", process)
            reply = pool.submit(httpx.post, f"{base}/v1/chat/completions", json={"messages": [FIRST]}, timeout=PATIENCE)
            slow.wait_for(1)
            process.send_signal(signal.SIGTERM)
            while lets_in(base):
                pass
            slow.release()
            assert reply.result().status_code == 200
            _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, log
    assert "Traceback" not in log
    told = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [line["status"] for line in told if line.get("route") == "/v1/chat/completions"] == [200]
    assert QUERY not in log
    assert list(tmp_path.iterdir()) == []  # nothing of a conversation is written
