"""What calls take, added up: unknown stays unknown, and dspy's tracker carries it unchanged."""

from dspy.utils.usage_tracker import UsageTracker
from hypothesis import given
from hypothesis import strategies as st

from signatures.usage import Spent, read_usage, usage_entry

COUNTS = st.none() | st.integers(0, 10_000)


@st.composite
def calls(draw: st.DrawFn) -> Spent:
    """What one call took."""
    simulated = draw(st.booleans())
    usd = None if simulated else draw(st.none() | st.integers(0, 1000).map(float))
    tokens = draw(st.booleans())
    return Spent(
        input_tokens=draw(st.integers(0, 10_000)) if tokens else None,
        output_tokens=draw(st.integers(0, 10_000)) if tokens else None,
        cached_tokens=draw(COUNTS),
        seconds=draw(st.none() | st.integers(0, 100).map(float)),
        usd=usd,
        unpriced=int(usd is None and not simulated),
        simulated=int(simulated),
        calls=1,
    )


def tracked(spent: Spent) -> dict[str, object]:
    """dspy's own entry of a call."""
    told = {"prompt_tokens": spent.input_tokens, "completion_tokens": spent.output_tokens}
    details = {} if spent.cached_tokens is None else {"cached_tokens": spent.cached_tokens}
    return {**{k: v for k, v in told.items() if v is not None}, "prompt_tokens_details": details or None}


@given(st.lists(calls(), min_size=1, max_size=6))
def test_a_tracker_carries_the_sum_of_what_calls_took(several: list[Spent]) -> None:
    tracker, total = UsageTracker(), Spent()
    for i, spent in enumerate(several):
        tracker.add_usage(f"model {i % 2}", tracked(spent))
        tracker.add_usage(f"model {i % 2}", usage_entry(spent))
        total = total.then(spent)
    assert read_usage(tracker.get_total_tokens()) == total


@given(calls(), calls())
def test_side_by_side_one_waits_for_the_slower_and_pays_for_both(one: Spent, other: Spent) -> None:
    beside, then = one.beside(other), one.then(other)
    assert (beside.input_tokens, beside.usd, beside.unpriced) == (then.input_tokens, then.usd, then.unpriced)
    if beside.seconds is not None and then.seconds is not None:
        assert max(one.seconds or 0, other.seconds or 0) == beside.seconds <= then.seconds
    assert (beside.seconds is None) is (then.seconds is None) is (one.seconds is None or other.seconds is None)


def test_an_engine_of_somebody_else_tells_tokens_and_no_price() -> None:
    found = read_usage({"other/model": {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": None}})
    assert found == Spent(7, 3, None, None, None, unpriced=1, calls=1)
