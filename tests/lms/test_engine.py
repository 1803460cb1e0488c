"""The engine behind each role's LM: store, throttle, model, ledger; and the LM that tells rollouts apart."""

import asyncio
import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import dspy
import pytest
from dspy.lm15 import Config, Message, Request, Response
from dspy.utils.exceptions import LMServerError
from hypothesis import assume, given
from hypothesis import strategies as st

from lms import LanguageModels, Ledger, ReplyStore, Role, RoleSettings, Usage
from lms.engine import AsyncRecordedEngine, RecordedEngine, reply_key
from lms.role_lm import RoleLM
from lms.stopping import STOP
from lms.store import Reply
from lms.throttle import Throttle
from lms.whole import EmptyReplyError, IncompleteReplyError
from signatures import RespondSafely


@dataclass
class Scripted:
    """A model that says what the test says and counts how often it is asked."""

    say: Callable[[int], Reply] = lambda index: Reply(text=f"reply {index}", input_tokens=7, output_tokens=3)
    identity: str = "scripted"
    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.say(len(self.asked) - 1)

    async def aanswer(self, request: Request) -> Reply:
        await asyncio.sleep(0)
        return self.answer(request)


@dataclass
class Setup:
    """An engine with all its parts at hand."""

    model: Scripted = field(default_factory=Scripted)
    store: ReplyStore = field(default_factory=ReplyStore)
    ledger: Ledger = field(default_factory=Ledger)
    per_minute: float | None = None

    def __post_init__(self) -> None:
        self.engine = RecordedEngine(Role.TARGET, self.model, self.store, self.ledger, Throttle(self.per_minute))

    def lm(self, **settings: Any) -> RoleLM:
        twin = AsyncRecordedEngine(self.engine)
        return RoleLM("scripted/m", engine=self.engine, async_engine=twin, cache=False, num_retries=0, **settings)

    @property
    def usage(self) -> Usage:
        return self.ledger.snapshot().roles.get(Role.TARGET, Usage())


def request(text: str = "hello", system: str | None = None, **config: Any) -> Request:
    return Request(model="m", messages=(Message.user(text),), system=system, config=Config(**config))


def fails(index: int) -> Reply:
    raise LMServerError("down", model="m")


# One request


def test_the_same_request_is_asked_once_and_reused_afterwards() -> None:
    setup = Setup()
    texts = [setup.engine.complete(request()).message.text for _ in range(3)]
    assert texts == ["reply 0"] * 3
    assert len(setup.model.asked) == 1
    assert setup.usage == Usage(calls=1, reused=2, input_tokens=7, output_tokens=3, unpriced=1)


def test_a_reused_reply_is_the_reply_as_it_was_given() -> None:
    setup = Setup(Scripted(lambda i: Reply(text="so far", finish_reason="stop", model="m-2", input_tokens=5)))
    first, again = (setup.engine.complete(request()) for _ in range(2))
    assert first == again
    assert (again.finish_reason, again.model, again.usage.input_tokens) == ("stop", "m-2", 5)


def test_async_and_sync_share_replies_and_counts() -> None:
    setup = Setup()
    sync = setup.engine.complete(request()).message.text
    later = asyncio.run(AsyncRecordedEngine(setup.engine).complete(request())).message.text
    assert (sync, later) == ("reply 0", "reply 0")
    assert (setup.usage.calls, setup.usage.reused) == (1, 1)


def asking(setup: Setup, asynchronous: bool, **more: Any) -> Callable[[], Response]:
    """Asks the engine, one way or the other."""
    twin = AsyncRecordedEngine(setup.engine)
    if asynchronous:
        return lambda: asyncio.run(twin.complete(request(**more)))
    return lambda: setup.engine.complete(request(**more))


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_an_empty_reply_is_counted_but_neither_used_nor_kept(asynchronous: bool) -> None:
    setup = Setup(Scripted(lambda index: Reply(text="fine") if index else Reply(text="")))
    ask = asking(setup, asynchronous)
    with pytest.raises(EmptyReplyError):
        ask()
    assert len(setup.store) == 0
    assert [ask().message.text for _ in range(2)] == ["fine", "fine"]
    assert (setup.usage.calls, setup.usage.incomplete, setup.usage.reused) == (2, 1, 1)


def test_a_failure_is_counted_raised_and_not_stored() -> None:
    setup = Setup(Scripted(fails))
    for ask in (setup.engine.complete, lambda r: asyncio.run(AsyncRecordedEngine(setup.engine).complete(r))):
        with pytest.raises(LMServerError):
            ask(request())
    assert setup.usage == Usage(failures=2)
    assert len(setup.store) == 0


