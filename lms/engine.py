"""The engine behind every role's LM: look in the store, else ask the model; write the reply down; count it.

Works on dspy's engine contract (``complete(Request) -> Response``), for stand-ins and real models alike.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from time import perf_counter
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import dspy
import orjson
from dspy.lm15 import Request, Response

from lms.demands import REFUSED, Demands
from lms.endpoint import Endpoint
from lms.ledger import Ledger, Usage
from lms.pace import Pace
from lms.replay import current_replay
from lms.responses import as_response, reply_of
from lms.retry import RetryPolicy
from lms.roles import Price, Role
from lms.simulation import StandIn
from lms.stopping import STOP
from lms.store import Charge, Reply, Store
from lms.throttle import RateLimit
from lms.whole import EmptyReplyError, IncompleteReplyError, attempts, problem_of
from signatures.masking import masked_errors

T = TypeVar("T")
POLL = 0.1
"""Seconds between looks for another process's reply."""


class Model(Protocol):
    """Whatever really answers.

    Attributes:
        identity: names everything besides the request that the reply depends on (model, endpoint, version, seed).
    """

    identity: str

    def answer(self, request: Request) -> Reply:
        """Answer one request; raises dspy's LM errors."""
        ...

    async def aanswer(self, request: Request) -> Reply:
        """The async twin."""
        ...


BARE_CALL: dict[str, Any] = {"caller_modules": [], "usage_tracker": None, "callbacks": [], "disable_history": False}
"""Settings of a call inside a call: nothing listens or counts; history is on, since dspy writes the price there."""


class PricedLM(dspy.LM):
    """``dspy.LM`` whose history is its last call, for the price; nothing goes into dspy's global history."""

    def update_history(self, entry: dict[str, Any]) -> None:
        """Keep ``entry`` alone."""
        self.history = [entry]


