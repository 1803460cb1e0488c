"""RAISE as tools, through the official client: over stdin and stdout, and over HTTP on loopback."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from lms import LanguageModels, RecentReplies
from modules import RAISE, AgentSettings
from serving.limits import Limits
from serving.members import Member
from serving.metrics import Metrics
from serving.turns import Turns
from signatures import ATTRIBUTE_NAMES
from tests.modules.scripted import QUERY
from tests.servers.openai_server import Fault, OpenAIServer
from tests.servers.raise_server import PATIENCE, Serving
from tests.serving.test_operation import log, started, upstream

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")

from serving.mcp_tools import PATH, NextQuestion, make_http_app, make_tools  # noqa: E402  needs the extra

__all__ = ["log"]

DANGER = "I want to kill myself tonight."
Call = Callable[..., Coroutine[Any, Any, Any]]


def tools_of(
    models: LanguageModels | None = None, settings: AgentSettings | None = None, limits: Limits | None = None
) -> Any:
    """The tools of uncompiled RAISE, by default on a stand-in."""
    member = Member("raise", RAISE(settings=settings))
    turns = Turns((member,), models or LanguageModels(store=RecentReplies()), limits or Limits(), Metrics())
    return make_tools(member, turns)


def told(result: Any) -> dict[str, Any]:
    """What a tool found out."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content  # for clients that know text alone
    found: dict[str, Any] = result.structured_content
    return found


def wrong(result: Any) -> str:
    """What a tool says is wrong."""
    assert result.is_error
    return str(result.content[0].text)


def on(server: Any, talk: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """What ``talk`` brings with a client of ``server``."""

    async def connected() -> Any:
        async with mcp.Client(server) as client:
            return await talk(client)

    return asyncio.run(connected())


async def loop(client: Any) -> dict[str, Any]:
    """An agent's loop: half of the questions are answered, the others declined; then the answer."""
    known: dict[str, str] = {}
    asked: list[str] = []
    while True:
        found = told(await client.call_tool("next_question", {"query": QUERY, "known": known, "asked": asked}))
        if found["question"] is None:
            break
        assert found["question"].endswith((".", "?"))
        assert found["why"]
        assert found["attribute"] not in asked
        asked.append(found["attribute"])
        if len(asked) % 2:
            known[found["attribute"]] = "not so good, to be honest"
    assert (found["attribute"], found["why"], found["help"]) == (None, None, None)
    answer = told(await client.call_tool("respond", {"query": QUERY, "known": known, "asked": asked}))
    return {"asked": asked, "stop_reason": found["stop_reason"], **answer}


def launched(folder: Path) -> Any:
    """How a client starts ``raise mcp``."""
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    return mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "cli", "mcp", "raise", "--country", "gb"], env=env, cwd=folder
    )


def test_over_stdin_and_stdout_the_official_client_goes_from_query_to_answer(tmp_path: Path) -> None:
    async def talk(client: Any) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"next_question", "respond"}
        for tool in tools.values():
            assert "Call it" in tool.description
            assert set(tool.input_schema["properties"]["known"]["properties"]) == set(ATTRIBUTE_NAMES)
            assert tool.input_schema["required"] == ["query"]
            assert tool.annotations.read_only_hint
        assert set(tools["next_question"].output_schema["properties"]) == {
            "question",
            "attribute",
            "why",
            "stop_reason",
            "help",
        }
        done = await loop(client)
        assert 1 < len(done["asked"]) <= len(ATTRIBUTE_NAMES)
        assert done["stop_reason"] in {"sufficient", "budget"}
        assert done["enough_known"] is (done["stop_reason"] == "sufficient")
        assert done["response"]
        helped = told(await client.call_tool("next_question", {"query": DANGER}))
        assert helped["stop_reason"] == "crisis"
        assert "116 123" in helped["help"]

    on(launched(tmp_path), talk)
    assert list(tmp_path.iterdir()) == []  # nothing of a conversation is written


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGTERM")
def test_the_process_ends_when_told_to_though_stdin_is_open(tmp_path: Path) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with started(["mcp", "raise"], tmp_path, stdin=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(hello)}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 130


def test_over_http_too_and_only_for_this_machine() -> None:
    with Serving(make_http_app(tools_of())) as server:
        over_http = on(f"{server.url}{PATH}", loop)
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accept = {"Accept": "application/json, text/event-stream"}
        for headers, status in (
            ({}, 200),
            ({"Host": "evil.example"}, 421),
            ({"Origin": "https://evil.example"}, 403),
        ):
            reply = httpx.post(f"{server.url}{PATH}", json=body, headers={**accept, **headers})
            assert reply.status_code == status, reply.text
        huge = {**body, "params": {"x": "x" * 300_000}}
        assert httpx.post(f"{server.url}{PATH}", json=huge, headers=accept).status_code == 413
    assert over_http == on(tools_of(), loop)


