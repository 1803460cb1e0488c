"""What a reply took reaches the program that asked: tokens, price, time; a stored reply tells the same again."""

from pathlib import Path

import pytest

from lms import LanguageModels, ReplyStore, Role, RoleSettings
from lms.roles import Price
from modules import Vanilla
from modules.calls import Call, TurnUsage, count_usage, run
from signatures.usage import Spent
from tests.servers.openai_server import Fault, OpenAIServer

PRICE = Price(input=2.0, output=8.0, cached=0.5)


def models_at(url: str, store: ReplyStore | None = None, price: Price | None = PRICE) -> LanguageModels:
    """A target of a name that no price table knows."""
    settings = RoleSettings(model="openai/house-model", api_base=url, price=price, max_tokens=64, retries=0)
    return LanguageModels({Role.TARGET: settings}, store)


def asked(models: LanguageModels, *queries: str) -> list[Spent]:
    """What each query took."""
    respond, found = Vanilla().respond, []
    for query in queries:
        usage = TurnUsage()

        def script(said: str = query):  # type: ignore[no-untyped-def]
            return (yield Call(respond, {"query": said, "context": ""}))

        with models.context(Role.TARGET):
            run(count_usage(script(), usage))
        found.append(usage.spent)
    return found


def test_a_call_tells_its_tokens_its_price_and_the_time_it_took() -> None:
    with OpenAIServer(prefix_cache=True) as server:
        first, second = asked(models_at(server.url), "Should I quit?", "Should I stay?")
    assert first.cached_tokens == 0
    assert first.seconds is not None
    assert 0 < first.seconds < 60
    assert second.input_tokens
    assert second.output_tokens
    assert second.cached_tokens
    assert 0 < second.cached_tokens < second.input_tokens
    fresh = second.input_tokens - second.cached_tokens
    expected = (2.0 * fresh + 0.5 * second.cached_tokens + 8.0 * second.output_tokens) / 1e6
    assert second.usd == pytest.approx(expected)
    assert (second.unpriced, second.simulated) == (0, 0)


def test_a_stored_reply_tells_what_it_took_when_it_was_asked_for(tmp_path: Path) -> None:
    with OpenAIServer(prefix_cache=True) as server:
        before = asked(models_at(server.url, ReplyStore(tmp_path / "replies.db")), "Should I quit?")
        again = models_at(server.url, ReplyStore(tmp_path / "replies.db"))
        assert asked(again, "Should I quit?") == before
        assert server.count == 1
    assert again.ledger.snapshot().total().calls == 0


def test_replies_that_could_not_be_used_are_paid_for_too() -> None:
    with OpenAIServer() as server:
        [whole] = asked(models_at(server.url), "Should I quit?")
    with OpenAIServer(faults={0: Fault.CUT_OFF}) as server:
        [cut_off_first] = asked(models_at(server.url), "Should I quit?")
        assert server.count == 2
    assert whole.input_tokens
    assert cut_off_first.input_tokens == 2 * whole.input_tokens
    assert whole.usd
    assert cut_off_first.usd == pytest.approx(2 * whole.usd)


@pytest.mark.parametrize("fault", [None, Fault.NO_USAGE], ids=["no price", "no usage"])
def test_what_is_not_known_is_not_zero(fault: Fault | None) -> None:
    with OpenAIServer(faults={0: fault} if fault else {}) as server:
        [found] = asked(models_at(server.url, price=PRICE if fault else None), "Should I quit?")
    assert (found.usd, found.unpriced, found.cached_tokens) == (None, 1, None)
    assert (found.input_tokens is None) is (fault is Fault.NO_USAGE)


def test_a_stand_in_has_tokens_and_no_price() -> None:
    [found] = asked(LanguageModels({Role.TARGET: RoleSettings(model="sim/gpt-4o?latency=0.001")}), "Should I quit?")
    assert found.input_tokens
    assert found.output_tokens
    assert (found.usd, found.unpriced, found.simulated, found.seconds) == (None, 0, 1, 0.001)


def test_a_reply_that_dspy_has_to_ask_for_twice_is_two_calls() -> None:
    with OpenAIServer(faults={0: Fault.GARBAGE}) as server:
        [found] = asked(models_at(server.url), "Should I quit?")
        assert server.count == found.calls == 2
    assert found.usd
    assert found.unpriced == 0
