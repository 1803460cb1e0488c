"""The clients that people use have whole conversations: each only sends its messages again."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from lms import LanguageModels, Role
from modules import RAISE
from serving.replay import is_question, next_move, words_of
from tests.modules.scripted import QUERY
from tests.servers.raise_server import RaiseServer

ANSWERS = ("I'd rather not say.", "I'm 41, a nurse, and in debt.", "Worn out, to be honest.", "No.", "No.", "No.")
Message = dict[str, str]
Send = Callable[[list[Message]], str]


def conversation(send: Send) -> list[str]:
    """What the assistant says, until it answers."""
    messages, heard = [{"role": "user", "content": QUERY}], []
    for said in ANSWERS:
        heard.append(send(messages))
        messages += [{"role": "assistant", "content": heard[-1]}, {"role": "user", "content": said}]
        if not is_question(heard[-1]):
            break
    return heard


@pytest.fixture(scope="module")
def expected() -> list[str]:
    """The same conversation without a server."""
    models, program = LanguageModels(), RAISE()

    def send(messages: list[Message]) -> str:
        with models.context(Role.TARGET):
            return words_of(next_move(program, messages))

    said = conversation(send)
    assert len(said) > 2
    return said


def test_the_sync_client_of_openai(raise_server: RaiseServer, expected: list[str]) -> None:
    client = openai.OpenAI(base_url=f"{raise_server.url}/v1", api_key="none", max_retries=0)
    usage = []

    def send(messages: list[Any]) -> str:
        made = client.chat.completions.create(model="raise", messages=messages, temperature=0.5)
        usage.append(made.usage)
        return made.choices[0].message.content or ""

    assert conversation(send) == expected
    assert all(one and one.total_tokens == one.prompt_tokens + one.completion_tokens for one in usage)
    assert [model.id for model in client.models.list()] == ["raise"]
    assert client.models.retrieve("raise").owned_by == "raise"


def test_the_sync_client_of_openai_streaming(raise_server: RaiseServer, expected: list[str]) -> None:
    client = openai.OpenAI(base_url=f"{raise_server.url}/v1", api_key="none", max_retries=0)
    told = []

    def send(messages: list[Any]) -> str:
        stream = client.chat.completions.create(
            model="raise",
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
            extra_body={"x_raise": True},
        )
        chunks = list(stream)
        assert chunks[-1].usage is not None
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        told.append((chunks[-2].model_extra or {})["x_raise"])
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    assert conversation(send) == expected
    assert [one["move"] for one in told] == [*["ask"] * (len(expected) - 1), "answer"]


def test_the_async_client_of_openai(raise_server: RaiseServer, expected: list[str]) -> None:
    """Ten conversations at once, half of them streaming."""

    async def talk(client: openai.AsyncOpenAI, *, stream: bool) -> list[str]:
        messages: list[Any] = [{"role": "user", "content": QUERY}]
        heard: list[str] = []
        for answer in ANSWERS:
            if stream:
                parts = await client.chat.completions.create(model="raise", messages=messages, stream=True)
                heard.append("".join([part.choices[0].delta.content or "" async for part in parts]))
            else:
                made = await client.chat.completions.create(model="raise", messages=messages)
                heard.append(made.choices[0].message.content or "")
            messages += [{"role": "assistant", "content": heard[-1]}, {"role": "user", "content": answer}]
            if not is_question(heard[-1]):
                break
        return heard

    async def all_of_them() -> list[list[str]]:
        async with openai.AsyncOpenAI(base_url=f"{raise_server.url}/v1", api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(talk(client, stream=bool(i % 2)) for i in range(10)))

    assert asyncio.run(all_of_them()) == [expected] * 10


@pytest.mark.parametrize("stream", [False, True])
def test_litellm(raise_server: RaiseServer, expected: list[str], *, stream: bool) -> None:
    import litellm

    def send(messages: list[Message]) -> str:
        made = litellm.completion(
            model="openai/raise",
            api_base=f"{raise_server.url}/v1",
            api_key="none",
            messages=messages,
            stream=stream,
            num_retries=0,
        )
        if not stream:
            return str(made.choices[0].message.content)
        return "".join(part.choices[0].delta.content or "" for part in made)

    assert conversation(send) == expected


def streamed(server: RaiseServer, body: dict[str, Any]) -> str:
    """The text of a stream, read as server-sent events are."""
    heard = ""
    with server.client.stream("POST", "/v1/chat/completions", json=body) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in reply.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    for line in lines[:-1]:
        for choice in json.loads(line)["choices"]:
            heard += choice["delta"].get("content", "")
    return heard


OPEN_WEBUI = {
    "stream": True,
    "model": "raise",
    "params": {},
    "stream_options": {"include_usage": True},
    "features": {"web_search": False, "code_interpreter": False},
    "metadata": {"chat_id": "c", "message_id": "m"},
}
LIBRECHAT = {
    "model": "raise",
    "user": "65f0c0ffee",
    "stream": True,
    "temperature": 1,
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "stop": ["||>"],
}


def test_the_requests_of_open_webui(raise_server: RaiseServer, expected: list[str]) -> None:
    prompt = {"role": "system", "content": "You are helpful. The user's name is Sam."}
    assert raise_server.client.get("/v1/models").json()["data"][0]["id"] == "raise"
    assert conversation(lambda messages: streamed(raise_server, {**OPEN_WEBUI, "messages": [prompt, *messages]})) == (
        expected
    )


def test_the_requests_of_librechat(raise_server: RaiseServer, expected: list[str]) -> None:
    """It sends what the person says as parts, and names its instructions a developer's."""

    def send(messages: list[Message]) -> str:
        parts = [
            {**one, "content": [{"type": "text", "text": one["content"]}] if one["role"] == "user" else one["content"]}
            for one in messages
        ]
        first = {"role": "developer", "content": "Use Markdown."}
        return streamed(raise_server, {**LIBRECHAT, "messages": [first, *parts]})

    assert conversation(send) == expected


@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
def test_curl(raise_server: RaiseServer, expected: list[str]) -> None:
    def send(messages: list[Message]) -> str:
        options = ["-sS", "--fail-with-body", "-H", "Content-Type: application/json"]
        done = subprocess.run(
            ["curl", *options, "-d", json.dumps({"messages": messages}), f"{raise_server.url}/v1/chat/completions"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "no_proxy": "127.0.0.1"},
        )
        return str(json.loads(done.stdout)["choices"][0]["message"]["content"])

    assert conversation(send) == expected


def test_what_the_program_knows_is_told_only_if_asked(raise_server: RaiseServer) -> None:
    first = {"role": "user", "content": QUERY}
    assert "x_raise" not in raise_server.chat([first]).json()
    asked = raise_server.chat([first], x_raise=True).json()
    told = asked["x_raise"]
    assert (told["move"], told["asked"], told["known"], told["crisis"]) == ("ask", [], {}, False)
    assert told["why"]
    history = [first, {"role": "assistant", "content": asked["choices"][0]["message"]["content"]}]
    told = raise_server.chat([*history, {"role": "user", "content": "I'd rather not say."}], x_raise=True).json()[
        "x_raise"
    ]
    assert told["asked"] == told["declined"] == [asked["x_raise"]["attribute"]]


def test_a_client_that_hangs_up_harms_nobody(raise_server: RaiseServer) -> None:
    body = {"messages": [{"role": "user", "content": "Is it wise to lend a friend money?"}], "stream": True}
    with raise_server.client.stream("POST", "/v1/chat/completions", json=body) as reply:
        assert reply.status_code == 200
    with httpx.Client(base_url=raise_server.url) as client:
        assert client.get("/ready").status_code == 200
