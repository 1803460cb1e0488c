"""The test server itself: what it answers, what it says it was asked, and that it can be started by hand."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lms import Role
from tests.servers.faults import (
    COMPLAINT,
    FLAT,
    PAGE,
    Demand,
    Refusal,
    Trouble,
    busy,
    no_system_role,
    not_both,
    only_default,
    unsupported,
)
from tests.servers.openai_server import DRIP, QUIRKS, Body, Fault, OpenAIServer, role_of

REPO = Path(__file__).parents[2]
HELLO = [{"role": "user", "content": "hello"}]


class Reply(NamedTuple):
    """What came over the wire."""

    status: int
    text: str
    headers: Message


def send(url: str, body: Body) -> Reply:
    request = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return Reply(reply.status, reply.read().decode(), reply.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return Reply(refused.code, refused.read().decode(), refused.headers)


def post(url: str, text: str = "hello", model: str = "gpt-4o") -> dict[str, Any]:
    reply = send(url, {"model": model, "messages": [{"role": "user", "content": text}]})
    assert reply.status == 200
    answer: dict[str, Any] = json.loads(reply.text)
    return answer


def answered_with(fault: Trouble, **more: object) -> Reply:
    with OpenAIServer("fine", faults=[fault]) as server:
        return send(server.url, {"model": "gpt-4o", "messages": HELLO, **more})


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
    ("fault", "status"),
    [
        (Fault.RATE_LIMITED, 429),
        (Fault.SERVER_ERROR, 500),
        (Fault.UNAUTHORIZED, 401),
        (Fault.LOADING, 503),
        (Fault.BAD_GATEWAY, 502),
        *[(Refusal(status, body), status) for status in (400, 500) for body in FLAT.values()],
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_faults_come_when_scheduled(fault: Trouble, status: int) -> None:
    with OpenAIServer("fine", faults=[None, fault]) as server:
        post(server.url)
        assert send(server.url, {"model": "gpt-4o", "messages": HELLO}).status == status
        post(server.url)
    assert (server.answered(), server.failed()) == ({"teacher": 2}, 1)


def test_a_page_says_that_it_is_one() -> None:
    for fault in (Fault.PAGE, Fault.BAD_GATEWAY):
        reply = answered_with(fault)
        assert (reply.text, reply.headers["Content-Type"]) == (PAGE, "text/html")


def test_flat_errors_hold_the_complaint_in_one_place_each() -> None:
    assert len(set(FLAT.values())) == 4
    for body in FLAT.values():
        assert answered_with(Refusal(400, body)).text == body
        assert COMPLAINT in body


def test_bodies_with_status_200_that_hold_no_reply() -> None:
    assert answered_with(Fault.NO_BODY)[:2] == (200, "")
    spoilt = {
        fault: json.loads(answered_with(fault).text)
        for fault in (Fault.CHOICES_NULL, Fault.NO_CHOICES, Fault.ERROR_IN_200, Fault.CONTENT_NULL)
    }
    assert spoilt[Fault.CHOICES_NULL]["choices"] is None
    assert spoilt[Fault.NO_CHOICES]["choices"] == []
    assert set(spoilt[Fault.ERROR_IN_200]) == {"error"}
    [choice] = spoilt[Fault.CONTENT_NULL]["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "stop")


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name.lower())
def test_a_quirk_leaves_the_whole_text_in_the_reply(quirk: Fault) -> None:
    reply = json.loads(answered_with(quirk).text)
    [choice] = reply["choices"]
    content = choice["message"]["content"]
    text = "".join(part["text"] for part in content) if isinstance(content, list) else content
    assert text.endswith("fine")
    assert choice["finish_reason"] == "stop"
    assert ("error" in reply, "usage" in reply) == (quirk is Fault.ERROR_BESIDE, quirk is not Fault.NO_USAGE)


def test_retry_after_comes_in_seconds_or_as_a_date() -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    assert answered_with(busy("0")).headers["Retry-After"] == "0"
    assert parsedate_to_datetime(answered_with(busy(later)).headers["Retry-After"]) == later


SYSTEM = [{"role": "system", "content": "be kind"}, *HELLO]


@pytest.mark.parametrize(
    ("demand", "refused", "accepted", "named"),
    [
        (unsupported("temperature"), {"temperature": 0.7}, {"top_p": 1}, "'temperature'"),
        (unsupported("top_p"), {"top_p": 0.9}, {"temperature": 0.7}, "'top_p'"),
        (unsupported("max_tokens", "max_completion_tokens"), {"max_tokens": 9}, {"max_completion_tokens": 9},
         "'max_completion_tokens' instead"),
        (only_default("temperature"), {"temperature": 0.7}, {"temperature": 1}, "'temperature' does not support 0.7"),
        (not_both("temperature", "top_p"), {"temperature": 0.7, "top_p": 0.9}, {"temperature": 0.7},
         "`temperature` and `top_p`"),
        (no_system_role, {"messages": SYSTEM}, {}, "System role"),
    ],
)  # fmt: skip
def test_a_demand_is_made_until_it_is_met(demand: Demand, refused: Body, accepted: Body, named: str) -> None:
    with OpenAIServer("fine", faults=demand) as server:
        replies = [send(server.url, {"model": "m", "messages": HELLO, **more}) for more in (refused, refused, accepted)]
    assert [reply.status for reply in replies] == [400, 400, 200]
    assert named in json.loads(replies[0].text)["error"]["message"]


def test_a_trickle_ends_with_the_reply_once_released() -> None:
    with OpenAIServer("fine", faults=[Fault.TRICKLE]) as server, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(send, server.url, {"model": "m", "messages": HELLO})
        server.wait_for(1)
        assert not server.hold(4 * DRIP)  # so that some spaces have gone out
        server.release()
        reply = asked.result(30)
    assert reply.text.startswith(" ")
    assert json.loads(reply.text)["choices"][0]["message"]["content"] == "fine"


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
