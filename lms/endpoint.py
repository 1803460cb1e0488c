"""OpenAI-compatible servers, asked without the wrapping that DSPy puts around a call, and brought into one form.

Servers say things in forms of their own: an error beside a whole reply is no failure, and an error is told in the
server's own words wherever it puts them. ``lms.engine`` keeps, counts, prices and retries, so of DSPy only the dialect
is needed here; the rest took three quarters of the time of a call. DSPy builds connections itself; so this leans on
``dspy._vendor``, and ``tests/contracts/test_dspy_requests.py`` tells when that changes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import orjson
from dspy.clients.engines.lm15_engine import timeouts_for
from dspy.clients.errors import error_boundary
from dspy.lm15 import AsyncLMRouter, LMRouter, Request, Response, RouterConfig

PROVIDER = "openai-chat"
"""DSPy's name of the dialect."""
WORDS = ("message", "detail", "msg", "error_description", "error", "reason")
"""Where servers put what they have to say, the usual place first."""
transports = import_module("dspy._vendor.lm15.transports")  # its type hints would hide dspy's from mypy
MOST = 2000
"""Characters kept of a server's words."""
CONNECTIONS = 1024
"""At most; more calls than that at once wait for a connection."""


class Endpoint:
    """One model of an OpenAI-compatible server. Safe for threads; async calls have connections for each event loop.

    Args:
        model: as DSPy names it, ``openai/...``.
        timeout: seconds.
        headers: sent with every request, beside or instead of DSPy's.
    """

    def __init__(
        self,
        model: str,
        api_base: str,
        api_key: str | None,
        timeout: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.model, self._headers = model, dict(headers or {})
        self._base, self._key, self._timeout = api_base, api_key, timeout
        self._routers: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def complete(self, request: Request) -> Response:
        """The server's reply to ``request``.

        Raises:
            dspy.utils.exceptions.LMError: of the kind that DSPy would raise.
        """
        with error_boundary(self.model, provider=PROVIDER, unexpected=True):
            response: Response = self._lm.complete(replace(request, model=self._name))
            return response

    async def acomplete(self, request: Request) -> Response:
        """The async twin of ``complete``."""
        loop = asyncio.get_running_loop()
        with error_boundary(self.model, provider=PROVIDER, unexpected=True):
            lm = self._routers.get(loop)
            if lm is None:
                lm = self._routers[loop] = AsyncLMRouter(self._config(asynchronous=True)).lm(self._route)
            response: Response = await lm.complete(replace(request, model=self._name))
            return response

    @cached_property
    def _lm(self) -> Any:
        return LMRouter(self._config()).lm(self._route)

    @property
    def _name(self) -> str:
        """The model as the server knows it."""
        return self.model.partition("/")[2]

    @property
    def _route(self) -> str:
        return f"{PROVIDER}:{self._name}"

    def _config(self, *, asynchronous: bool = False) -> RouterConfig:
        limits = RouterConfig(timeouts=timeouts_for(self._timeout), max_connections=CONNECTIONS).transport_kwargs()
        limits |= {"proxy": proxy_for(self._base), "trust_env": False}
        return RouterConfig(
            api_keys={PROVIDER: self._key} if self._key else None,
            base_urls={PROVIDER: self._base},
            transport=_AsyncStandardized(transports.StdlibAsyncTransport(**limits), self._headers)
            if asynchronous
            else _Standardized(transports.StdlibTransport(**limits), self._headers),
        )


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for ``url``; None for a direct connection.

    Looked up once for an endpoint: the transport would read the whole environment for each request.
    """
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy and not proxy_bypass(parts.hostname or "") else None


class _Standardized:
    """A transport that passes bodies on in the standard form."""

    def __init__(self, inner: Any, headers: Mapping[str, str]) -> None:
        self._inner, self._headers = inner, headers

    def stream(self, request: Any) -> Any:
        """Send ``request``; the whole body is read before the first byte is passed on."""
        with self._inner.stream(_with_headers(request, self._headers)) as response:
            body = standard_form(response.status, response.read())
        return transports.TransportResponse(**_head(response), chunks=iter([body]), release=lambda consumed: None)


class _AsyncStandardized:
    """The async twin of ``_Standardized``."""

    def __init__(self, inner: Any, headers: Mapping[str, str]) -> None:
        self._inner, self._headers = inner, headers

    @asynccontextmanager
    async def stream(self, request: Any) -> AsyncIterator[Any]:
        """Send ``request``; the whole body is read before the first byte is passed on."""
        async with self._inner.stream(_with_headers(request, self._headers)) as response:
            body = standard_form(response.status, await response.read())
        yield transports.AsyncTransportResponse(**_head(response), chunks=_once(body), release=_release_nothing)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _release_nothing(consumed: bool) -> None:
    """The connection went back to the pool when the body had been read."""


def _head(response: Any) -> dict[str, Any]:
    """What is passed on of a response besides its body, whose length may change."""
    return {
        "status": response.status,
        "reason": response.reason,
        "headers": [(name, value) for name, value in response.headers if name.lower() != "content-length"],
        "http_version": response.http_version,
    }


def _with_headers(request: Any, headers: Mapping[str, str]) -> Any:
    if not headers:
        return request
    own = {name.lower() for name in headers}
    kept = [(name, value) for name, value in request.headers if name.lower() not in own]
    return replace(request, headers=[*kept, *headers.items()])


def standard_form(status: int, body: bytes) -> bytes:
    """A chat-completions body as OpenAI would send it; what is no JSON object, or in that form, is left as it is."""
    if status < 400 and b"error" not in body:  # nearly all: the parser of the dialect reads them once
        return body
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(content, dict) or (status < 400 and not _has_reply_and_error(content)):
        return body
    if status < 400:
        return orjson.dumps({name: value for name, value in content.items() if name != "error"})
    error = content.get("error")
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return body
    details = error if isinstance(error, dict) else content
    return orjson.dumps(
        {
            "error": {
                "message": words_of(content)[:MOST],
                "code": details.get("code"),
                "type": details.get("type"),
                "param": details.get("param"),
            }
        }
    )


def _has_reply_and_error(content: dict[str, Any]) -> bool:
    """Whether there is an error, and yet the first choice holds a message with anything in it."""
    if content.get("error") is None:
        return False
    choices = content.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return False
    message = choices[0].get("message")
    return isinstance(message, dict) and bool(message.get("content"))


def words_of(content: object) -> str:
    """What an error body says, wherever it says it; the body itself if it is nowhere."""
    return _find_words(content) or orjson.dumps(content).decode()


def _find_words(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "; ".join(words for part in content if (words := _find_words(part)))
    if isinstance(content, dict):
        for name in WORDS:
            if words := _find_words(content.get(name)):
                return words
    return ""
