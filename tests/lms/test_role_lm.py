"""The short way to a role's engine does what DSPy's own way does: the same requests, outputs and counted tokens."""

import asyncio
from typing import Any

import dspy
import pytest
from dspy.lm15 import Request, request_from_openai_chat
from dspy.utils.callback import BaseCallback
from dspy.utils.exceptions import LMServerError, LMUnexpectedError
from dspy.utils.usage_tracker import track_usage
from hypothesis import given
from hypothesis import strategies as st

from lms import Ledger, ReplyStore, Role
from lms.engine import AsyncRecordedEngine, RecordedEngine, reply_key
from lms.role_lm import RoleLM, is_unheard, plain_request
from lms.store import Reply
from lms.throttle import Throttle

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": TEXT}), min_size=1, max_size=4
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2) | st.just(0),
        "top_p": st.floats(0, 1),
        "max_tokens": st.integers(1, 4000),
        "seed": st.integers(0, 2**31),
    },
)


class Fixed:
    """Gives one reply, or fails, and notes its requests."""

    identity = "fixed"

    def __init__(self, outcome: Reply | Exception) -> None:
        self.outcome = outcome
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def aanswer(self, request: Request) -> Reply:
        return self.answer(request)


def role_lm(model: Fixed, **settings: Any) -> RoleLM:
    engine = RecordedEngine(Role.TARGET, model, ReplyStore(), Ledger(), Throttle(None))
    twin = AsyncRecordedEngine(engine)
    return RoleLM("some/m", engine=engine, async_engine=twin, cache=False, num_retries=0, **settings)


@given(st.none() | TEXT, TURNS, SETTINGS, SETTINGS)
def test_a_plain_call_makes_the_request_that_dspy_makes(
    system: str | None, turns: list[dict[str, str]], own: dict[str, Any], given_: dict[str, Any]
) -> None:
    messages = [{"role": "system", "content": system}, *turns] if system else turns
    short = plain_request(role_lm(Fixed(Reply(text="fine")), **own), None, messages, given_)
    assert short is not None
    long = request_from_openai_chat({"model": "some/m", "messages": messages, **own, **given_})
    assert short == long
    assert reply_key("m", short) == reply_key("m", long)  # stored replies are found again


NOT_PLAIN: list[tuple[Any, dict[str, Any]]] = [
    ([{"role": "user", "content": [{"type": "text", "text": "hello"}]}], {}),
    ([{"role": "user", "content": ""}], {}),
    ([{"role": "user", "content": "\ud800"}], {}),
    ([{"role": "system", "content": "only"}], {}),
    ([{"role": "user", "content": "a"}, {"role": "system", "content": "late"}], {}),
    ([{"role": "user", "content": "a", "name": "Ann"}], {}),
    ([{"role": "user", "content": "a"}], {"stop": ["x"]}),
    ([{"role": "user", "content": "a"}], {"response_format": {"type": "json_object"}}),
    ([{"role": "user", "content": "a"}], {"n": 2}),
]


@pytest.mark.parametrize(("messages", "settings"), NOT_PLAIN, ids=str)
def test_what_is_not_plain_goes_dspy_s_way(messages: Any, settings: dict[str, Any]) -> None:
    assert plain_request(role_lm(Fixed(Reply(text="fine"))), None, messages, settings) is None


class Listener(BaseCallback):
    """A callback that hears nothing, but is there."""


def test_only_unheard_calls_go_the_short_way() -> None:
    lm = role_lm(Fixed(Reply(text="fine")))
    with dspy.context(disable_history=False):
        assert not is_unheard(lm)
    with dspy.context(disable_history=True):
        assert is_unheard(lm)
        with dspy.context(callbacks=[Listener()]):
            assert not is_unheard(lm)
        with dspy.context(send_stream=object()):
            assert not is_unheard(lm)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "reply", [Reply(text="fine", input_tokens=3, output_tokens=4), Reply(text="x", input_tokens=3), Reply(text="y")]
)
def test_both_ways_give_the_same_output_and_count_the_same(reply: Reply, asynchronous: bool) -> None:
    found = []
    for short in (True, False):
        model = Fixed(reply)
        lm = role_lm(model, temperature=0.5)
        with dspy.context(disable_history=short), track_usage() as tracker:
            said = asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")
        found.append((said, model.requests, tracker.get_total_tokens(), lm.engine.ledger.snapshot()))
    assert found[0] == found[1]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("error", [LMServerError("down", model="m"), KeyError("a bug")], ids=str)
def test_both_ways_raise_the_same(error: Exception, asynchronous: bool) -> None:
    for short in (True, False):
        lm = role_lm(Fixed(error))
        kind = type(error) if isinstance(error, LMServerError) else LMUnexpectedError
        with dspy.context(disable_history=short), pytest.raises(kind, match=r"down|a bug"):
            asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")


def test_the_copy_of_an_lm_goes_the_short_way_with_its_own_settings() -> None:
    model = Fixed(Reply(text="fine"))
    with dspy.context(disable_history=True):
        role_lm(model, temperature=0.5).copy(temperature=1.5)("hello")
    assert [request.config.temperature for request in model.requests] == [1.5]
