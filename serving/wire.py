"""OpenAI's chat API on the wire: what a request may hold, and the bodies of completions, chunks and errors."""

import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from serving.members import Member
from serving.replay import Reached, words_of
from signatures import Ask, Respond
from signatures.errors import first_problem

WORDS = re.compile(r"(?:\s*\S+){1,4}\s*")
"""As much of a text as is streamed at a time."""
DONE = b"data: [DONE]\n\n"
WAITING = b": waiting\n\n"
"""A comment of server-sent events, which keeps a connection open and which clients leave out."""


R = TypeVar("R", bound=BaseModel)


class ApiError(Exception):
    """What a client gets instead of an answer; its message quotes no contents.

    Args:
        status: HTTP status.
        message: one sentence.
        code: for programs, as OpenAI's API has them.
        retry_after: seconds after which the same request may succeed.
    """

    def __init__(self, status: int, message: str, code: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.retry_after = status, code, retry_after

    def body(self) -> dict[str, Any]:
        """The error object."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {"error": {"message": str(self), "type": kind, "param": None, "code": self.code}}

    def headers(self) -> dict[str, str]:
        """Further headers of the reply."""
        told = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return told | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})


class Part(BaseModel):
    """Part of a message's content; parts that are no text are left out."""

    model_config = ConfigDict(strict=True)
    type: str
    text: str | None = None


class Message(BaseModel):
    """One message; what is said in other roles than the person's and the assistant's is left out."""

    model_config = ConfigDict(strict=True)
    role: Literal["user", "assistant", "system", "developer", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    """What a stream tells besides the answer."""

    model_config = ConfigDict(strict=True)
    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request for the next message of a conversation.

    What else a client sends, such as temperatures and tools, is left out: the program has its own.

    Attributes:
        model: id of a member; empty for the default.
        n: one answer is all there is.
        x_raise: tell in the reply what is known, what was asked, and why.
    """

    model_config = ConfigDict(strict=True)
    model: str = ""
    messages: list[Message] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    x_raise: bool = False

    def history(self) -> list[dict[str, Any]]:
        """The messages, oldest first."""
        return [message.model_dump() for message in self.messages]

    def body(self, reply: "Reply") -> dict[str, Any]:
        """The whole completion."""
        return reply.completion(told=self.x_raise)

    def events(self, reply: "Reply") -> Iterator[bytes]:
        """The completion as server-sent events."""
        usage = self.stream_options is not None and self.stream_options.include_usage
        return reply.chunks(told=self.x_raise, usage=usage)

    def failure(self, error: ApiError) -> bytes:
        """What tells of a failure in a stream that has begun."""
        return event(error.body())


def parse_request(kind: type[R], raw: bytes) -> R:
    """The request of that kind in a body.

    Raises:
        ApiError: if it is none, with the first thing that is wrong.
    """
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        raise ApiError(400, f"{first_problem(error, 'body')}.", "invalid_request") from error


@dataclass(frozen=True)
class Took:
    """What a turn took of the language model.

    Attributes:
        calls: made now; replies that were stored are not among them.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def usage(self) -> dict[str, int]:
        """As OpenAI's API tells it."""
        total = self.input_tokens + self.output_tokens
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "total_tokens": total,
        }


@dataclass(frozen=True)
class Reply:
    """The next message of a conversation, ready to be sent."""

    member: Member
    reached: Reached
    took: Took
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def text(self) -> str:
        """What the person reads."""
        return words_of(self.reached.move)

    @property
    def kind(self) -> str:
        """What the move is: ``ask``, ``answer`` or ``help``."""
        return "help" if self.reached.is_help else "ask" if isinstance(self.reached.move, Ask) else "answer"

    def completion(self, *, told: bool) -> dict[str, Any]:
        """The whole reply; with ``told`` what is known, too."""
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        body = {**self._head("chat.completion"), "choices": [choice], "usage": self.took.usage()}
        return {**body, "x_raise": self.told()} if told else body

    def chunks(self, *, told: bool, usage: bool) -> Iterator[bytes]:
        """The reply as server-sent events; with ``usage`` what it took, last."""
        extra = {"usage": None} if usage else {}
        for delta in ({"role": "assistant", "content": ""}, *({"content": words} for words in pieces(self.text))):
            yield event(self._chunk(delta, None) | extra)
        yield event(self._chunk({}, "stop") | extra | ({"x_raise": self.told()} if told else {}))
        if usage:
            yield event({**self._head("chat.completion.chunk"), "choices": [], "usage": self.took.usage()})
        yield DONE

    def told(self) -> dict[str, Any]:
        """What is known, what was asked, and why the program says what it does."""
        conversation, move = self.reached.conversation, self.reached.move
        asks = move if isinstance(move, Ask) else None
        return {
            "move": "ask" if asks else "answer",
            "attribute": asks.attribute if asks else None,
            "why": asks.why if asks else None,
            "stop_reason": move.reason.value if isinstance(move, Respond) else None,
            "crisis": self.reached.is_help,
            "language": self.reached.language,
            "known": conversation.told().known(),
            "asked": list(conversation.asked()),
            "declined": sorted(conversation.declined),
        }

    def noted(self) -> dict[str, Any]:
        """What may be told of it in a log: nothing that anybody said."""
        told = self.told()
        some = {name: told[name] for name in ("move", "stop_reason", "crisis")}
        return {**some, "questions": len(told["asked"]), "calls": self.took.calls, **self.took.usage()}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{self.id}", "object": kind, "created": self.created, "model": self.member.id}

    def _chunk(self, delta: Mapping[str, str], finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}


def pieces(text: str) -> list[str]:
    """``text`` in pieces of a few words, which together are the text."""
    return WORDS.findall(text) or [text]


def event(body: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(body) + b"\n\n"
