"""What runs took, in words; figures in words are those of the benchmark."""

from collections.abc import Mapping
from typing import Any

from benchmark.statistics.words import figure, gain, one_digit, p_value, price, share, short, signed, whole
from lms import LanguageModels
from lms.ledger import Tally

__all__ = [
    "figure",
    "gain",
    "money",
    "one_digit",
    "p_value",
    "price",
    "share",
    "short",
    "signed",
    "spent_line",
    "usage",
    "whole",
]


def usage(charged: Tally, models: LanguageModels) -> dict[str, Any]:
    """What a result took: LM calls by role, and their price, None if that of one is not known.

    Args:
        charged: all its calls, those of interrupted runs too.
        models: what they were asked in this run is told apart.
    """
    return {**_calls(charged), "this_run": _calls(models.ledger.snapshot())}


def _calls(tally: Tally) -> dict[str, Any]:
    return {"lm_calls": tally.calls(), "cost_usd": tally.total().known_cost_usd}


def money(summary: Mapping[str, Any]) -> str:
    """The same in words."""
    calls, cost = sum(summary["lm_calls"].values()), summary["cost_usd"]
    now = sum(summary["this_run"]["lm_calls"].values())
    said = f"LM calls {calls}" + (f" ({now} of them in this run)" if now != calls else "")
    if cost is None:
        return f"{said}, price unknown"
    return f"{said}, no price (simulated)" if summary["simulated"] and not cost else f"{said}, {cost:.4f} US$"


def spent_line(limits: Mapping[str, Mapping[str, float]]) -> str:
    """What this run spent of its limits (``Budget.account``); empty if it had none."""
    units = {"calls": "LM calls", "usd": "US$", "minutes": "minutes"}
    parts = [f"{entry['spent']:,.10g} of {entry['limit']:,.10g} {units[name]}" for name, entry in limits.items()]
    return f"spent       {', '.join(parts)}" if parts else ""
