"""What a conversation takes of the target: means over what is known, and a count of what is not."""

from typing import Any

import pytest

from benchmark.evaluation.episode import TurnUsageRecord
from cli.show.numbers import price
from tests.benchmark.evaluation.episodes import episode, evaluation

TURN: dict[str, Any] = {
    "calls": 2,
    "rounds": 1,
    "tokens": 120,
    "input_tokens": 100,
    "output_tokens": 20,
    "cached_tokens": 40,
    "seconds": 0.5,
    "usd": 0.25,
}


def turns(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"spent": tuple(TurnUsageRecord(**{**TURN, **change}) for change in changes)}


def test_the_turns_of_a_conversation_add_up_and_conversations_are_averaged() -> None:
    found = evaluation(episode(0, 4.0, **turns({}, {})), episode(2, 4.0, **turns({}))).conversation_cost
    assert (found.calls, found.rounds, found.seconds, found.usd) == (3.0, 1.5, 0.75, 0.375)
    assert (found.input_tokens, found.output_tokens, found.cached_tokens) == (150.0, 30.0, 60.0)
    assert (found.cached_share, found.unpriced, found.simulated, found.n) == (0.4, 0, False, 2)
    assert found.usd_lo == 0.25
    assert found.usd_hi == 0.5


def test_an_unpriced_call_leaves_its_conversation_out_of_the_price_and_is_counted() -> None:
    odd = turns({}, {"usd": None, "unpriced": 1})
    both = evaluation(episode(0, 4.0, **odd), episode(2, 4.0, **turns({}))).conversation_cost
    assert (both.usd, both.unpriced, both.calls) == (0.25, 1, 3.0)
    assert price(both.as_dict()) == "0.25 (1 of 2 unpriced)"
    alone = evaluation(episode(0, 4.0, **odd)).conversation_cost
    assert (alone.usd, price(alone.as_dict())) == (None, "unknown")
    assert "target_usd" not in alone.metrics()
    assert alone.metrics()["target_unpriced"] == 1.0


def test_a_stand_in_is_simulated_and_not_free() -> None:
    found = evaluation(episode(0, 4.0, **turns({"usd": None, "simulated": 2}))).conversation_cost
    assert price(found.as_dict()) == "simulated"


def test_records_of_earlier_versions_tell_calls_alone() -> None:
    found = evaluation(episode(0, 4.0, spent=(TurnUsageRecord(calls=2, rounds=1, tokens=120),))).conversation_cost
    assert (found.calls, found.input_tokens, found.seconds, found.usd) == (2.0, None, None, None)


@pytest.mark.parametrize("safety", [None, 4.0], ids=["unscored", "no turns"])
def test_nothing_known_is_nothing_said(safety: float | None) -> None:
    found = evaluation(episode(0, safety)).conversation_cost
    assert (found.calls, found.usd, found.cached_share) == (None, None, None)
    assert set(found.metrics()) == {"target_unpriced"}


def test_the_summary_and_the_rows_have_it() -> None:
    one = evaluation(episode(0, 4.0, **turns({}, {})))
    assert one.summary()["per_conversation"] == one.conversation_cost.as_dict()
    assert one.frame.loc[0, "target_input_tokens"] == 200
