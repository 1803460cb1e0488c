"""What ``lms.engine`` rests on: how dspy makes requests of calls, and where it writes prices."""

from dataclasses import fields

import dspy
import pytest
from dspy.dsp.utils.settings import DEFAULT_CONFIG

from lms.engine import BARE_CALL, PricedLM
from tests.contracts.engine import Answering


def test_dspy_tells_neither_rollouts_nor_candidates_apart() -> None:
    # the reason for RoleLM: once requests differ, it can go
    engine = Answering("hello")
    lm = engine.lm(temperature=1.0)
    lm("Hi", rollout_id=1)
    lm("Hi", rollout_id=2)
    lm("Hi", n=2)
    assert len(engine.requests) == 4
    assert len({repr(request.config) for request in engine.requests}) == 1
    assert len({repr(request.messages) for request in engine.requests}) == 1


def test_a_seed_reaches_the_request() -> None:
    engine = Answering("hello")
    engine.lm()("Hi", seed=5)
    assert [request.config.seed for request in engine.requests] == [5]


def test_a_request_is_a_dataclass_whose_configuration_can_be_listed() -> None:
    engine = Answering("hello")
    engine.lm(temperature=0.5, top_p=0.9, max_tokens=11)("Hi")
    [request] = engine.requests
    config = {field.name: getattr(request.config, field.name) for field in fields(request.config)}
    assert (config["temperature"], config["top_p"], config["max_tokens"]) == (0.5, 0.9, 11)
    assert "seed" in config


@pytest.mark.parametrize("name", BARE_CALL)
def test_dspy_has_each_setting_that_an_inner_call_does_without(name: str) -> None:
    assert name in DEFAULT_CONFIG


def test_dspy_hands_the_price_of_a_call_to_update_history() -> None:
    lm = PricedLM("contract/model", engine=Answering("hello"), cache=False)
    before = len(dspy.clients.base_lm.GLOBAL_HISTORY)
    with dspy.context(**BARE_CALL):
        lm("Hi")
        lm("Hi again")
    [entry] = lm.history
    assert "cost" in entry
    assert len(dspy.clients.base_lm.GLOBAL_HISTORY) == before


def test_a_copied_lm_has_a_history_of_its_own() -> None:
    lm = Answering("hello").lm()
    copied = lm.copy()
    with dspy.context(**BARE_CALL):
        copied("Hi")
    assert (len(lm.history), len(copied.history)) == (0, 1)
