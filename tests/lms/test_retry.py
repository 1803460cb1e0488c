"""The retry policy: what passes is waited for, an outage pauses the run, anything else is raised at once."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from dspy.utils.exceptions import (
    LMAuthError,
    LMError,
    LMInvalidRequestError,
    LMProviderError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    LMTransportError,
)
from hypothesis import given
from hypothesis import strategies as st

from lms import retry
from lms.retry import LONGEST_WAIT, OUTAGE, RetryPolicy, wait_before
from lms.stopping import STOP
from tests.lms.real import over_http
from tests.servers.openai_server import Fault, OpenAIServer

real_wait = wait_before  # tests wait for nothing, see conftest


class Endpoint:
    """Fails as it is told, call by call; each call takes a second of its clock."""

    def __init__(self, *outcomes: LMError | None) -> None:
        self.outcomes, self.now, self.calls = list(outcomes), 0.0, 0

    def clock(self) -> float:
        return self.now

    def __call__(self) -> str:
        self.calls += 1
        self.now += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome is not None:
            raise outcome
        return "fine"


def away(status: int | None = 503, text: str = "gone") -> LMServerError:
    return LMServerError(text, model="m", status=status)


PASSING = [
    LMRateLimitError("slow down", model="m"),
    LMTimeoutError("late", model="m"),
    away(500),
    LMTransportError("reset", model="m"),
    LMProviderError("not JSON", model="m", status=200),
]
LASTING = [
    LMAuthError("no", model="m", status=401),
    LMInvalidRequestError("no", model="m", status=400),
    LMProviderError("no", model="m", status=418),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_passes_is_asked_again_as_often_as_allowed(error: LMError) -> None:
    endpoint = Endpoint(error, error, None)
    assert RetryPolicy(2, endpoint.clock).call(endpoint) == "fine"
    endpoint = Endpoint(error)
    with pytest.raises(type(error)):
        RetryPolicy(2, endpoint.clock).call(endpoint)
    assert endpoint.calls == 3


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_what_does_not_pass_is_raised_at_once(error: LMError) -> None:
    endpoint = Endpoint(error)
    with pytest.raises(type(error)):
        RetryPolicy(5, endpoint.clock).call(endpoint)
    assert endpoint.calls == 1


@pytest.mark.parametrize("error", [away(503), away(None), LMTransportError("refused", model="m")], ids=str)
def test_an_endpoint_that_was_there_is_waited_for(error: LMError) -> None:
    endpoint = Endpoint(None, *[error] * 100, None)
    policy = RetryPolicy(2, endpoint.clock)
    assert [policy.call(endpoint), policy.call(endpoint)] == ["fine", "fine"]
    assert endpoint.calls == 102


def test_an_endpoint_that_stays_away_is_given_up_in_the_end() -> None:
    endpoint = Endpoint(None, away())
    policy = RetryPolicy(2, endpoint.clock)
    policy.call(endpoint)
    with pytest.raises(LMServerError):
        policy.call(endpoint)
    assert OUTAGE < endpoint.now < OUTAGE + 10


def test_an_endpoint_that_never_was_there_is_not_waited_for() -> None:
    endpoint = Endpoint(away())
    with pytest.raises(LMServerError):
        RetryPolicy(2, endpoint.clock).call(endpoint)
    assert endpoint.calls == 3


def test_a_model_that_is_loading_is_waited_for_from_the_start() -> None:
    endpoint = Endpoint(*[away(503, "Loading model")] * 50, None)
    assert RetryPolicy(2, endpoint.clock).call(endpoint) == "fine"


def test_a_request_that_breaks_the_server_is_given_up_while_others_are_answered() -> None:
    endpoint = Endpoint(None, away(500))
    policy = RetryPolicy(2, endpoint.clock)
    policy.call(endpoint)
    with pytest.raises(LMServerError):
        policy.call(endpoint)
    assert endpoint.calls == 4


def test_the_async_twin_does_the_same() -> None:
    endpoint = Endpoint(None, *[away()] * 20, None)

    async def ask() -> str:
        return endpoint()

    async def twice(policy: RetryPolicy) -> list[str]:
        return [await policy.acall(ask), await policy.acall(ask)]

    assert asyncio.run(twice(RetryPolicy(1, endpoint.clock))) == ["fine", "fine"]
    assert endpoint.calls == 22


@given(st.integers(1, 60), st.none() | st.floats(0, 1e6))
def test_waits_grow_and_are_capped(attempt: int, asked: float | None) -> None:
    error = LMRateLimitError("slow down", model="m", retry_after=asked)
    seconds = real_wait(error, attempt)
    assert 0 <= seconds <= LONGEST_WAIT
    assert seconds == min(LONGEST_WAIT, 2.0 ** (attempt - 1) if asked is None else asked)


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits that are announced as long, and not made."""
    monkeypatch.setattr(STOP, "sleep", lambda seconds: None)
    monkeypatch.setattr(retry, "wait_before", lambda error, attempt: 7.0)
    return lambda: None


def test_a_long_wait_is_announced_with_the_server_s_words(long_waits: object, caplog: pytest.LogCaptureFixture) -> None:
    endpoint = Endpoint(LMRateLimitError("slow down, please", model="m"), None)
    with caplog.at_level(logging.WARNING, "lms.retry"):
        RetryPolicy(1, endpoint.clock).call(endpoint)
    assert "waiting 7 s" in caplog.text
    assert "slow down, please" in caplog.text


def test_a_body_that_is_no_json_is_asked_for_again_over_http() -> None:
    from lms import Role

    with OpenAIServer("fine", faults=[Fault.MALFORMED, Fault.MALFORMED]) as server:
        assert over_http(server.url)[Role.TARGET]("hello") == ["fine"]
    assert server.count == 3