def test_costs_add_up_and_unknown_prices_are_counted_not_guessed() -> None:
    setup = Setup(Scripted(lambda index: Reply(text="x", cost_usd=0.25 if index < 2 else None)))
    for text in "abc":
        setup.engine.complete(request(text))
    assert (setup.usage.cost_usd, setup.usage.unpriced) == (0.5, 1)


def test_only_calls_that_are_made_wait_for_the_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(STOP, "sleep", waits.append)
    setup = Setup(per_minute=0.001)  # one every 60,000 s
    for text in ["a", "a", "a", "b"]:
        setup.engine.complete(request(text))
    assert waits == [pytest.approx(60_000, rel=0.01)]


# At once


def test_threads_that_want_the_same_reply_wait_for_one_call() -> None:
    threads = 8
    asking, go = threading.Barrier(threads + 1, timeout=30), threading.Event()

    def slowly(index: int) -> Reply:
        go.wait(30)
        return Reply(text=f"reply {index}")

    setup = Setup(Scripted(slowly))

    def ask(_: int) -> str | None:
        asking.wait()
        text: str | None = setup.engine.complete(request()).message.text
        return text

    with ThreadPoolExecutor(threads) as pool:
        tasks = [pool.submit(ask, i) for i in range(threads)]
        asking.wait()
        go.set()
        assert {task.result() for task in tasks} == {"reply 0"}
    assert (setup.usage.calls, setup.usage.reused) == (1, threads - 1)


def test_after_a_failed_call_the_next_thread_asks_itself() -> None:
    setup = Setup(Scripted(lambda index: Reply(text="up again") if index else fails(index)))

    def ask(_: int) -> str | None:
        try:
            text: str | None = setup.engine.complete(request()).message.text
        except LMServerError:
            return None
        return text

    with ThreadPoolExecutor(4) as pool:
        assert sorted(map(str, pool.map(ask, range(4)))) == ["None", "up again", "up again", "up again"]
    assert (setup.usage.failures, setup.usage.calls, setup.usage.reused) == (1, 1, 2)


def test_async_calls_are_each_counted_once() -> None:
    setup = Setup()
    twin = AsyncRecordedEngine(setup.engine)

    async def ask() -> list[Any]:
        return await asyncio.gather(*(twin.complete(request(str(i % 5))) for i in range(20)))

    replies = asyncio.run(ask())
    assert len(replies) == 20
    assert setup.usage.calls == len(setup.model.asked)
    assert setup.usage.calls + setup.usage.reused == 20


def test_async_calls_for_the_same_reply_all_get_the_one_that_is_kept() -> None:
    # else a resumed run would go on from another reply than the one that was used
    setup = Setup()
    twin = AsyncRecordedEngine(setup.engine)

    async def ask() -> list[Any]:
        return await asyncio.gather(*(twin.complete(request()) for _ in range(4)))

    used = {reply.message.text for reply in asyncio.run(ask())}
    assert used == {setup.engine.complete(request()).message.text}


# What a reply depends on

CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0.01, 1),
        "max_tokens": st.integers(1, 4096),
        "seed": st.integers(0, 2**31 - 1),
    },
)
TEXTS = st.lists(st.text(max_size=5), min_size=1, max_size=3)
REQUESTS = st.tuples(TEXTS, st.none() | st.text(min_size=1, max_size=5), CONFIGS)
Parts = tuple[list[str], str | None, dict[str, Any]]


def built(parts: Parts) -> Request:
    texts, system, config = parts
    return Request(model="m", messages=tuple(map(Message.user, texts)), system=system, config=Config(**config))


@given(REQUESTS, REQUESTS)
def test_different_requests_have_different_keys(one: Parts, other: Parts) -> None:
    assume(one != other)
    assert reply_key("id", built(one)) != reply_key("id", built(other))


@given(REQUESTS)
def test_equal_requests_have_equal_keys(parts: Parts) -> None:
    assert reply_key("id", built(parts)) == reply_key("id", built(copy.deepcopy(parts)))


def test_another_model_another_role_of_speech_and_another_sampling_are_other_keys() -> None:
    base = request("hi", temperature=0.7)
    variants = [
        reply_key("id", base),
        reply_key("another id", base),
        reply_key("id", replace(base, messages=(Message.assistant("hi"),))),
        reply_key("id", replace(base, config=Config(temperature=0.8))),
        reply_key("id", replace(base, config=Config(temperature=0.7, top_p=0.9))),
        reply_key("id", replace(base, config=Config(temperature=0.7, max_tokens=9))),
        reply_key("id", replace(base, config=Config(temperature=0.7, seed=1))),
        reply_key("id", replace(base, config=Config(temperature=0.7, stop=("x",)))),
    ]
    assert len(set(variants)) == len(variants)


# Rollouts and candidates


