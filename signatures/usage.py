"""What calls to models take, as dspy's usage tracker carries it from an engine to the program that asked.

The tracker adds up the numbers of its entries. So each figure travels with a count of the calls that told it, and a sum
is known only if all of them did: what nobody told is None, never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

N = TypeVar("N", int, float)
_CALLS, _SIMULATED = "engine_calls", "simulated_calls"
_SECONDS, _USD = "wait_seconds", "cost_usd"
_TOLD_TOKENS, _TOLD_CACHED, _TOLD_SECONDS, _TOLD_USD = "told_tokens", "told_cached", "told_seconds", "told_usd"


@dataclass(frozen=True)
class Spent:
    """What some calls took.

    Attributes:
        input_tokens, output_tokens: of prompts and replies; None if a call did not tell.
        cached_tokens: those input tokens that the endpoint had in its prefix cache; None if a call did not tell.
        seconds: spent waiting for models, as the endpoints took them; None if a call did not tell.
        usd: price in US dollars; None if that of a call is not known, or if it is a stand-in's, which has none.
        unpriced: calls of real models whose price is not known.
        simulated: calls of stand-ins.
        calls: all of them; dspy may need several for one reply, as it asks again for JSON what it cannot read.
    """

    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cached_tokens: int | None = 0
    seconds: float | None = 0.0
    usd: float | None = 0.0
    unpriced: int = 0
    simulated: int = 0
    calls: int = 0

    def then(self, other: "Spent") -> "Spent":
        """This and, after it, ``other``."""
        return self._joined(other, _sum(self.seconds, other.seconds))

    def beside(self, other: "Spent") -> "Spent":
        """This and, at the same time, ``other``: one waits for the slower."""
        slower = None if self.seconds is None or other.seconds is None else max(self.seconds, other.seconds)
        return self._joined(other, slower)

    def _joined(self, other: "Spent", seconds: float | None) -> "Spent":
        return Spent(
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            _sum(self.cached_tokens, other.cached_tokens),
            seconds,
            _sum(self.usd, other.usd),
            self.unpriced + other.unpriced,
            self.simulated + other.simulated,
            self.calls + other.calls,
        )


def _sum(one: N | None, other: N | None) -> N | None:
    return None if one is None or other is None else one + other


def usage_entry(spent: Spent) -> dict[str, float]:
    """The entry of one call for dspy's usage tracker, beside dspy's own, which has the tokens."""
    return {
        _CALLS: spent.calls,
        _SIMULATED: spent.simulated,
        _SECONDS: spent.seconds or 0.0,
        _USD: spent.usd or 0.0,
        _TOLD_TOKENS: int(spent.input_tokens is not None and spent.output_tokens is not None),
        _TOLD_CACHED: int(spent.cached_tokens is not None),
        _TOLD_SECONDS: int(spent.seconds is not None),
        _TOLD_USD: int(spent.usd is not None),
    }


def read_usage(tracked: Mapping[str, Mapping[str, Any]]) -> Spent:
    """What the calls of a tracker (model -> sums of its entries) took; of engines without ``usage_entry`` the tokens.

    Args:
        tracked: of at least one call.
    """
    sums: dict[str, float] = {}
    for model in tracked.values():
        details = {f"details_{name}": n for name, n in (model.get("prompt_tokens_details") or {}).items()}
        for name, value in {**model, **details}.items():
            if isinstance(value, int | float):
                sums[name] = sums.get(name, 0) + value
    calls, simulated = int(sums.get(_CALLS, 0)), int(sums.get(_SIMULATED, 0))

    def known(name: str, told: str) -> float | None:
        if calls:
            return sums.get(name, 0) if sums[told] == calls else None
        return sums.get(name)

    sent, said = known("prompt_tokens", _TOLD_TOKENS), known("completion_tokens", _TOLD_TOKENS)
    cached = known("details_cached_tokens", _TOLD_CACHED)
    return Spent(
        input_tokens=None if sent is None else int(sent),
        output_tokens=None if said is None else int(said),
        cached_tokens=None if cached is None else int(cached),
        seconds=known(_SECONDS, _TOLD_SECONDS),
        usd=known(_USD, _TOLD_USD),
        unpriced=calls - simulated - int(sums.get(_TOLD_USD, 0)) if calls else 1,
        simulated=simulated,
        calls=calls or 1,
    )
