"""A reply counts only when it is whole: one that was cut off or filtered, or is reasoning alone, is never used.

A reply that ran into its limit of tokens is asked for again with more room. What stays incomplete is an error with a
reason that people can act on; it is counted and paid for, but not stored, so that a later run asks again.
"""

from collections.abc import Iterator
from dataclasses import replace

from dspy.lm15 import Request, Response, TextPart, ThinkingPart
from dspy.utils.exceptions import LMProviderError

from lms.store import Reply
from signatures.replies import strip_reasoning

ROOM = (2, 4)
"""Factors on ``max_tokens`` of further attempts at one reply."""


class IncompleteReplyError(LMProviderError):
    """The model's reply cannot be used, although one came; the message says why and what to do.

    One of dspy's errors, so that it passes through dspy unchanged.
    """


class NoChoiceError(LMProviderError):
    """A body in the right form that holds no reply; the same request may get one."""


class EmptyReplyError(LMProviderError):
    """A reply without any text; the same request may get one with it."""


def text_of(response: Response) -> str:
    """The answer in ``response``: its text parts, without reasoning; empty if there is none.

    Reasoning comes as parts of its own, or in tags within the text, depending on the server.
    """
    text = "".join(part.text for part in response.message.parts if isinstance(part, TextPart))
    return strip_reasoning(text.encode("utf-8", "replace").decode())  # half a surrogate pair is no text


def has_reasoning(response: Response) -> bool:
    """Whether the reply holds reasoning of any kind."""
    parts = response.message.parts
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    return any(isinstance(part, ThinkingPart) for part in parts) or strip_reasoning(text) != text


def attempts(request: Request) -> Iterator[Request]:
    """``request`` with more and more room for the reply; only itself where it sets no limit."""
    yield request
    if limit := request.config.max_tokens:
        for factor in ROOM:
            yield replace(request, config=replace(request.config, max_tokens=limit * factor))


def problem_of(reply: Reply, request: Request) -> str:
    """Why asking with more room may help ``reply``; empty if it is whole, or has no text at all."""
    if reply.finish_reason == "content_filter":
        return f"the provider's content filter withheld the reply of {request.model}"
    if reply.finish_reason == "length":
        limit = request.config.max_tokens
        after = f" after {limit} tokens: raise max_tokens of this role" if limit else " at the model's own limit"
        return f"the reply of {request.model} was cut off{after}"
    if reply.only_reasoning:
        return f"the reply of {request.model} was reasoning alone, without an answer: raise max_tokens of this role"
    return ""
