"""LM calls as values, so that one piece of logic serves sync and async.

A *script* is a generator that yields effects, such as a ``Call``, and receives what each brings, such as a prediction;
``run`` and ``arun`` drive it. When a reply cannot be parsed, the script gets an ``Unreadable`` exception at its
``yield`` and decides what to do. ``gather`` joins scripts that do not wait for each other: in async programs their
calls are made at the same time.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import asdict, dataclass, field
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
from signatures.usage import Spent, read_usage

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
class ParallelCalls:
    """LM calls that may be made at the same time; the script receives a list of predictions and ``Unreadable``s."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class AskUser:
    """One question that a script wants put to the user."""

    user: User
    question: str


@dataclass(frozen=True)
class Offload:
    """Blocking work other than an LM call, such as a judgement; the script receives what ``job`` returns.

    Async programs run it in a thread. Whatever it raises ends the script.
    """

    job: Callable[[], Any]


def clean_text(said: object) -> str:
    """What somebody said as text that can be sent to a model: None is "", half a surrogate pair a question mark.

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


Effect = Call | ParallelCalls | AskUser | Offload
"""What a script may yield."""
Script = Generator[Effect, Any, T]
_Reply: TypeAlias = "dspy.Prediction | Unreadable"


def run(script: Script[T]) -> T:
    """Drive ``script`` to its end, one call after the other, and return what it returns."""
    reply: Any = None
    while True:
        try:
            effect = _next(script, reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        if isinstance(effect, AskUser):
            reply = clean_text(effect.user(effect.question))
        elif isinstance(effect, Offload):
            reply = effect.job()
        elif isinstance(effect, ParallelCalls):
            reply = [_make(call) for call in effect.calls]
        else:
            reply = _make(effect)


async def arun(script: Script[T]) -> T:
    """The async twin of ``run``; parallel calls are made at the same time."""
    reply: Any = None
    while True:
        try:
            effect = _next(script, reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        if isinstance(effect, AskUser):
            said = effect.user(effect.question)
            reply = clean_text(await said if inspect.isawaitable(said) else said)
        elif isinstance(effect, Offload):
            reply = await asyncio.to_thread(effect.job)
        elif isinstance(effect, ParallelCalls):
            reply = await _await_all([asyncio.ensure_future(_amake(call)) for call in effect.calls])
        else:
            reply = await _amake(effect)


def _next(script: Script[Any], reply: Any) -> Effect:
    return script.throw(reply) if isinstance(reply, Unreadable) else script.send(reply)


def _make(call: Call) -> _Reply:
    with track_usage() as tracker:
        try:
            reply: _Reply = _clean(call.predictor(**call.arguments()))
        except AdapterParseError as error:
            reply = Unreadable(error, _bare(str(error.lm_response or "")))
    return _charge(reply, tracker)


async def _amake(call: Call) -> _Reply:
    with track_usage() as tracker:
        try:
            reply: _Reply = _clean(await call.predictor.acall(**call.arguments()))
        except AdapterParseError as error:
            reply = Unreadable(error, _bare(str(error.lm_response or "")))
    return _charge(reply, tracker)


def _clean(reply: dspy.Prediction) -> dspy.Prediction:
    """``reply`` without reasoning or marks of the prompt's format in its fields, whatever adapter read it."""
    for name, value in reply.items():
        if isinstance(value, str) and (bare := _bare(value)) != value:
            reply[name] = bare
    return reply


def _bare(text: str) -> str:
    return strip_marks(strip_reasoning(text))


def _charge(reply: _Reply, tracker: UsageTracker) -> _Reply:
    if isinstance(reply, Unreadable):
        reply.usage = tracker.get_total_tokens()
    else:
        reply.set_lm_usage(tracker.get_total_tokens())
    return reply


async def _await_all(tasks: list[asyncio.Future[_Reply]]) -> list[_Reply]:
    """All replies in order; an error stops the others."""
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def given(value: T) -> Script[T]:
    """A script that is done already."""
    yield from ()
    return value


def gather(*scripts: Script[Any]) -> Script[list[Any]]:
    """Run ``scripts`` side by side, round by round, and return what each returns, in order.

    They may call models, but not speak to the user or do other work.
    """
    results: list[Any] = [None] * len(scripts)
    replies: dict[int, Any] = dict.fromkeys(range(len(scripts)))
    while replies:
        effects: dict[int, Call | ParallelCalls] = {}
        for i, reply in replies.items():
            try:
                effect = _next(scripts[i], reply)
            except StopIteration as stop:
                results[i] = stop.value
                continue
            if isinstance(effect, AskUser | Offload):
                raise RaiseError("a script that runs beside others can only call models.")
            effects[i] = effect
        if not effects:
            break
        made = iter((yield ParallelCalls(tuple(call for effect in effects.values() for call in effect.calls))))
        replies = {
            i: next(made) if isinstance(effect, Call) else [next(made) for _ in effect.calls]
            for i, effect in effects.items()
        }
    return results


@dataclass
class TurnUsage:
    """What one turn of a conversation took.

    Attributes:
        calls: LM calls.
        rounds: how often one had to wait for models; calls made at the same time are one round.
        tokens: in and out, as far as told.
        spent: tokens, price and time, unknown where a call did not tell; calls made at the same time take as long as
            the slowest.
        unreadable: predictors whose replies could not be read.
        ungrounded: attributes of facts that a model read and that do not rest on the person's words.
        off_target: what was wrong with questions of a model that cannot be put or miss their attribute
            (``modules.reading.questions``).
        invalid: replies that should choose an attribute and chose none of those that could be asked.
        falling: ratings of how much is known that fell though more was known.
        invented: attributes of facts about the person that an answer states and nobody gave.
        invented_kept: those of them that are in the answer given.
        plain: answers that were read without a model.
        harmful: answers of a model to the query that help to do harm; none is given.
        stopped: those of them in whose place the person got help.
    """

    calls: int = 0
    rounds: int = 0
    tokens: int = 0
    spent: Spent = field(default_factory=Spent)
    unreadable: list[str] = field(default_factory=list)
    ungrounded: list[str] = field(default_factory=list)
    off_target: list[str] = field(default_factory=list)
    invalid: int = 0
    falling: int = 0
    invented: list[str] = field(default_factory=list)
    invented_kept: list[str] = field(default_factory=list)
    plain: int = 0
    harmful: int = 0
    stopped: int = 0

    def add_round(self, replies: Sequence[_Reply]) -> None:
        """Count one round of calls."""
        self.rounds += 1
        took = Spent()
        for reply in replies:
            told = read_usage(reply.get_lm_usage() or {})
            self.calls += told.calls
            self.tokens += (told.input_tokens or 0) + (told.output_tokens or 0)
            took = took.beside(told)
        self.spent = self.spent.then(took)

    def record(self) -> dict[str, Any]:
        """For the record of a conversation."""
        return {**asdict(self.spent), "calls": self.calls, "rounds": self.rounds, "tokens": self.tokens}


def count_usage(script: Script[T], usage: TurnUsage) -> Script[T]:
    """``script``, with what it takes added to ``usage``."""
    reply: Any = None
    while True:
        try:
            effect = _next(script, reply)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        try:
            reply = yield effect
        except Unreadable as unreadable:
            reply = unreadable
        if not isinstance(effect, AskUser | Offload):
            usage.add_round(reply if isinstance(reply, list) else [reply])
