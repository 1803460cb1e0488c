"""RAISE as tools of the Model Context Protocol, for agents that keep their own loop: what to ask next, and the answer.

Nothing is kept between two calls: the agent sends what it knows each time.
"""

import asyncio
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

from serving import logs
from serving.limits import Limits
from serving.members import Member
from serving.told import Answered, Decided, Told
from serving.turns import Turns
from serving.wire import ApiError, Reply
from signatures import Ask, RaiseError, Respond, StopReason, current_vocabulary

PATH = "/mcp"
"""Where the tools are, over HTTP."""
INSTRUCTIONS = """\
The same answer can be harmless for one person and dangerous for another. Use these tools when a person asks something
personal and sensitive: about health, mind, money, work, family, relationships, risk.

Loop: call next_question with the person's query and what you know of them. If it returns a question, put it to the
person, add what they say to `known` and the attribute to `asked`, and call it again. If it returns no question, answer:
in your own words, or with respond. If `help` is set the person may be in acute danger: show it at once, ask nothing.
"""
NEXT_QUESTION = """\
Decide whether enough is known of a person to answer their question safely, and if not, what to ask them next.

Call it before you answer a personal, sensitive question, and again after each answer, with all that is known by then.
Put the question to the person word for word. When `question` is null, stop asking: `stop_reason` says why. When `help`
is set, show it to the person at once and ask nothing more.
"""
RESPOND = """\
Answer a person's question with what is known of them.

Call it when next_question has no further question, or when the person wants an answer now. `enough_known` says whether
what is known is enough for a safe answer. When `crisis` is true, show the response to the person at once, as it is.
"""


def _list_meanings(schema: dict[str, Any]) -> None:
    schema["properties"] = {
        attribute.name: {"type": "string", "description": f"{attribute.label}: {attribute.meaning}"}
        for attribute in current_vocabulary().attributes
    }
    schema["additionalProperties"] = False


def _list_names(schema: dict[str, Any]) -> None:
    schema["enum"] = list(current_vocabulary().names)


AttributeName = Annotated[str, Field(json_schema_extra=_list_names)]
Query = Annotated[str, Field(description="What the person asks, in their own words.")]
Known = Annotated[
    dict[str, Annotated[str, Field(coerce_numbers_to_str=True)] | None],  # models send ages as numbers, and nulls
    Field(
        description="What the person has said of themselves, attribute by attribute, in their own words. Add nothing "
        "that they did not say.",
        json_schema_extra=_list_meanings,
    ),
]
Asked = Annotated[
    list[AttributeName],
    Field(
        description="Attributes that the person was asked about already, also those that they would rather not tell: "
        "these are never asked about again.",
    ),
]


class NextQuestion(BaseModel):
    """What to ask next, or why to stop asking."""

    question: str | None = Field(description="To put to the person, word for word; null: ask nothing more.")
    attribute: AttributeName | None = Field(description="What it is about: the name for `known` and `asked`.")
    why: str | None = Field(description="What the question is for, to tell a person who wants to know.")
    stop_reason: StopReason | None = Field(
        description="Why nothing more is asked. sufficient: enough is known. budget: more questions would ask too much "
        "of the person. exhausted: nothing is left to ask. declined: what is left, the person would rather not tell. "
        "crisis: acute danger."
    )
    help: str | None = Field(description="Words for a person who may be in acute danger: show them at once.")


class Answer(BaseModel):
    """The answer."""

    response: str = Field(description="To the person.")
    enough_known: bool = Field(description="Whether what is known is enough for a safe answer.")
    crisis: bool = Field(description="The person may be in acute danger, and the response is help.")


def make_tools(member: Member, turns: Turns) -> "MCPServer[Any]":
    """The tools of one program, as a server for any transport."""
    server: MCPServer[Any] = MCPServer(
        "raise", title="RAISE", instructions=INSTRUCTIONS, version=version("raise-penguin"), log_level="WARNING"
    )
    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

    @server.tool(title="What to ask next", description=NEXT_QUESTION, annotations=reads)
    async def next_question(query: Query, known: Known = {}, asked: Asked = []) -> NextQuestion:  # noqa: B006
        return _question(await _made(turns, member, "next_question", Decided, (query, known, asked)))

    @server.tool(title="Answer", description=RESPOND, annotations=reads)
    async def respond(query: Query, known: Known = {}, asked: Asked = []) -> Answer:  # noqa: B006
        return _answer(await _made(turns, member, "respond", Answered, (query, known, asked)))

    return server


def make_http_app(tools: "MCPServer[Any]") -> ASGIApp:
    """The tools over streamable HTTP, without sessions, for clients on this machine: other hosts are refused."""
    return tools.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, json_response=True, max_request_body_size=Limits().body
    )


async def _made(
    turns: Turns,
    member: Member,
    tool: str,
    occasion: Callable[[str, Known, Asked], Told],
    told: tuple[str, Known, Asked],
) -> Reply:
    """The next move, with a line for the log, in which is nothing that was said.

    Raises:
        ToolError: saying what is wrong, for the model that called the tool.
    """
    began, note = time.perf_counter(), {"tool": tool, "model": member.id}
    try:
        reply = await turns.make(member, await asyncio.to_thread(occasion, *told))
        note |= reply.noted()
        return reply
    except RaiseError as error:
        note["code"] = "invalid_request"
        raise ToolError(str(error)) from error
    except ApiError as error:
        note["code"] = error.code
        raise ToolError(str(error)) from error
    finally:
        fields = {**note, "seconds": round(time.perf_counter() - began, 4)}
        logs.requests.info("tool", extra={"fields": fields})


def _question(reply: Reply) -> NextQuestion:
    move = reply.reached.move
    asks, stops = (move, None) if isinstance(move, Ask) else (None, move)
    return NextQuestion(
        question=asks.question if asks else None,
        attribute=asks.attribute if asks else None,
        why=asks.why if asks else None,
        stop_reason=stops.reason if stops else None,
        help=reply.text if reply.reached.is_help else None,
    )


def _answer(reply: Reply) -> Answer:
    move = reply.reached.move
    enough = isinstance(move, Respond) and move.reason is StopReason.SUFFICIENT
    return Answer(response=reply.text, enough_known=enough, crisis=reply.reached.is_help)
