"""A local OpenAI-compatible chat-completions server that counts what it is asked, and fails when told to.

    with OpenAIServer(faults={0: Fault.RATE_LIMITED}) as server:
        settings = RoleSettings(model="openai/gpt-4o", api_base=server.url)

By hand: ``python -m tests.servers.openai_server --port 8000``.
"""

import argparse
import contextlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from dspy.lm15 import request_from_openai_chat

from lms.roles import Role
from lms.simulation import StandIn, persona_named
from lms.simulation.prompt import count_tokens

Body = dict[str, Any]
Answer = str | Callable[[Body], str]
PERSONA = "gpt-4o"
"""Who answers for a model name that is no stand-in's."""
GARBAGE = "Hm, let me think about that differently."
PATIENCE = 60.0
"""Seconds after which a wait of the server's own counts as a hang."""
_ASKED_FOR = re.compile(r"`(?:\[\[ ## )?(\w+)")  # `[[ ## name ## ]]` in dspy's chat format, `name` in its JSON format
ROLES = {"risk_sensitivity": Role.JUDGE, "answer": Role.USER, "situations": Role.TEACHER, "queries": Role.TEACHER}
TARGET_FIELDS = frozenset(
    ["danger", "completeness", "enough", "next_move", "attribute", "ranking", "question", "facts", "response"]
)


class Fault(StrEnum):
    """What can go wrong with one request."""

    RATE_LIMITED = "429 with Retry-After"
    SERVER_ERROR = "500"
    UNAUTHORIZED = "401"
    REPEATS_KEY = "500 that repeats the key it was sent"
    DROPPED = "the connection closes without a reply"
    HELD = "no reply until release(), so the client times out"
    CUT_OFF = "half of the text, finish_reason length"
    FILTERED = "half of the text, finish_reason content_filter"
    MALFORMED = "the body is not JSON"
    EMPTY = "no text"
    GARBAGE = "text that no adapter can parse"
    REASONING_FIELD = "reasoning_content beside the content"
    THINKING = "a <think> block with a draft of every field before the answer"
    THINKING_UNOPENED = "the same without its opening tag"
    ONLY_THINKING = "a <think> block that never ends"
    INLINE_MARKS = "field marks in the middle of lines"


QUIRKS = (Fault.REASONING_FIELD, Fault.THINKING, Fault.THINKING_UNOPENED, Fault.INLINE_MARKS)
"""Odd forms of whole replies."""
ANSWERED = frozenset({None, Fault.CUT_OFF, Fault.FILTERED, Fault.EMPTY, Fault.GARBAGE, Fault.ONLY_THINKING, *QUIRKS})
"""Requests with these got a proper completion, whatever it says; a provider would bill it."""
Faults = Mapping[int, Fault] | Sequence[Fault | None] | Callable[[int, Body], Fault | None]


@dataclass(frozen=True)
class Received:
    """One request.

    Attributes:
        body: the JSON object posted.
        headers: names in lower case.
        role: who was meant to answer, guessed from the output fields asked for.
        fault: what the server did wrong, None if it answered properly.
    """

    index: int
    path: str
    body: Body
    headers: dict[str, str]
    role: Role
    fault: Fault | None

    @property
    def text(self) -> str:
        """All messages, one after the other."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])


def role_of(body: Body) -> Role:
    """The role that a request is for, by the output fields that it asks for; free text is the teacher's."""
    tail = str(body["messages"][-1]["content"]).rpartition("\nRespond with ")[2]
    fields = _ASKED_FOR.findall(tail)
    for name in fields:
        if name in ROLES:
            return ROLES[name]
    return Role.TARGET if TARGET_FIELDS & set(fields) else Role.TEACHER


def only(role: Role, fault: Fault) -> Callable[[int, Body], Fault | None]:
    """``fault`` for every request of ``role``."""
    return lambda index, body: fault if role_of(body) is role else None


def stand_in(body: Body) -> str:
    """What the stand-in named by the model says, traits included; a pure function of ``body``."""
    try:
        persona = persona_named(body["model"])
    except (KeyError, ValueError):
        persona = persona_named(PERSONA)
    return StandIn(persona).answer(request_from_openai_chat(body)).text


