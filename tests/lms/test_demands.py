"""Settings that an endpoint refuses are left out from then on; other refusals are told in the server's own words."""

import asyncio
import logging

import pytest
from dspy.utils.exceptions import LMConfigurationError, LMInvalidRequestError, LMServerError
from hypothesis import given
from hypothesis import strategies as st

from lms import LanguageModels, Role
from lms.demands import Demands
from tests.lms.real import over_http
from tests.servers.faults import (
    COMPLAINT,
    FLAT,
    Demand,
    Fault,
    Refusal,
    no_system_role,
    not_both,
    only_default,
    refusal,
    unsupported,
)
from tests.servers.openai_server import Body, OpenAIServer

MESSAGES = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}]
DEMANDS = {
    "temperature": unsupported("temperature"),
    "temperature's default": only_default("temperature"),
    "top_p's default": only_default("top_p"),
    "one of two": not_both("temperature", "top_p"),
    "no limit of tokens": unsupported("max_completion_tokens"),
    "no seed": unsupported("seed"),
    "no system message": no_system_role,
}


def models_at(url: str) -> LanguageModels:
    return over_http(url, temperature=0.7, top_p=0.95, max_tokens=100, seed=1)


@pytest.mark.parametrize("demand", DEMANDS.values(), ids=list(DEMANDS))
def test_what_is_refused_is_left_out_from_then_on_and_said_once(
    demand: Demand, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "lms"), OpenAIServer("fine", faults=demand) as server:
        lm = models_at(server.url)[Role.TARGET]
        assert lm(messages=MESSAGES) == ["fine"]
        assert lm(messages=[*MESSAGES[:1], {"role": "user", "content": "again"}]) == ["fine"]
    assert server.count == 3  # refused once
    assert len(caplog.records) == 1
    assert "left out from now on" in caplog.text


def test_what_is_not_refused_is_still_sent() -> None:
    with OpenAIServer("fine", faults=not_both("temperature", "top_p")) as server:
        models_at(server.url)[Role.TARGET](messages=MESSAGES)
    sent = server.requests[-1].body
    assert (sent["temperature"], sent["max_completion_tokens"], sent["seed"]) == (0.7, 100, 1)
    assert "top_p" not in sent


def test_a_system_message_is_not_lost_but_put_first() -> None:
    with OpenAIServer("fine", faults=no_system_role) as server:
        models_at(server.url)[Role.TARGET](messages=MESSAGES)
    assert server.requests[-1].body["messages"] == [{"role": "user", "content": "Be kind.\n\nhello"}]


def test_several_demands_are_met_one_after_the_other() -> None:
    def picky(index: int, body: Body) -> Refusal | Fault | None:
        return next((no for demand in DEMANDS.values() if (no := demand(index, body))), None)

    with OpenAIServer("fine", faults=picky) as server:
        lm = models_at(server.url)[Role.TARGET]
        assert lm(messages=MESSAGES) == ["fine"]
        assert asyncio.run(lm.acall(messages=[*MESSAGES[:1], {"role": "user", "content": "again"}])) == ["fine"]
    assert set(server.requests[-1].body) == {"model", "messages"}
    assert server.count <= len(DEMANDS) + 2


@pytest.mark.parametrize(
    "words", ["temperature must be at most 1", "max_tokens is too large: 4096", "the system is overloaded", "no"]
)
def test_a_value_that_is_wrong_is_no_setting_that_is_not_taken(words: str) -> None:
    with OpenAIServer("fine", faults=lambda index, body: refusal(400, words)) as server:
        lm = models_at(server.url)[Role.TARGET]
        with pytest.raises(LMInvalidRequestError, match=words):
            lm(messages=MESSAGES)
    assert server.count == 1


@given(st.text())
def test_no_words_make_it_ask_for_ever(words: str) -> None:
    from dspy.lm15 import Config, Message, Request

    demands, sent, learned = Demands("m"), Request("m", (Message.user("hi"),), config=Config(temperature=0.5)), 0
    error = LMInvalidRequestError(f"unsupported temperature top_p seed max_tokens system role {words}", model="m")
    while demands.learn(error, demands.fit(sent)):
        learned += 1
        assert learned <= 5
    assert demands.fit(sent).config.temperature is None


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("body", FLAT.values(), ids=list(FLAT))
@pytest.mark.parametrize(("status", "kind"), [(400, LMInvalidRequestError), (500, LMServerError)])
def test_an_error_is_told_in_the_server_s_words(
    body: str, status: int, kind: type[Exception], asynchronous: bool
) -> None:
    with OpenAIServer("fine", faults=lambda index, asked: Refusal(status, body)) as server:
        lm = over_http(server.url, retries=0)[Role.TARGET]
        with pytest.raises(kind, match=COMPLAINT):
            asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")


def test_an_endpoint_that_refuses_every_request_ends_the_run_in_its_own_words() -> None:
    with OpenAIServer(faults=lambda index, body: refusal(400, "prompt must be a poem")) as server:
        lm = over_http(server.url)[Role.TARGET]
        for words in ("one", "two"):
            with pytest.raises(LMInvalidRequestError):
                lm(words)
        with pytest.raises(LMConfigurationError, match=r"prompt must be a poem.*refuses every request"):
            lm("three")


def test_single_requests_that_are_refused_do_not_end_the_run() -> None:
    def only_greetings(index: int, body: Body) -> Refusal | None:
        return None if "hello" in str(body["messages"]) else refusal(400, "prompt must be a greeting")

    with OpenAIServer("fine", faults=only_greetings) as server:
        lm = over_http(server.url)[Role.TARGET]
        lm("hello")
        for number in range(5):
            with pytest.raises(LMInvalidRequestError, match="greeting"):
                lm(f"number {number}")


@pytest.mark.parametrize("fault", [Fault.CHOICES_NULL, Fault.NO_CHOICES, Fault.ERROR_IN_200, Fault.NO_BODY, Fault.PAGE])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_body_without_a_reply_is_asked_for_again(fault: Fault, asynchronous: bool) -> None:
    with OpenAIServer("fine", faults=[fault, fault]) as server:
        models = over_http(server.url)
        lm = models[Role.TARGET]
        assert (asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")) == ["fine"]
    usage = models.ledger.snapshot().roles[Role.TARGET]
    assert (server.count, usage.calls, usage.failures) == (3, 1, 2)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_an_error_beside_a_reply_is_no_failure(asynchronous: bool) -> None:
    with OpenAIServer("fine", faults=[Fault.ERROR_BESIDE]) as server:
        lm = over_http(server.url, retries=0)[Role.TARGET]
        assert (asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")) == ["fine"]
