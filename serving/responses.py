"""OpenAI's Responses API on the wire: its requests, and the bodies and events that tell the same replies as chat.

Nothing is stored, so whatever leans on an earlier response is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Discriminator, Tag, model_validator

from serving.wire import ApiError, Message, Reply, pieces

NEEDS_A_STORE = ("previous_response_id", "conversation", "prompt", "background")
"""Fields that only a server that keeps things can follow."""
WHOLE = "this server keeps no conversation: send it whole in input, each time."
REFERENCE = "item_reference"


class InputMessage(Message):
    """One message; those of roles other than the person's and the assistant's are left out."""

    type: Literal["message"] = "message"


class InputItem(BaseModel):
    """Anything else, such as calls of tools and reasoning: it is left out."""

    model_config = ConfigDict(strict=True)
    type: str


def _item_kind(item: Any) -> str:
    kind = item.get("type", "message") if isinstance(item, Mapping) else "message"
    return "message" if kind == "message" else "item"


def _input_kind(given: Any) -> str:
    return "text" if isinstance(given, str) else "items"


Item = Annotated[Annotated[InputMessage, Tag("message")] | Annotated[InputItem, Tag("item")], Discriminator(_item_kind)]
Input = Annotated[Annotated[str, Tag("text")] | Annotated[list[Item], Tag("items")], Discriminator(_input_kind)]


class ResponseRequest(BaseModel):
    """A request for the next message of a conversation.

    What else a client sends, such as instructions, temperatures and tools, is left out: the program has its own.

    Attributes:
        model: id of a member; empty for the default.
        input: the whole conversation, or the person's first words.
        x_raise: tell in the response what is known, what was asked, and why.
    """

    model_config = ConfigDict(strict=True)
    model: str = ""
    input: Input
    stream: bool | None = None
    x_raise: bool = False
    previous_response_id: Any = None
    conversation: Any = None
    prompt: Any = None
    background: Any = None

    @model_validator(mode="after")
    def _whole(self) -> "ResponseRequest":
        leans = [name for name in NEEDS_A_STORE if getattr(self, name)]
        items = [] if isinstance(self.input, str) else self.input
        leans += [f"input has an {REFERENCE}"] * any(item.type == REFERENCE for item in items)
        if leans:
            raise ValueError(f"{leans[0]}: {WHOLE.removesuffix('.')}")
        return self

    def history(self) -> list[dict[str, Any]]:
        """The messages, oldest first."""
        if isinstance(self.input, str):
            return [{"role": "user", "content": self.input}]
        return [item.model_dump(exclude={"type"}) for item in self.input if isinstance(item, InputMessage)]

    def body(self, reply: Reply) -> dict[str, Any]:
        """The whole response."""
        body = _response(reply, "completed", [_message(reply, reply.text)])
        return {**body, "x_raise": reply.told()} if self.x_raise else body

    def events(self, reply: Reply) -> Iterator[bytes]:
        """The response as server-sent events, in the order of OpenAI's API; the last one holds all of it."""
        return (_event(number, body) for number, body in enumerate(self._bodies(reply)))

    def _bodies(self, reply: Reply) -> Iterator[dict[str, Any]]:
        begun = _response(reply, "in_progress", [])
        item = {"item_id": _message_id(reply), "output_index": 0}
        part = {**item, "content_index": 0}
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}
        yield {"type": "response.output_item.added", "output_index": 0, "item": _message(reply, None)}
        yield {"type": "response.content_part.added", **part, "part": _text("")}
        for words in pieces(reply.text):
            yield {"type": "response.output_text.delta", **part, "delta": words, "logprobs": []}
        yield {"type": "response.output_text.done", **part, "text": reply.text, "logprobs": []}
        yield {"type": "response.content_part.done", **part, "part": _text(reply.text)}
        yield {"type": "response.output_item.done", "output_index": 0, "item": _message(reply, reply.text)}
        yield {"type": "response.completed", "response": self.body(reply)}

    def failure(self, error: ApiError) -> bytes:
        """What tells of a failure in a stream that has begun."""
        return _event(0, {"type": "error", "code": error.code, "message": str(error), "param": None})


def _response(reply: Reply, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": reply.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": reply.member.id,
        "output": output,
        "parallel_tool_calls": False,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "truncation": "disabled",
        "usage": _usage(reply) if output else None,
        "user": None,
    }


def _message_id(reply: Reply) -> str:
    return f"msg_{reply.id}"


def _message(reply: Reply, text: str | None) -> dict[str, Any]:
    """The message; without ``text`` one that has only begun."""
    return {
        "id": _message_id(reply),
        "type": "message",
        "role": "assistant",
        "status": "in_progress" if text is None else "completed",
        "content": [] if text is None else [_text(text)],
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(reply: Reply) -> dict[str, Any]:
    took = reply.took
    return {
        "input_tokens": took.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": took.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": took.input_tokens + took.output_tokens,
    }


def _event(number: int, body: Mapping[str, Any]) -> bytes:
    """One server-sent event, under its name."""
    return b"event: %b\ndata: %b\n\n" % (body["type"].encode(), orjson.dumps({**body, "sequence_number": number}))