class OpenAIServer:
    """The server, running while its ``with`` block lasts.

    Args:
        answer: the text of every reply, or a function from the request body to it; stand-ins by default.
        faults: by request index (in order of arrival), as a schedule, or as a function of index and body.
        port: 0 takes a free one.

    Attributes:
        url: base URL, ends in ``/v1``.
    """

    def __init__(self, answer: Answer = stand_in, faults: Faults = (), port: int = 0) -> None:
        self._answer, self._faults = answer, faults
        self._changed = threading.Condition()
        self._received: list[Received] = []
        self._released = threading.Event()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def requests(self) -> list[Received]:
        """Everything received so far, in order of arrival."""
        with self._changed:
            return list(self._received)

    @property
    def count(self) -> int:
        """How many requests came in."""
        return len(self.requests)

    def answered(self) -> dict[str, int]:
        """Role -> requests that got a completion; what a provider would bill."""
        return dict(Counter(r.role.value for r in self.requests if r.fault in ANSWERED))

    def failed(self) -> int:
        """Requests that got no completion."""
        return sum(r.fault not in ANSWERED for r in self.requests)

    def wait_for(self, count: int) -> None:
        """Block until ``count`` requests came in.

        Raises:
            TimeoutError: if they don't.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._received) >= count, PATIENCE):
                raise TimeoutError(f"{len(self._received)} requests instead of {count} after {PATIENCE} s")

    def release(self) -> None:
        """Let held replies go, now and from here on."""
        self._released.set()

    def receive(self, path: str, headers: dict[str, str], body: Body) -> Received:
        """Write a request down and decide its fate."""
        role = role_of(body)
        with self._changed:
            index = len(self._received)
            received = Received(index, path, body, headers, role, self._fault(index, body))
            self._received.append(received)
            self._changed.notify_all()
        return received

    def _fault(self, index: int, body: Body) -> Fault | None:
        if callable(self._faults):
            return self._faults(index, body)
        if isinstance(self._faults, Mapping):
            return self._faults.get(index)
        return self._faults[index] if index < len(self._faults) else None

    def hold(self) -> None:
        """Wait for ``release``."""
        self._released.wait(PATIENCE)

    def completion(self, received: Received) -> Body:
        """The reply's body."""
        text = self._answer if isinstance(self._answer, str) else self._answer(received.body)
        reason = "stop"
        match received.fault:
            case Fault.GARBAGE:
                text = GARBAGE
            case Fault.EMPTY:
                text = ""
            case Fault.CUT_OFF:
                text, reason = text[: len(text) // 2], "length"
            case Fault.FILTERED:
                text, reason = text[: len(text) // 2], "content_filter"
            case Fault.THINKING:
                text = f"<think>Maybe so:\n{_draft(text)}\n</think>\n\n{text}"
            case Fault.THINKING_UNOPENED:
                text = f"Maybe so:\n{_draft(text)}\n</think>\n\n{text}"
            case Fault.ONLY_THINKING:
                text = f"<think>Maybe so:\n{_draft(text)}"
            case Fault.INLINE_MARKS:
                text = re.sub(r"\s*(\[\[ ## \w+ ## \]\])\s*", r" \1 ", text).strip()
        message = {"role": "assistant", "content": text}
        if received.fault is Fault.REASONING_FIELD:
            message["reasoning_content"] = "Let me think about this person first."
        sent, said = count_tokens(received.text), count_tokens(text) if text else 0
        return {
            "id": f"chatcmpl-{received.index}",
            "object": "chat.completion",
            "created": 0,
            "model": received.body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said},
        }


def _draft(text: str) -> str:
    """``text`` with other words in its fields, as a model drafts before it answers."""
    return re.sub(r"(?m)^(?!\[\[)(?=.)", "not this: ", text)


class _Http(ThreadingHTTPServer):
    """One daemon thread a connection."""

    owner: OpenAIServer
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    """The wire."""

    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet

    def do_POST(self) -> None:
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/chat/completions"):
            self._send(404, {"error": {"message": f"no such endpoint: {self.path}"}})
            return
        try:
            body = json.loads(raw)
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = owner.receive(self.path, headers, body)
        except Exception as error:  # noqa: BLE001  the boundary: whatever is wrong with a body is the client's to read
            self._send(400, {"error": {"message": f"{type(error).__name__}: {error}"}})
            return
        match received.fault:
            case Fault.RATE_LIMITED:
                self._send(
                    429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, {"Retry-After": "7"}
                )
            case Fault.SERVER_ERROR:
                self._send(500, {"error": {"message": "the server had an error", "type": "server_error"}})
            case Fault.UNAUTHORIZED:
                self._send(401, {"error": {"message": "incorrect API key provided", "code": "invalid_api_key"}})
            case Fault.REPEATS_KEY:
                sent = headers.get("authorization", "").removeprefix("Bearer ")
                self._send(500, {"error": {"message": f"this key of yours, {sent}, is out of order"}})
            case Fault.DROPPED:
                self.close_connection = True
            case Fault.MALFORMED:
                self._send_raw(200, b'{"choices": [{"message": ', {})
            case fault:
                if fault is Fault.HELD:
                    owner.hold()
                try:
                    self._send(200, owner.completion(received))
                except Exception as error:  # noqa: BLE001  the boundary: an answer that fails is a server's error
                    self._send(500, {"error": {"message": f"{type(error).__name__}: {error}"}})

    def _send(self, status: int, body: Body, headers: Mapping[str, str] | None = None) -> None:
        self._send_raw(status, json.dumps(body).encode(), headers or {})

    def _send_raw(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:  # the client has hung up, as it does after a time-out
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Tests keep their output clean."""


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A local OpenAI-compatible server that answers with stand-ins.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    with OpenAIServer(port=parser.parse_args().port) as server:
        print(server.url, flush=True)  # noqa: T201  a command
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
