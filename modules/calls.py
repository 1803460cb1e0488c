"""LM calls as values, so that one piece of logic serves sync and async.

A *script* is a generator that yields ``Call``s and receives each call's prediction; ``run`` and ``arun`` drive it. When
a reply cannot be parsed, the script gets an ``Unreadable`` exception at its ``yield`` and decides what to do. Scripts
that do not wait for each other are joined by ``together``: in async programs their calls are made at the same time.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import dspy
from dspy.utils.exceptions import (
    AdapterParseError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMNotConfiguredError,
    LMUnsupportedModelError,
)
from dspy.utils.usage_tracker import UsageTracker, track_usage

from signatures import RaiseError
from signatures.replies import strip_marks, strip_reasoning

T = TypeVar("T")
User = Callable[[str], str | Awaitable[str]]
"""Whoever answers questions: text in, text out. In async programs it may be a coroutine function."""


@dataclass(frozen=True)
class Call:
    """One LM call that a script wants made.

    Attributes:
        rollout: another number, another sample of the reply; 0 is the one that everybody shares.
    """

    predictor: dspy.Predict
    inputs: dict[str, Any] = field(default_factory=dict)
    rollout: int = 0

    @property
    def calls(self) -> "tuple[Call, ...]":
        """This one."""
        return (self,)

    def arguments(self) -> dict[str, Any]:
        """What the predictor is called with."""
        return {**self.inputs, "config": {"rollout_id": self.rollout}} if self.rollout else self.inputs


@dataclass(frozen=True)
class Together:
    """LM calls that do not wait for each other; the script receives a list of predictions and ``Unreadable``s."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Tell:
    """One question that a script wants put to the user."""

    user: User
    question: str


@dataclass(frozen=True)
class Work:
    """Something else that takes its time, such as a judgement; the script receives what ``job`` returns.

    Async programs wait for it in a thread. Whatever it raises ends the script.
    """

    job: Callable[[], Any]


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
        usage: tokens of the calls that led to it, by model.
    """

    def __init__(self, reason: object, text: str = "") -> None:
        super().__init__(str(reason))
        self.text = text
        self.usage: dict[str, Any] = {}

    def get_lm_usage(self) -> dict[str, Any]:
        """As of a prediction."""
        return self.usage


FATAL = (LMAuthError, LMBillingError, LMConfigurationError, LMNotConfiguredError, LMUnsupportedModelError)
"""LM errors that the next call will meet again; a run should stop at once and say so."""


Wish = Call | Together | Tell | Work
Script = Generator[Wish, Any, T]
Reply: TypeAlias = "dspy.Prediction | Unreadable"


def run(script: Script[T]) -> T:
    """Drive ``script`` to its end, one call after the other, and return what it returns."""
    reply: Any = None
    while True:
        try:
            wish = _next(script, reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        if isinstance(wish, Tell):
            reply = readable(wish.user(wish.question))
        elif isinstance(wish, Work):
            reply = wish.job()
        elif isinstance(wish, Together):
            reply = [_make(call) for call in wish.calls]
        else:
            reply = _make(wish)


async def arun(script: Script[T]) -> T:
    """The async twin of ``run``; calls wished for together are made at the same time."""
    reply: Any = None
    while True:
        try:
            wish = _next(script, reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        if isinstance(wish, Tell):
            said = wish.user(wish.question)
            reply = readable(await said if inspect.isawaitable(said) else said)
        elif isinstance(wish, Work):
            reply = await asyncio.to_thread(wish.job)
        elif isinstance(wish, Together):
            reply = await _all([asyncio.ensure_future(_amake(call)) for call in wish.calls])
        else:
            reply = await _amake(wish)


def _next(script: Script[Any], reply: Any) -> Wish:
    return script.throw(reply) if isinstance(reply, Unreadable) else script.send(reply)


def _make(call: Call) -> Reply:
    with track_usage() as tracker:
        try:
            reply: Reply = _clean(call.predictor(**call.arguments()))
        except AdapterParseError as error:
            reply = Unreadable(error, _bare(str(error.lm_response or "")))
    return _charged(reply, tracker)


async def _amake(call: Call) -> Reply:
    with track_usage() as tracker:
        try:
            reply: Reply = _clean(await call.predictor.acall(**call.arguments()))
        except AdapterParseError as error:
            reply = Unreadable(error, _bare(str(error.lm_response or "")))
    return _charged(reply, tracker)


def _clean(reply: dspy.Prediction) -> dspy.Prediction:
    """``reply`` without reasoning or marks of the prompt's format in its fields, whatever adapter read it."""
    for name, value in reply.items():
        if isinstance(value, str) and (bare := _bare(value)) != value:
            reply[name] = bare
    return reply


def _bare(text: str) -> str:
    return strip_marks(strip_reasoning(text))


def _charged(reply: Reply, tracker: UsageTracker) -> Reply:
    if isinstance(reply, Unreadable):
        reply.usage = tracker.get_total_tokens()
    else:
        reply.set_lm_usage(tracker.get_total_tokens())
    return reply


async def _all(tasks: list[asyncio.Future[Reply]]) -> list[Reply]:
    """All replies in order; an error stops the others."""
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def together(*scripts: Script[Any]) -> Script[list[Any]]:
    """Run ``scripts`` side by side, round by round, and return what each returns, in order.

    They may call models, but not speak to the user or do other work.
    """
    results: list[Any] = [None] * len(scripts)
    replies: dict[int, Any] = dict.fromkeys(range(len(scripts)))
    while replies:
        wishes: dict[int, Call | Together] = {}
        for i, reply in replies.items():
            try:
                wish = _next(scripts[i], reply)
            except StopIteration as stop:
                results[i] = stop.value
                continue
            if isinstance(wish, Tell | Work):
                raise RaiseError("a script that runs beside others can only call models.")
            wishes[i] = wish
        if not wishes:
            break
        made = iter((yield Together(tuple(call for wish in wishes.values() for call in wish.calls))))
        replies = {
            i: next(made) if isinstance(wish, Call) else [next(made) for _ in wish.calls] for i, wish in wishes.items()
        }
    return results


@dataclass
class Meter:
    """What a stretch of a conversation took.

    Attributes:
        calls: LM calls.
        rounds: how often one had to wait for models; calls made together are one round.
        tokens: in and out.
        unreadable: predictors whose replies could not be read.
    """

    calls: int = 0
    rounds: int = 0
    tokens: int = 0
    unreadable: list[str] = field(default_factory=list)

    def record(self) -> dict[str, int]:
        """For the record of a conversation."""
        return {"calls": self.calls, "rounds": self.rounds, "tokens": self.tokens}


def metered(script: Script[T], meter: Meter) -> Script[T]:
    """``script``, with what it takes added to ``meter``."""
    reply: Any = None
    while True:
        try:
            wish = _next(script, reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        try:
            reply = yield wish
        except Unreadable as unreadable:
            reply = unreadable
        if not isinstance(wish, Tell | Work):
            made = reply if isinstance(reply, list) else [reply]
            meter.rounds += 1
            meter.calls += len(made)
            for one in made:
                usage = (one.get_lm_usage() or {}).values()
                meter.tokens += sum(
                    entry.get("prompt_tokens", 0) + entry.get("completion_tokens", 0) for entry in usage
                )
