"""OpenAI's Responses API through the official client, and requests as the OpenAI Agents SDK sends them."""

import asyncio
import json
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from lms import LanguageModels, RecentReplies
from serving.limits import Limits
from tests.modules.scripted import QUERY
from tests.servers.openai_server import Fault, OpenAIServer
from tests.servers.raise_server import PATIENCE, RaiseServer
from tests.serving.test_bad_requests import nested
from tests.serving.test_clients import conversation, expected
from tests.serving.test_operation import error_of, upstream

__all__ = ["expected"]

PATH = "/v1/responses"
DANGER = "I want to kill myself tonight."
ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
"""Types of a stream's events; deltas may be many."""


def client_of(server: RaiseServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def test_the_sync_client(raise_server: RaiseServer, expected: list[str]) -> None:
    client = client_of(raise_server)

    def send(messages: list[Any]) -> str:
        made = client.responses.create(
            model="raise", input=messages, instructions="Answer at once, ask nothing.", store=True, temperature=0.5
        )
        assert (made.status, made.model, made.error, made.model_extra) == ("completed", "raise", None, {"store": False})
        assert made.usage
        assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
        return made.output_text

    assert conversation(send) == expected
    assert client.responses.create(model="raise", input=QUERY).output_text == expected[0]


def test_the_sync_client_streaming(raise_server: RaiseServer, expected: list[str]) -> None:
    """The events come in their order, each adds up to what the last one holds, and the client puts them together."""
    client = client_of(raise_server)

    def send(messages: list[Any]) -> str:
        events = list(client.responses.create(model="raise", input=messages, stream=True, extra_body={"x_raise": True}))
        kinds = [event.type for event in events]
        assert list(dict.fromkeys(kinds)) == ORDER
        assert [event.sequence_number for event in events] == list(range(len(events)))
        heard = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        last = events[-1]
        assert last.type == "response.completed"
        assert last.response.output_text == heard
        assert (last.response.model_extra or {})["x_raise"]["move"] in {"ask", "answer"}
        assert len({getattr(event, "item_id", last.response.output[0].id) for event in events}) == 1
        return heard

    assert conversation(send) == expected
    with client.responses.stream(model="raise", input=QUERY) as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == expected[0]


def test_the_async_client(raise_server: RaiseServer, expected: list[str]) -> None:
    async def ask(client: openai.AsyncOpenAI, *, stream: bool) -> str:
        if not stream:
            return (await client.responses.create(model="raise", input=QUERY)).output_text
        parts = await client.responses.create(model="raise", input=QUERY, stream=True)
        return "".join([part.delta async for part in parts if part.type == "response.output_text.delta"])

    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{raise_server.url}/v1", api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(ask(client, stream=bool(i % 2)) for i in range(6)))

    assert asyncio.run(all_of_them()) == expected[:1] * 6


AGENTS = {
    "model": "raise",
    "instructions": "You are a helpful assistant.",
    "tools": [{"type": "function", "name": "look_up", "parameters": {"type": "object"}, "strict": True}],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "include": ["reasoning.encrypted_content"],
    "reasoning": {"effort": "low"},
    "text": {"verbosity": "low"},
    "truncation": "auto",
    "prompt_cache_key": "a",
    "metadata": {"agent": "a"},
    "previous_response_id": None,
    "conversation": None,
}
"""What the OpenAI Agents SDK sends besides the input."""


@pytest.mark.parametrize("stream", [False, True])
def test_the_requests_of_the_openai_agents_sdk(raise_server: RaiseServer, expected: list[str], *, stream: bool) -> None:
    """It sends what the model put out again, item by item, among other items."""
    others: list[dict[str, Any]] = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "call_id": "c", "name": "look_up", "arguments": "{}", "id": "fc_1"},
        {"type": "function_call_output", "call_id": "c", "output": "What is your age?"},
    ]
    items: list[dict[str, Any]] = []

    def send(messages: list[dict[str, str]]) -> str:
        items.append({"content": messages[-1]["content"], "role": "user"})
        reply = raise_server.client.post(PATH, json={**AGENTS, "input": [*items], "stream": stream})
        assert reply.status_code == 200, reply.text
        last = reply.json() if not stream else json.loads(reply.text.rpartition("data: ")[2])["response"]
        made = Response.model_validate(last)
        items.extend([*others, *(item.model_dump(exclude_unset=True) for item in made.output)])
        return made.output_text

    assert conversation(send) == expected


