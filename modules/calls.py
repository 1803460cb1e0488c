"""LM calls as values, so that one piece of logic serves sync and async.

A *script* is a generator that yields ``Call``s and receives each call's prediction; ``run`` and ``arun`` drive it. When
a reply cannot be parsed, the script gets an ``Unreadable`` exception at its ``yield`` and decides what to do.
"""

import inspect
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import dspy
from dspy.utils.exceptions import (
    AdapterParseError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMNotConfiguredError,
    LMUnsupportedModelError,
)

from signatures import RaiseError

T = TypeVar("T")
User = Callable[[str], str | Awaitable[str]]
"""Whoever answers questions: text in, text out. In async programs it may be a coroutine function."""


@dataclass(frozen=True)
class Call:
    """One LM call that a script wants made."""

    predictor: dspy.Predict
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tell:
    """One question that a script wants put to the user."""

    user: User
    question: str


def readable(said: object) -> str:
    """What somebody said, as text that a model can be sent: nothing is "", half a surrogate pair a question mark.

    Raises:
        RaiseError: for a coroutine, which only the async twin can wait for.
    """
    if inspect.isawaitable(said):
        if inspect.iscoroutine(said):
            said.close()
        raise RaiseError("the user is a coroutine function: call the program with acall() instead.")
    return "" if said is None else str(said).encode("utf-8", "replace").decode()


class Unreadable(Exception):
    """The model answered, but not in a form that can be read.

    Attributes:
        text: what it said.
    """

    def __init__(self, error: AdapterParseError) -> None:
        super().__init__(str(error))
        self.text = str(error.lm_response or "")


FATAL = (LMAuthError, LMBillingError, LMConfigurationError, LMNotConfiguredError, LMUnsupportedModelError)
"""LM errors that the next call will meet again; a run should stop at once and say so."""


Script = Generator[Call | Tell, Any, T]


def run(script: Script[T]) -> T:
    """Drive ``script`` to its end, one call after the other, and return what it returns."""
    reply: Any = None
    failure: Unreadable | None = None
    while True:
        try:
            wish = script.throw(failure) if failure else script.send(reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        reply, failure = None, None
        try:
            reply = readable(wish.user(wish.question)) if isinstance(wish, Tell) else wish.predictor(**wish.inputs)
        except AdapterParseError as error:
            failure = Unreadable(error)


async def arun(script: Script[T]) -> T:
    """The async twin of ``run``."""
    reply: Any = None
    failure: Unreadable | None = None
    while True:
        try:
            wish = script.throw(failure) if failure else script.send(reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        reply, failure = None, None
        try:
            if isinstance(wish, Tell):
                reply = wish.user(wish.question)
                reply = readable(await reply if inspect.isawaitable(reply) else reply)
            else:
                reply = await wish.predictor.acall(**wish.inputs)
        except AdapterParseError as error:
            failure = Unreadable(error)
