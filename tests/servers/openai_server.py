"""A local OpenAI-compatible chat-completions server that counts what it is asked, and fails when told to.

    with OpenAIServer(faults={0: Fault.RATE_LIMITED}) as server:
        settings = RoleSettings(model="openai/gpt-4o", api_base=server.url)

By hand: ``python -m tests.servers.openai_server --port 8000``.
"""

import argparse
import bisect
import contextlib
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from types import TracebackType
from typing import Any, Self

from dspy.lm15 import request_from_openai_chat

from lms.roles import Role
from lms.simulation import StandIn, persona_named
from lms.simulation.prompt import count_tokens
from tests.servers.faults import ANSWERED, GARBAGE, QUIRKS, REFUSALS, Body, Fault, Refusal, Trouble, spoil

__all__ = ["DRIP", "GARBAGE", "QUIRKS", "Body", "Fault", "OpenAIServer", "Received", "only", "role_of", "stand_in"]
Answer = str | Callable[[Body], str]
PERSONA = "gpt-4o"
"""Who answers for a model name that is no stand-in's."""
PATIENCE = 300.0
"""Seconds after which a wait of the server's own counts as a hang."""
DRIP = 0.05
"""Seconds between the spaces of a trickle."""
_ASKED_FOR = re.compile(r"`(?:\[\[ ## )?(\w+)")  # `[[ ## name ## ]]` in dspy's chat format, `name` in its JSON format
ROLES = {"risk_sensitivity": Role.JUDGE, "answer": Role.USER, "situations": Role.TEACHER, "queries": Role.TEACHER}
TARGET_FIELDS = frozenset(
    ["danger", "completeness", "enough", "next_move", "attribute", "ranking", "question", "facts", "response"]
)


Faults = Mapping[int, Trouble] | Sequence[Trouble | None] | Callable[[int, Body], Trouble | None]


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
    fault: Trouble | None

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


class PrefixCache:
    """Prompts so far, as a server without limits would keep them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[str] = []  # sorted: the longest common beginning is a neighbour's

    def take(self, prompt: str) -> str:
        """The beginning that ``prompt`` has in common with an earlier one; then it is one of these."""
        with self._lock:
            place = bisect.bisect_left(self._seen, prompt)
            beside = self._seen[max(0, place - 1) : place + 1]
            self._seen.insert(place, prompt)
        return prompt[: max((_common(prompt, other) for other in beside), default=0)]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class OpenAIServer:
    """The server, running while its ``with`` block lasts.

    Args:
        answer: the text of every reply, or a function from the request body to it; stand-ins by default.
        faults: by request index (in order of arrival), as a schedule, or as a function of index and body.
        port: 0 takes a free one.
        prefix_cache: whether usage tells how many tokens of the prompt an earlier prompt began with.

    Attributes:
        url: base URL, ends in ``/v1``.
    """

    def __init__(
        self, answer: Answer = stand_in, faults: Faults = (), port: int = 0, *, prefix_cache: bool = False
    ) -> None:
        self._answer, self._faults = answer, faults
        self._prompts = PrefixCache() if prefix_cache else None
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

    def _fault(self, index: int, body: Body) -> Trouble | None:
        if callable(self._faults):
            return self._faults(index, body)
        if isinstance(self._faults, Mapping):
            return self._faults.get(index)
        return self._faults[index] if index < len(self._faults) else None

    def hold(self, seconds: float = PATIENCE) -> bool:
        """Wait for ``release``, at most ``seconds``; whether it came."""
        return self._released.wait(seconds)

    def completion(self, received: Received) -> Body:
        """The reply's body; usage counts what is said in the end."""
        text = self._answer if isinstance(self._answer, str) else self._answer(received.body)
        sent, said = count_tokens(received.text), count_tokens(text) if text else 0
        completion = {
            "id": f"chatcmpl-{received.index}",
            "object": "chat.completion",
            "created": 0,
            "model": received.body["model"],
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said},
        }
        if self._prompts:
            begins = self._prompts.take(received.text)
            completion["usage"]["prompt_tokens_details"] = {"cached_tokens": count_tokens(begins) if begins else 0}
        return spoil(received.fault, completion)


class _Http(ThreadingHTTPServer):
    """One daemon thread a connection."""

    owner: OpenAIServer
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed are no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


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
        self._reply(received)

    def _reply(self, received: Received) -> None:
        match received.fault:
            case Fault.REPEATS_KEY:
                sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
                self._send(500, {"error": {"message": f"this key of yours, {sent}, is out of order"}})
            case Fault.DROPPED:
                self.close_connection = True
            case Refusal() as refused:
                self._send_raw(refused)
            case Fault() as fault if fault in REFUSALS:
                self._send_raw(REFUSALS[fault])
            case fault:
                if fault is Fault.HELD:
                    self.server.owner.hold()
                try:
                    completion = self.server.owner.completion(received)
                except Exception as error:  # noqa: BLE001  the boundary: an answer that fails is a server's error
                    self._send(500, {"error": {"message": f"{type(error).__name__}: {error}"}})
                else:
                    self._send(200, completion, trickle=fault is Fault.TRICKLE)

    def _send(self, status: int, body: Body, *, trickle: bool = False) -> None:
        self._send_raw(Refusal(status, json.dumps(body)), trickle=trickle)

    def _send_raw(self, reply: Refusal, *, trickle: bool = False) -> None:
        body = reply.body.encode()
        headers = {"Content-Type": "application/json", **dict(reply.headers)}
        if trickle:
            headers["Connection"] = "close"  # nobody knows the length yet
        else:
            headers["Content-Length"] = str(len(body))
        try:
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            while trickle and not self.server.owner.hold(DRIP):
                self.wfile.write(b" ")
                self.wfile.flush()
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
