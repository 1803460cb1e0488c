"""The test server itself: what it answers, what it says it was asked, and that it can be started by hand."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lms import Role
from tests.servers.openai_server import Fault, OpenAIServer, role_of

REPO = Path(__file__).parents[2]


def post(url: str, text: str = "hello", model: str = "gpt-4o") -> dict[str, Any]:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        answer: dict[str, Any] = json.load(reply)
    return answer


def asking_for(*fields: str) -> str:
    listed = ", then ".join(f"`[[ ## {field} ## ]]`" for field in fields)
    return f"[[ ## query ## ]]\nwhat now?\n\nRespond with the corresponding output fields, starting with {listed}."


def test_requests_are_counted_and_kept_in_order() -> None:
    with OpenAIServer("fine") as server:
        reply = post(server.url, "one")
        post(server.url, "two", model="judge")
    assert reply["choices"][0]["message"]["content"] == "fine"
    assert [(r.index, r.text, r.body["model"]) for r in server.requests] == [(0, "one", "gpt-4o"), (1, "two", "judge")]
    assert (server.count, server.answered(), server.failed()) == (2, {"teacher": 2}, 0)


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        (["risk_reason", "risk_sensitivity"], Role.JUDGE),
        (["answer"], Role.USER),
        (["reasoning", "response"], Role.TARGET),
        (["proposed_instruction"], Role.TEACHER),
    ],
)
def test_the_fields_asked_for_give_the_role_away(fields: list[str], role: Role) -> None:
    assert role_of({"model": "m", "messages": [{"role": "user", "content": asking_for(*fields)}]}) is role


def test_a_stand_in_answers_by_default_and_alike_each_time() -> None:
    with OpenAIServer() as server:
        first, second = (post(server.url, asking_for("danger"))["choices"][0] for _ in range(2))
    assert first == second
    assert "[[ ## danger ## ]]" in first["message"]["content"]


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.RATE_LIMITED, 429), (Fault.SERVER_ERROR, 500), (Fault.UNAUTHORIZED, 401)]
)
def test_faults_come_when_scheduled(fault: Fault, status: int) -> None:
    with OpenAIServer("fine", faults=[None, fault]) as server:
        post(server.url)
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(server.url)
        caught.value.close()
    assert caught.value.code == status
    assert (server.answered(), server.failed()) == ({"teacher": 1}, 1)


def test_it_can_be_started_by_hand() -> None:
    command = [sys.executable, "-m", "tests.servers.openai_server", "--port", "0"]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.endswith("/v1")
            assert post(url, asking_for("danger"))["object"] == "chat.completion"
        finally:
            process.kill()
