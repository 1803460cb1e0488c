"""What can go wrong with one request to a chat-completions endpoint, and what then comes over the wire."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

Body = dict[str, Any]
GARBAGE = "Hm, let me think about that differently."
PAGE = "<!DOCTYPE html>\n<html><body><h1>Bad gateway</h1>The server is on a break.</body></html>"
COMPLAINT = "the prompt is too long for this model"
"""What a refusal with a flat body says."""


class Fault(StrEnum):
    """What can go wrong with one request."""

    RATE_LIMITED = "429 with Retry-After"
    SERVER_ERROR = "500"
    UNAUTHORIZED = "401"
    LOADING = "503, as long as the model is being loaded"
    PAGE = "a page of HTML with status 200"
    BAD_GATEWAY = "a page of HTML with status 502"
    NO_BODY = "status 200 and nothing else"
    MALFORMED = "the body is not JSON"
    ERROR_IN_200 = "an error object instead of choices, with status 200"
    DROPPED = "the connection closes without a reply"
    HELD = "no reply until release(), so the client times out"
    TRICKLE = "a space now and then until release(), then the reply, so that no single read times out"
    CHOICES_NULL = "choices null"
    NO_CHOICES = "choices empty"
    CUT_OFF = "half of the text, finish_reason length"
    FILTERED = "half of the text, finish_reason content_filter"
    EMPTY = "no text"
    CONTENT_NULL = "content null, finish_reason stop"
    GARBAGE = "text that no adapter can parse"
    REASONING_FIELD = "reasoning_content beside the content"
    THINKING = "a <think> block with a draft of every field before the answer"
    THINKING_UNOPENED = "the same without its opening tag"
    ONLY_THINKING = "a <think> block that never ends"
    INLINE_MARKS = "field marks in the middle of lines"
    ERROR_BESIDE = "an error object beside a good reply"
    PARTS = "content as a list of parts"
    NO_USAGE = "no usage"


QUIRKS = (
    Fault.REASONING_FIELD,
    Fault.THINKING,
    Fault.THINKING_UNOPENED,
    Fault.INLINE_MARKS,
    Fault.ERROR_BESIDE,
    Fault.PARTS,
    Fault.NO_USAGE,
)
"""Odd forms of whole replies."""
NO_ANSWER = frozenset({Fault.EMPTY, Fault.CONTENT_NULL, Fault.GARBAGE, Fault.ONLY_THINKING})
"""Completions without an answer in them."""
ANSWERED = frozenset({None, Fault.CUT_OFF, Fault.FILTERED, *NO_ANSWER, *QUIRKS})
"""Requests with these got a proper completion, whatever it says; a provider would bill it."""


@dataclass(frozen=True)
class Refusal:
    """A reply that is no completion.

    Attributes:
        body: sent as it is.
        headers: further ones than type and length.
    """

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """As test ids show it."""
        return f"{self.status} {self.body[:30]}"


Trouble = Fault | Refusal


def refusal(status: int, message: str, **details: str | None) -> Refusal:
    """A refusal in OpenAI's form."""
    return Refusal(status, json.dumps({"error": {"message": message, **details}}))


def busy(retry_after: str | datetime) -> Refusal:
    """429 with a ``Retry-After`` in seconds, or as a date of HTTP; the date needs the time zone UTC."""
    when = format_datetime(retry_after, usegmt=True) if isinstance(retry_after, datetime) else retry_after
    slow_down = refusal(429, "slow down", code="rate_limit_exceeded")
    return Refusal(slow_down.status, slow_down.body, (("Retry-After", when),))


REFUSALS: Mapping[Fault, Refusal] = {
    Fault.RATE_LIMITED: busy("7"),
    Fault.SERVER_ERROR: refusal(500, "the server had an error", type="server_error"),
    Fault.UNAUTHORIZED: refusal(401, "incorrect API key provided", code="invalid_api_key"),
    Fault.LOADING: refusal(503, "Loading model", type="unavailable_error"),
    Fault.PAGE: Refusal(200, PAGE, (("Content-Type", "text/html"),)),
    Fault.BAD_GATEWAY: Refusal(502, PAGE, (("Content-Type", "text/html"),)),
    Fault.NO_BODY: Refusal(200),
    Fault.MALFORMED: Refusal(200, '{"choices": [{"message": '),
    Fault.ERROR_IN_200: refusal(200, "the upstream provider failed", code="502"),
}
FLAT = {
    "error": json.dumps({"error": COMPLAINT}),
    "message": json.dumps({"message": COMPLAINT}),
    "detail": json.dumps({"detail": COMPLAINT}),
    "fastapi": json.dumps({"detail": [{"loc": ["body", "messages"], "msg": COMPLAINT, "type": "value_error"}]}),
}
"""Error bodies without OpenAI's error object."""