class ProviderModel:
    """A real model, through ``dspy.LM``: one attempt a call, no cache, no history (those are ours).

    A request that is refused for one of its settings is sent again without that; see ``lms.demands``.

    Args:
        seed: sent with every request; the request's own seed is not, since it carries dspy's rollout id.
        endpoint: asked instead of ``lm``, if it is given.
        secrets: what errors must not repeat, such as the key.
        price: of the model; by default what DSPy or LiteLLM's table says.
        extra_body: added to the body of every request.
    """

    def __init__(
        self,
        lm: dspy.LM,
        identity: str,
        *,
        seed: int | None = None,
        endpoint: Endpoint | None = None,
        secrets: Collection[str] = (),
        price: Price | None = None,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        self._lm, self._endpoint, self.identity, self._seed = lm, endpoint, identity, seed
        self._secrets, self._price, self._extra_body = secrets, price, dict(extra_body or {})
        self.demands = Demands(str(lm.model))

    def _outgoing(self, request: Request) -> Request:
        config = replace(request.config, seed=self._seed, extensions=self._extra_body or request.config.extensions)
        return self.demands.fit(replace(request, config=config))

    @contextmanager
    def _learning(self, sent: Request) -> Iterator[Request]:
        """A call with ``sent``; a refusal that can be met by leaving a setting out ends the block without an error."""
        try:
            with masked_errors(self._secrets):
                yield sent
        except REFUSED as error:
            if not self.demands.learn(error, sent):
                raise

    def answer(self, request: Request) -> Reply:
        """Ask the provider."""
        while True:
            with self._learning(self._outgoing(request)) as sent:
                began = perf_counter()
                if self._endpoint:
                    response = self._endpoint.complete(sent)
                    return reply_of(response, self._lm, perf_counter() - began, self._price)
                lm = self._lm.copy()
                with dspy.context(**BARE_CALL):
                    return reply_of(lm(sent), lm, perf_counter() - began, self._price)

    async def aanswer(self, request: Request) -> Reply:
        """Ask the provider without blocking."""
        while True:
            with self._learning(self._outgoing(request)) as sent:
                began = perf_counter()
                if self._endpoint:
                    response = await self._endpoint.acomplete(sent)
                    return reply_of(response, self._lm, perf_counter() - began, self._price)
                lm = self._lm.copy()
                with dspy.context(**BARE_CALL):
                    return reply_of(await lm.acall(sent), lm, perf_counter() - began, self._price)


def reply_key(identity: str, request: Request) -> str:
    """What a reply depends on, hashed: the model's identity, every message, every sampling setting, the rollout."""
    config = {field.name: getattr(request.config, field.name) for field in fields(request.config)}
    parts = [identity, request.system, [(m.role, m.text) for m in request.messages], config]
    return hashlib.sha256(orjson.dumps(parts, default=repr)).hexdigest()


class RecordedEngine:
    """dspy's engine contract over a model, with store and ledger."""

    supports_function_calling = False
    supports_reasoning = False

    def __init__(
        self,
        role: Role,
        model: Model,
        store: Store,
        ledger: Ledger,
        throttle: RateLimit,
        *,
        retry: RetryPolicy | None = None,
        structured: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self.supports_response_schema = structured
        self.supported_params = ("response_format",) if structured else ()
        self.role, self.model = role, model
        self.store, self.ledger, self.throttle = store, ledger, throttle
        self.retry, self.pace = retry or RetryPolicy(0), pace or Pace()
        self.paid = not isinstance(model, StandIn)  # what costs nothing may be asked by several processes

    def __deepcopy__(self, memo: dict[int, Any]) -> "RecordedEngine":
        return self

    def complete(self, request: Request) -> Response:
        """Answer from the store, or ask the model and store what it says before anybody uses it."""
        return as_response(request, self.reply_to(request))

    def reply_to(self, request: Request) -> Reply:
        """As ``complete``, without DSPy's form."""
        STOP.check()
        key = reply_key(self.model.identity, request)
        with self.store.flight(key):
            reply = self.look_up(key, request)
            if reply is None:
                reply = self._ask_alone(key, request)
        return reply

    def look_up(self, key: str, request: Request) -> Reply | None:
        """The stored reply, counted as reused, or None; one that is not whole, as earlier versions kept, is dropped.

        Raises:
            NotStoredError: in a replay (``lms.replay``), where only what is stored can be had.
        """
        reply = self.store.get(key)
        if (replay := current_replay()) is not None:
            return replay.take(self.role, request, reply)
        if reply is not None and problem_of(reply, request):
            self.store.drop(key)
            return None
        if reply is not None:
            self.ledger.record(self.role, Usage(reused=1))
        return reply

    @contextmanager
    def count_failures(self) -> Iterator[None]:
        """An attempt to ask the model; if it fails, that is counted."""
        try:
            yield
        except Exception:
            self.ledger.record(self.role, Usage(failures=1))
            raise

    def _ask_alone(self, key: str, request: Request) -> Reply:
        """The reply under ``key``: another process's, if one is asking for it already, or else one of our own."""
        if not self.paid:
            return self._ask(key, request)
        while not self.store.claim(key):
            if (reply := self.look_up(key, request)) is not None:
                return reply
            STOP.sleep(POLL)
        try:
            return self._ask(key, request)
        finally:
            self.store.release(key)

    def _ask(self, key: str, request: Request) -> Reply:
        """A whole reply of the model, kept under ``key``.

        Raises:
            IncompleteReplyError: if none is to be had.
        """
        lost: list[Reply] = []
        for wider in attempts(request):
            reply, problem = self.retry.call(partial(self._attempt, key, wider, lost))
            if not problem:
                return reply
        raise IncompleteReplyError(problem)

    def _attempt(self, key: str, request: Request, lost: list[Reply]) -> tuple[Reply, str]:
        """One request to the model, when limits and the rate limit allow it: the reply, and what is wrong with it.

        Args:
            lost: replies to it that could not be used; this one is added if it cannot.
        """
        with self.pace.call():
            self.ledger.admit()
            if wait := self.throttle.reserve():
                STOP.sleep(wait)
            with STOP.call():
                with self.count_failures():
                    reply = self.model.answer(request)
                return self.keep(key, request, reply, lost)

    def keep(self, key: str, request: Request, reply: Reply, lost: list[Reply]) -> tuple[Reply, str]:
        """Count ``reply``, and store it with what it took before it is used; with what is wrong with it.

        Of a reply that is not whole or has no text only what it took is stored, and it is added to ``lost``; the next
        one may be better, and is kept with what these took.

        Raises:
            EmptyReplyError: if a real model gave no text; a stand-in gives the same reply every time.
        """
        problem = problem_of(reply, request)
        empty = not (reply.text or problem)
        usage = Usage(
            calls=1,
            incomplete=1 if problem or (empty and self.paid) else 0,
            input_tokens=reply.input_tokens or 0,
            output_tokens=reply.output_tokens or 0,
            cost_usd=reply.cost_usd or 0.0,
            unpriced=0 if reply.cost_usd is not None else 1,
        )
        self.ledger.record(self.role, usage)
        charge = Charge(self.role, usage, self.ledger.jobs)
        if reply.text and not problem:
            return self.store.put(key, reply.after(lost), charge), ""
        self.store.charge(charge)
        lost.append(reply)
        if empty and self.paid:
            raise EmptyReplyError("the reply has no text", model=request.model, status=200)
        return reply, problem

    def close(self) -> None:
        """Nothing to release: the store belongs to whoever opened it."""


class AsyncRecordedEngine:
    """The async twin of ``RecordedEngine``, on the same store and ledger."""

    def __init__(self, engine: RecordedEngine) -> None:
        self._engine = engine
        self._gates: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    def __deepcopy__(self, memo: dict[int, Any]) -> "AsyncRecordedEngine":
        return self

    async def complete(self, request: Request) -> Response:
        """Answer from the store, or ask the model and store what it says before anybody uses it."""
        return as_response(request, await self.reply_to(request))

    async def reply_to(self, request: Request) -> Reply:
        """As ``complete``, without DSPy's form."""
        STOP.check()
        engine = self._engine
        key = reply_key(engine.model.identity, request)
        place = (id(asyncio.get_running_loop()), key)
        gate = self._gates.get(place) or self._gates.setdefault(place, asyncio.Lock())
        async with gate:  # only one task at a time asks for a key; the others then find the reply stored
            reply = await self._stored(engine.look_up, key, request)
            if reply is None:
                reply = await self._ask_alone(key, request)
        return reply

    async def _stored(self, work: Callable[..., T], *given: Any) -> T:
        """``work`` with the store; in a thread where that takes so long that other tasks should go on meanwhile.

        What has begun is finished also if the task is cancelled.
        """
        if not self._engine.store.distant:
            return work(*given)
        begun = asyncio.ensure_future(asyncio.to_thread(work, *given))
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            await asyncio.wait([begun])
            raise

    async def _claim(self, key: str) -> bool:
        """The async twin of ``Store.claim``; a task that is cancelled meanwhile leaves no claim behind."""
        store, granted = self._engine.store, [False]

        def claim() -> bool:
            granted[0] = store.claim(key)
            return granted[0]

        try:
            return await self._stored(claim)
        except asyncio.CancelledError:
            if granted[0]:
                store.release(key)
            raise

    async def _ask_alone(self, key: str, request: Request) -> Reply:
        """The async twin of ``RecordedEngine._ask_alone``."""
        engine = self._engine
        if not engine.paid:
            return await self._ask(key, request)
        while not await self._claim(key):
            if (reply := await self._stored(engine.look_up, key, request)) is not None:
                return reply
            await STOP.asleep(POLL)
        try:
            return await self._ask(key, request)
        finally:
            await self._stored(engine.store.release, key)

    async def _ask(self, key: str, request: Request) -> Reply:
        """The async twin of ``RecordedEngine._ask``."""
        lost: list[Reply] = []
        for wider in attempts(request):
            reply, problem = await self._engine.retry.acall(partial(self._attempt, key, wider, lost))
            if not problem:
                return reply
        raise IncompleteReplyError(problem)

    async def _attempt(self, key: str, request: Request, lost: list[Reply]) -> tuple[Reply, str]:
        """The async twin of ``RecordedEngine._attempt``."""
        engine = self._engine
        async with engine.pace.acall():
            engine.ledger.admit()
            if wait := await self._stored(engine.throttle.reserve):
                await STOP.asleep(wait)
            with STOP.call():
                with engine.count_failures():
                    reply = await engine.model.aanswer(request)
                return await self._stored(engine.keep, key, request, reply, lost)

    async def aclose(self) -> None:
        """Nothing to release."""