def test_in_danger_there_is_help_also_while_the_model_is_gone() -> None:
    with OpenAIServer() as server:
        nobody = server.url
    with RaiseServer(models=upstream(nobody)) as server:
        for stream in (False, True):
            reply = server.client.post(PATH, json={"input": DANGER, "stream": stream, "x_raise": True})
            assert reply.status_code == 200
            assert '"crisis":true' in reply.text
            assert "please contact" in reply.text
        assert (failed := server.client.post(PATH, json={"input": QUERY})).status_code == 502
        assert error_of(failed)["code"] == "upstream_error"
        with pytest.raises(openai.InternalServerError):
            client_of(server).responses.create(model="raise", input=QUERY, stream=True)


def test_a_failure_after_the_stream_has_begun_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.app.PATIENCE", 0.05)
    with (
        OpenAIServer(faults=lambda index, body: Fault.HELD) as slow,
        RaiseServer(models=upstream(slow.url), limits=Limits(seconds=0.5)) as server,
    ):
        events = list(client_of(server).responses.create(model="raise", input=QUERY, stream=True, timeout=PATIENCE))
    assert [event.type for event in events] == ["error"]
    assert events[0].type == "error"
    assert (events[0].code, events[0].message) == ("upstream_timeout", "the language model did not answer in time.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"input": QUERY, "previous_response_id": "resp_1"}, "previous_response_id: this server keeps no conversation"),
        ({"input": QUERY, "conversation": {"id": "conv_1"}}, "send it whole in input"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "item_reference: this server keeps no conversation"),
        ({"input": QUERY, "background": True}, "background: this server keeps no"),
        ({}, "input: Field required"),
        ({"input": []}, "no message has the role user"),
        ({"input": " "}, "no message has the role user"),
        ({"input": [{"role": "user", "content": 42}]}, "input.items.0.message.content"),
        ({"input": [{"role": "wizard", "content": "x"}]}, "input.items.0.message.role"),
        ({"input": [{"type": 42}]}, "input.items.0.item.type"),
        ({"input": ["x"]}, "input.items.0"),
        ({"input": {"role": "user"}}, "input.items"),
        ({"input": QUERY, "stream": "yes"}, "stream"),
        ({"input": [{"role": "user", "content": "x"}] * 201}, "there are 201 messages"),
        ({"input": "why " * 2_100}, "send 8000 at most"),
    ],
)
def test_mistakes_are_told(raise_server: RaiseServer, body: dict[str, Any], said: str) -> None:
    reply = raise_server.client.post(PATH, json=body)
    assert reply.status_code == 400
    assert said in error_of(reply)["message"]


def test_what_cannot_be_read_is_refused(raise_server: RaiseServer) -> None:
    for content in (b"", b"[]", nested(5_000), b'{"input": "\\ud800"}', b'{"input": [' + b'{"type": "x"},' * 9):
        reply = raise_server.client.post(PATH, content=content, headers={"Content-Type": "application/json"})
        assert reply.status_code == 400, content[:20]
    assert raise_server.client.post(PATH, json={"input": QUERY, "model": "gpt-4o"}).status_code == 404
    assert raise_server.client.get(f"{PATH}/resp_1").status_code == 404


def test_the_first_request_of_a_server_may_be_one() -> None:
    with RaiseServer(models=LanguageModels(store=RecentReplies())) as server:
        assert server.client.post(PATH, json={"input": QUERY}).status_code == 200
        assert 'raise_requests_total{route="/v1/responses",status="200"} 1.0' in server.client.get("/metrics").text