def test_candidates_are_different_calls_and_are_reused_in_order() -> None:
    setup = Setup()
    lm = setup.lm(temperature=1.0)
    assert lm("q", n=3) == ["reply 0", "reply 1", "reply 2"]
    assert len(setup.store) == 3
    assert lm("q", n=3) == ["reply 0", "reply 1", "reply 2"]
    assert lm("q", n=4)[3] == "reply 3"
    assert (setup.usage.calls, setup.usage.reused) == (4, 6)


def test_the_number_of_candidates_may_be_the_lm_s_own_setting() -> None:
    assert len(Setup().lm(temperature=1.0, n=2)("q")) == 2


def test_rollouts_are_different_calls_and_candidates_of_one_rollout_are_not_another_s() -> None:
    setup = Setup()
    lm = setup.lm(temperature=1.0)
    texts = [text for rollout in (0, 1, 2) for text in lm("q", n=5, rollout_id=rollout)]
    assert len(set(texts)) == 15
    assert lm.copy(rollout_id=2)("q", n=5) == texts[10:]
    assert setup.usage.calls == 15


def test_async_candidates_are_the_sync_ones() -> None:
    setup = Setup()
    lm = setup.lm(temperature=1.0)
    sync = lm("q", n=3, rollout_id=4)
    assert asyncio.run(lm.acall("q", n=3, rollout_id=4)) == sync
    assert setup.usage.calls == 3


def test_a_copied_lm_counts_in_the_same_ledger() -> None:
    setup = Setup()
    copy.deepcopy(setup.lm())("q")
    assert setup.usage.calls == 1


def answers(models: LanguageModels, rollouts: range) -> list[str]:
    """A stand-in's replies to one question, rollout by rollout."""
    respond = dspy.Predict(RespondSafely)
    with dspy.context(lm=models[Role.TARGET]):
        return [
            respond(query="I lost my job, what now?", context="", config={"rollout_id": i}).response for i in rollouts
        ]


def test_a_stand_in_s_rollouts_differ_and_can_be_had_again() -> None:
    warm = {Role.TARGET: RoleSettings(model="sim/gpt-4o", temperature=0.7)}
    first = answers(LanguageModels(warm), range(8))
    assert len(set(first)) > 1
    assert answers(LanguageModels(warm), range(8)) == first


def test_another_seed_is_another_sample_of_the_same_stand_in() -> None:
    seeds = [{Role.TARGET: RoleSettings(model="sim/gpt-4o", temperature=0.7, seed=seed)} for seed in (0, 1)]
    assert answers(LanguageModels(seeds[0]), range(4)) != answers(LanguageModels(seeds[1]), range(4))


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_reply_that_was_cut_off_is_asked_for_again_with_more_room(asynchronous: bool) -> None:
    def answer(index: int) -> Reply:
        return Reply(text="half of", finish_reason="length") if index < 2 else Reply(text="all of it")

    setup = Setup(Scripted(answer))
    ask = asking(setup, asynchronous, max_tokens=100)
    assert [ask().message.text, ask().message.text] == ["all of it"] * 2
    assert [asked.config.max_tokens for asked in setup.model.asked] == [100, 200, 400]
    assert (setup.usage.calls, setup.usage.reused, setup.usage.failures) == (3, 1, 0)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("reply", "limit", "reason", "calls"),
    [
        (Reply(text="half", finish_reason="length"), 100, r"cut off after 400 tokens: raise max_tokens", 3),
        (Reply(text="half", finish_reason="length"), None, r"cut off at the model's own limit", 1),
        (Reply(text="I can", finish_reason="content_filter"), None, r"content filter withheld", 1),
        (Reply(text="", only_reasoning=True), 100, r"reasoning alone", 3),
    ],
    ids=["length", "own length", "filter", "reasoning"],
)
def test_a_reply_that_stays_incomplete_is_an_error_with_the_reason_and_is_not_stored(
    reply: Reply, limit: int | None, reason: str, calls: int, asynchronous: bool
) -> None:
    setup = Setup(Scripted(lambda index: reply))
    ask = asking(setup, asynchronous, max_tokens=limit)
    with pytest.raises(IncompleteReplyError, match=reason):
        ask()
    assert len(setup.store) == 0
    assert (setup.usage.calls, setup.usage.failures) == (calls, 0)


def test_a_cut_off_reply_of_an_older_store_is_dropped() -> None:
    setup = Setup(Scripted(lambda index: Reply(text="whole")))
    key = reply_key(setup.engine.model.identity, request())
    setup.store.put(key, Reply(text="half", finish_reason="length"))
    assert [setup.engine.complete(request()).message.text for _ in range(2)] == ["whole"] * 2
    assert (setup.usage.calls, setup.usage.reused) == (1, 1)