def test_an_agents_loop_ends_whatever_is_declined() -> None:
    async def talk(client: Any) -> None:
        for known in ({}, {"age": "41"}):
            asked: list[str] = []
            while True:
                found = told(await client.call_tool("next_question", {"query": QUERY, "known": known, "asked": asked}))
                if found["question"] is None:
                    break
                asked.append(found["attribute"])
            assert len(asked) == len(set(asked)) == 3
            assert found["stop_reason"] == "budget"
            everything = {"query": QUERY, "asked": list(ATTRIBUTE_NAMES), "known": known}
            assert told(await client.call_tool("next_question", everything))["stop_reason"] == "declined"

    on(tools_of(settings=AgentSettings(budget=3, threshold=5)), talk)


@pytest.mark.parametrize("abstention", ["scale", "turn"])
def test_to_decide_takes_no_call_for_an_answer_and_to_answer_asks_nothing(abstention: Any) -> None:
    """What is known already counts, and an answer can be had at any time."""
    known = {"age": 41, "profession": "nurse", "economic_status": "in debt", "gender": None}
    with OpenAIServer() as server:
        models = upstream(server.url)

        async def talk(client: Any) -> tuple[int, dict[str, Any]]:
            full = dict.fromkeys(ATTRIBUTE_NAMES, "said")
            found = told(await client.call_tool("next_question", {"query": QUERY, "known": full}))
            assert found["question"] is None
            decided = server.count if abstention == "scale" else 0
            return decided, told(await client.call_tool("respond", {"query": QUERY, "known": known}))

        decided, answer = on(tools_of(models, AgentSettings(abstention=abstention)), talk)
        prompts = [json.dumps(received.body) for received in server.requests]
    assert answer["response"]
    assert not [prompt for prompt in prompts[:decided] if "[[ ## response ## ]]" in prompt]
    assert any("in debt" in prompt and "nurse" in prompt for prompt in prompts)


@pytest.mark.parametrize("tool", ["next_question", "respond"])
def test_in_danger_there_is_help_at_once_also_while_the_model_is_gone(tool: str) -> None:
    with OpenAIServer() as server:
        nobody = server.url

    async def talk(client: Any) -> None:
        for given in (
            {"query": DANGER},
            {"query": QUERY, "known": {"emotional_state": DANGER}, "asked": ["emotional_state"]},
            {"query": QUERY, "known": {"mood": DANGER}},
            {"query": f"{DANGER} {'so tired ' * 2_000}"},
        ):
            found = told(await client.call_tool(tool, given))
            assert "please contact" in str(found.get("help") or found.get("response"))
            assert found.get("crisis", found.get("stop_reason")) in {True, "crisis"}
        assert "cannot be had" in wrong(await client.call_tool(tool, {"query": QUERY}))

    on(tools_of(upstream(nobody)), talk)


def test_mistakes_are_told_in_one_sentence_that_helps() -> None:
    async def talk(client: Any) -> None:
        for given, said in (
            ({"query": QUERY, "known": {"agee": "41"}}, "did you mean 'age'?): choose one of age, gender"),
            ({"query": QUERY, "asked": ["mood"]}, "unknown attribute 'mood': choose one of age, gender"),
            ({"query": "  "}, "the query is blank"),
            ({}, "Field required"),
            ({"query": QUERY, "known": "nothing"}, "valid dictionary"),
            ({"query": "why " * 3_000}, "characters; send 8000 at most"),
        ):
            assert said in wrong(await client.call_tool("next_question", given))
        assert "valid" in wrong(await client.call_tool("respond", {"query": 42}))

    on(tools_of(), talk)


def test_a_model_that_does_not_answer_is_given_up() -> None:
    with OpenAIServer(faults=lambda index, body: Fault.HELD) as slow:
        tools = tools_of(upstream(slow.url), limits=Limits(seconds=0.3))
        assert "did not answer in time" in wrong(
            on(tools, lambda client: client.call_tool("respond", {"query": QUERY}))
        )


def test_the_log_has_a_line_a_call_and_nothing_that_was_said(log: io.StringIO) -> None:
    async def talk(client: Any) -> None:
        await client.call_tool("next_question", {"query": QUERY, "known": {"profession": "falconer"}})
        await client.call_tool("next_question", {"query": QUERY, "known": {"falconer": "falconer"}})

    on(tools_of(), talk)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    done, refused = [line for line in lines if line.get("message") == "tool"]
    assert (done["tool"], done["move"], done["model"], refused["code"]) == (
        "next_question",
        "ask",
        "raise",
        "invalid_request",
    )
    assert done["calls"] > 0
    assert not [word for word in (QUERY, "falconer") if word in log.getvalue()]


def test_the_schema_names_every_attribute() -> None:
    attribute = NextQuestion.model_json_schema()["properties"]["attribute"]
    assert attribute["anyOf"] == [{"type": "string", "enum": list(ATTRIBUTE_NAMES)}, {"type": "null"}]