Demand = Callable[[int, Body], Refusal | None]
"""What a server insists on: refuses each request that does not comply."""


def unsupported(name: str, instead: str = "") -> Demand:
    """No request may send the parameter ``name``; the refusal may name another."""
    hint = f" Use '{instead}' instead." if instead else ""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
    no = refusal(400, message, type="invalid_request_error", param=name, code="unsupported_parameter")
    return lambda index, body: no if name in body else None


def only_default(name: str, default: float = 1) -> Demand:
    """The parameter ``name`` may have its default value only."""

    def demand(index: int, body: Body) -> Refusal | None:
        if body.get(name, default) == default:
            return None
        message = (
            f"Unsupported value: '{name}' does not support {body[name]} with this model. "
            f"Only the default ({default}) value is supported."
        )
        return refusal(400, message, type="invalid_request_error", param=name, code="unsupported_value")

    return demand


def not_both(first: str, second: str) -> Demand:
    """The two parameters may not come together."""
    message = f"`{first}` and `{second}` cannot both be specified for this model. Please use only one."
    no = refusal(400, message, type="invalid_request_error")
    return lambda index, body: no if first in body and second in body else None


def no_system_role(index: int, body: Body) -> Refusal | None:
    """Messages of the system are refused, as some chat templates do."""
    if all(message["role"] != "system" for message in body["messages"]):
        return None
    return refusal(400, "System role not supported", type="BadRequestError")


def spoil(fault: Trouble | None, completion: Body) -> Body:
    """``completion`` as ``fault`` leaves it."""
    choice = completion["choices"][0]
    message = choice["message"]
    if fault in CONTENTS:
        message["content"] = CONTENTS[fault](message["content"])
    match fault:
        case Fault.CUT_OFF:
            choice["finish_reason"] = "length"
        case Fault.FILTERED:
            choice["finish_reason"] = "content_filter"
        case Fault.REASONING_FIELD:
            message["reasoning_content"] = "Let me think about this person first."
        case Fault.ERROR_BESIDE:
            completion["error"] = {"message": "a moderation service timed out", "code": 504}
        case Fault.CHOICES_NULL:
            completion["choices"] = None
        case Fault.NO_CHOICES:
            completion["choices"] = []
        case Fault.NO_USAGE:
            del completion["usage"]
    return completion


def _draft(text: str) -> str:
    """``text`` with other words in its fields, as a model drafts before it answers."""
    return "Maybe so:\n" + re.sub(r"(?m)^(?!\[\[)(?=.)", "not this: ", text)


def _first_half(text: str) -> str:
    return text[: len(text) // 2]


def _parts(text: str) -> list[dict[str, str]]:
    first = _first_half(text)
    return [{"type": "text", "text": part} for part in (first, text.removeprefix(first))]


CONTENTS: Mapping[Trouble | None, Callable[[str], object]] = {
    Fault.GARBAGE: lambda text: GARBAGE,
    Fault.EMPTY: lambda text: "",
    Fault.CONTENT_NULL: lambda text: None,
    Fault.CUT_OFF: _first_half,
    Fault.FILTERED: _first_half,
    Fault.THINKING: lambda text: f"<think>{_draft(text)}\n</think>\n\n{text}",
    Fault.THINKING_UNOPENED: lambda text: f"{_draft(text)}\n</think>\n\n{text}",
    Fault.ONLY_THINKING: lambda text: f"<think>{_draft(text)}",
    Fault.INLINE_MARKS: lambda text: re.sub(r"\s*(\[\[ ## \w+ ## \]\])\s*", r" \1 ", text).strip(),
    Fault.PARTS: _parts,
}
"""What becomes of the text."""
