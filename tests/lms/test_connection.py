"""Headers, extra body, price and time-out of a role: sent on every way to a provider; no secret of them is shown."""

import asyncio
import json
from typing import Any

import pytest
from dspy.lm15 import Config, Message, Request
from pydantic import ValidationError

from lms import LanguageModels, Price, Role, RoleSettings
from lms.engine import RecordedEngine
from lms.prices import cost_for
from tests.servers.openai_server import Fault, OpenAIServer

GATE = "gate-pass-without-a-known-form"
BODY = {"chat_template_kwargs": {"enable_thinking": False}, "top_k": 20}


def ask(model: str = "openai/m") -> Request:
    return Request(model=model, messages=(Message.user("Hello?"),), config=Config(temperature=0.7))


def settings(url: str, model: str = "openai/m", **more: Any) -> RoleSettings:
    fields: dict[str, Any] = {
        "headers": {"X-Gateway": GATE, "X-Title": "raise"},
        "extra_body": BODY,
        "retries": 0,
        **more,
    }
    return RoleSettings(model=model, api_base=url, api_key="k", **fields)


def models(entry: RoleSettings) -> LanguageModels:
    return LanguageModels({Role.TARGET: entry})


@pytest.mark.parametrize("model", ["openai/m", "hosted_vllm/m", "lm_studio/m"])
@pytest.mark.parametrize("blocking", [True, False], ids=["sync", "async"])
def test_headers_and_extra_body_go_with_every_request(model: str, blocking: bool) -> None:
    with OpenAIServer("Hi.") as server:
        engine: RecordedEngine = models(settings(server.url, model))[Role.TARGET].engine
        reply = engine.model.answer(ask(model)) if blocking else asyncio.run(engine.model.aanswer(ask(model)))
        [received] = server.requests
    assert reply.text == "Hi."
    assert (received.headers["x-gateway"], received.headers["x-title"]) == (GATE, "raise")
    assert received.headers["authorization"] == "Bearer k"
    assert {name: received.body.get(name) for name in BODY} == BODY
    assert received.body["temperature"] == 0.7


def test_a_header_may_stand_in_for_the_key() -> None:
    with OpenAIServer("Hi.") as server:
        engine: RecordedEngine = models(settings(server.url, headers={"Authorization": "Basic x"}))[Role.TARGET].engine
        engine.model.answer(ask())
        assert server.requests[0].headers["authorization"] == "Basic x"


def test_no_header_is_in_a_description_an_error_or_an_identity() -> None:
    with OpenAIServer(faults=lambda index, body: Fault.REPEATS_KEY) as server:
        entry = settings(server.url, headers={"Authorization": f"Bearer {GATE}"})
        engine: RecordedEngine = models(entry)[Role.TARGET].engine
        with pytest.raises(Exception, match="this key of yours") as raised:
            engine.model.answer(ask())
    said = [str(raised.value), json.dumps(entry.described()), repr(entry), models(entry).identity(Role.TARGET)]
    assert not [text for text in said if GATE in text]
    assert "Authorization" in said[1]  # a rerun has to know that one is needed


def test_what_changes_replies_changes_the_identity_and_nothing_else_does() -> None:
    def identity(**more: Any) -> str:
        return models(settings("http://127.0.0.1:1/v1", **more)).identity(Role.TARGET)

    plain = identity(extra_body={})
    assert identity() != plain
    assert identity(extra_body={}, headers={}, timeout=5, price={"input": 1, "output": 2}) == plain


@pytest.mark.parametrize("body", [{"provider": {"api_key": "abcd1234efgh"}}, {"token": "sk-abcdefgh1234"}], ids=str)
def test_a_key_in_the_extra_body_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give that as api_key or in headers") as raised:
        settings("http://127.0.0.1:1/v1", extra_body=body)
    assert "1234" not in str(raised.value)


def test_the_price_of_a_role_comes_before_the_table() -> None:
    own = Price(input=10, output=20)
    assert cost_for(RoleSettings(model="openai/gpt-4o", price=own), 1e6, 1e6) == 30.0
    assert cost_for(RoleSettings(model="openai/unheard-of"), 1, 1) is None
    assert cost_for(RoleSettings(model="sim/gpt-4o", price=own), 1e6, 1e6) == 0.0
    assert own.of(100, 10, 60) == pytest.approx((100 * 10 + 10 * 20) / 1e6)  # cached like others if not said


def test_the_time_out_of_a_role_ends_a_request() -> None:
    with OpenAIServer(faults=[Fault.HELD]) as server:
        engine: RecordedEngine = models(settings(server.url, timeout=0.2))[Role.TARGET].engine
        with pytest.raises(Exception, match=r"(?i)time"):
            engine.model.answer(ask())
        server.release()
