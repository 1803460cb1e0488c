"""A local endpoint that speaks the dialects of several providers; a stand-in answers whatever they wrap it in.

with DialectServer() as server:
    settings = RoleSettings(model="anthropic/claude-x", api_base=server.url)
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from lms.simulation.prompt import count_tokens
from tests.servers.openai_server import stand_in

Body = dict[str, Any]
Message = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """How one provider puts a chat.

    Attributes:
        name: of the provider.
        path: pattern of the request's path, query included.
        messages: from the body to OpenAI's messages.
        reply: from text and tokens in and out to the reply's body.
    """

    name: str
    path: re.Pattern[str]
    messages: Callable[[Body], list[Message]]
    reply: Callable[[str, int, int], Body]


def _text(content: Any) -> str:
    """Text of a message whose content is a string, or parts with text."""
    return content if isinstance(content, str) else "".join(str(part.get("text", "")) for part in content)


def _chat(body: Body) -> list[Message]:
    """OpenAI's messages, or those of somebody whose system message stands apart."""
    system = [{"role": "system", "content": _text(body["system"])}] if body.get("system") else []
    return [*system, *({"role": m["role"], "content": _text(m["content"])} for m in body["messages"])]


def _gemini_messages(body: Body) -> list[Message]:
    system = body.get("systemInstruction") or body.get("system_instruction")
    first = [{"role": "system", "content": _text(system["parts"])}] if system else []
    roles = {"model": "assistant"}
    return [*first, *({"role": roles.get(c["role"], "user"), "content": _text(c["parts"])} for c in body["contents"])]


def _openai_reply(text: str, sent: int, said: int) -> Body:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}


def _anthropic_reply(text: str, sent: int, said: int) -> Body:
    usage = {"input_tokens": sent, "output_tokens": said}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }


def _gemini_reply(text: str, sent: int, said: int) -> Body:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": sent, "candidatesTokenCount": said, "totalTokenCount": sent + said}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m"}


def _bedrock_reply(text: str, sent: int, said: int) -> Body:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": sent, "outputTokens": said, "totalTokens": sent + said},
        "metrics": {"latencyMs": 1},
    }


DIALECTS = (
    Dialect("azure", re.compile(r"/openai/deployments/[^/]+/chat/completions\?api-version=\S+"), _chat,
            _openai_reply),
    Dialect("azure", re.compile(r"/openai/v1/chat/completions"), _chat, _openai_reply),
    Dialect("anthropic", re.compile(r"/v1/messages"), _chat, _anthropic_reply),
    Dialect("gemini", re.compile(r"/(v1beta/)?models/[^/]+:generateContent"), _gemini_messages,
            _gemini_reply),
    Dialect("bedrock", re.compile(r"/model/[^/]+/converse"), _chat, _bedrock_reply),
    Dialect("openai", re.compile(r"/v1/chat/completions"), _chat, _openai_reply),
)  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """One request, and in which dialect it was put; None for one that nobody speaks."""

    path: str
    headers: dict[str, str]
    body: Body
    dialect: Dialect | None


class DialectServer:
    """The server, running while its ``with`` block lasts.

    Attributes:
        url: base URL without a path.
        requests: everything received so far.
    """

    def __init__(self) -> None:
        self.requests: list[Heard] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, reply = owner.answer(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                raw = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Tests keep their output clean."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, headers: dict[str, str], body: Body) -> tuple[int, Body]:
        """Status and body of the reply."""
        dialect = next((each for each in DIALECTS if each.path.search(path)), None)
        self.requests.append(Heard(path, headers, body, dialect))
        if dialect is None:
            return 404, {"error": {"message": f"nothing is at {path}"}}
        messages = dialect.messages(body)
        text = stand_in({"model": "gpt-4o", "messages": messages, "temperature": 0.0})
        sent = count_tokens("\n".join(message["content"] for message in messages))
        return 200, dialect.reply(text, sent, count_tokens(text))
