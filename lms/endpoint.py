"""OpenAI-compatible servers say things in forms of their own; these are brought into the standard one for DSPy.

An error beside a whole reply is no failure, and an error is told in the server's own words wherever it puts them.
DSPy takes engines of its callers, but builds their connection itself; so this leans on ``dspy._vendor``, and
``tests/contracts/test_dspy_requests.py`` tells when that changes.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import orjson
from dspy.clients.engines.lm15_engine import LM15Engine, timeouts_for
from dspy.lm15 import RouterConfig

PROVIDER = "openai-chat"
"""DSPy's name of the dialect."""
WORDS = ("message", "detail", "msg", "error_description", "error", "reason")
"""Where servers put what they have to say, the usual place first."""
transports = import_module("dspy._vendor.lm15.transports")  # its type hints would hide dspy's from mypy
MOST = 2000
"""Characters kept of a server's words."""


def engine_for(
    api_base: str, api_key: str | None, timeout: float, headers: Mapping[str, str] | None = None
) -> LM15Engine:
    """DSPy's engine for an OpenAI-compatible server, behind ``standard_form``.

    Args:
        timeout: seconds.
        headers: sent with every request, beside or instead of DSPy's.
    """
    config = RouterConfig(
        api_keys={PROVIDER: api_key} if api_key else None,
        base_urls={PROVIDER: api_base},
        transport=_Standardized(
            transports.StdlibTransport(**RouterConfig(timeouts=timeouts_for(timeout)).transport_kwargs()),
            headers or {},
        ),
    )
    return LM15Engine(config)


class _Standardized:
    """A transport that passes bodies on in the standard form."""

    def __init__(self, inner: Any, headers: Mapping[str, str]) -> None:
        self._inner, self._headers = inner, headers

    def stream(self, request: Any) -> Any:
        """Send ``request``; the whole body is read before the first byte is passed on."""
        with self._inner.stream(self._with_headers(request)) as response:
            body = standard_form(response.status, response.read())
        headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
        return transports.TransportResponse(
            status=response.status,
            reason=response.reason,
            headers=headers,
            http_version=response.http_version,
            chunks=iter([body]),
            release=lambda consumed: None,
        )

    def _with_headers(self, request: Any) -> Any:
        own = {name.lower() for name in self._headers}
        kept = [(name, value) for name, value in request.headers if name.lower() not in own]
        return replace(request, headers=[*kept, *self._headers.items()])


def standard_form(status: int, body: bytes) -> bytes:
    """A chat-completions body as OpenAI would send it; what is no JSON object, or in that form, is left as it is."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(content, dict):
        return body
    if status < 400:
        if content.get("error") is None or not _has_reply(content):
            return body
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


def _has_reply(content: dict[str, Any]) -> bool:
    """Whether the first choice holds a message with anything in it."""
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
