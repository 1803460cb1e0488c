"""RAISE's own server in a thread of the test, on loopback."""

import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.types import ASGIApp

from lms import LanguageModels, RecentReplies
from modules import RAISE
from serving.app import make_app
from serving.limits import Limits
from serving.members import Member
from serving.server import server_of
from serving.tracing import Count, Traces

PATIENCE = 120.0
"""Seconds after which a reply counts as lost on a busy machine."""


class Serving:
    """An application on loopback, in a thread, while the ``with`` block lasts.

    Attributes:
        url: base URL without a path.
        client: a client of it.
    """

    def __init__(self, app: ASGIApp, seconds: float = PATIENCE) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = server_of(app, "127.0.0.1", 0, seconds)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join()


class RaiseServer(Serving):
    """The server, running while its ``with`` block lasts; by default uncompiled RAISE on a stand-in."""

    def __init__(
        self,
        members: Sequence[Member] = (),
        models: LanguageModels | None = None,
        *,
        key: str | None = None,
        limits: Limits | None = None,
        traces: Callable[[Count], Traces] | None = None,
    ) -> None:
        limits = limits or Limits()
        self.models = models or LanguageModels(store=RecentReplies())
        app = make_app(members or (Member("raise", RAISE()),), self.models, key=key, limits=limits, traces=traces)
        super().__init__(app, limits.seconds)

    def chat(self, messages: Sequence[Any], **fields: Any) -> httpx.Response:
        """The reply to a chat request."""
        return self.client.post("/v1/chat/completions", json={"messages": list(messages), **fields})

    def said(self, messages: Sequence[Any], **fields: Any) -> str:
        """What the assistant says next."""
        reply = self.chat(messages, **fields)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["choices"][0]["message"]["content"])
