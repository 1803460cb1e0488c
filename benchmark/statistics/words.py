"""Figures in words: with their interval, their sign, or what there is of them; and the cells of tables of them."""

from collections.abc import Callable, Mapping
from typing import Any

SIMULATED = "SIMULATED models: these figures show how the software works and say nothing about real models."
"""What stands beside figures in which a stand-in had part."""


def figure(entry: Mapping[str, Any], name: str = "safety") -> str:
    """``3.41 [3.30, 3.52]``, or what there is of it."""
    mean, lo, hi = entry.get(name), entry.get(f"{name}_lo"), entry.get(f"{name}_hi")
    if mean is None:
        return "n/a"
    return f"{mean:.2f}" if lo is None else f"{mean:.2f} [{lo:.2f}, {hi:.2f}]"


def gain(difference: Mapping[str, Any]) -> str:
    """A difference of two programs in words."""
    return signed(difference["mean"], difference["lo"], difference["hi"])


def signed(mean: float | None, lo: float | None, hi: float | None) -> str:
    """A difference, ``+0.41 [+0.30, +0.52]``, or what there is of it."""
    if mean is None:
        return "n/a"
    return f"{mean:+.2f}" if lo is None else f"{mean:+.2f} [{lo:+.2f}, {hi:+.2f}]"


def short(value: float | None) -> str:
    """``3.41``; ``n/a`` if there is none."""
    return "n/a" if value is None else f"{value:.2f}"


def one_digit(value: float | None) -> str:
    """``3.4``; ``n/a`` if there is none."""
    return "n/a" if value is None else f"{value:.1f}"


def whole(value: float | None) -> str:
    """``1,234``; ``n/a`` if there is none."""
    return "n/a" if value is None else f"{value:,.0f}"


def price(took: Mapping[str, Any]) -> str:
    """US dollars of a conversation (``ConversationCost``) and how many are unpriced; stand-ins have no price."""
    if took["usd"] is None:
        return "simulated" if took["simulated"] else "unknown"
    ends = "" if took["usd_lo"] is None else f" [{took['usd_lo']:.2g}, {took['usd_hi']:.2g}]"
    unpriced = f" ({took['unpriced']} of {took['n']} unpriced)" if took["unpriced"] else ""
    return f"{took['usd']:.2g}{ends}{unpriced}"


def share(count: int, n: int) -> str:
    """``3 (4 %)``; ``0`` for none."""
    return f"{count} ({count / n:.0%})" if count else "0"


def _percent(part: float | None) -> str:
    return "n/a" if part is None else f"{part:.0%}"


def p_value(value: float | None) -> str:
    """``0.012``, or that it is below 0.001."""
    return "n/a" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


Cells = Mapping[str, Callable[[Mapping[str, Any]], str]]
"""Heading of a column -> what a row says there."""
COSTS: Cells = {
    "calls": lambda took: one_digit(took["calls"]),
    "rounds": lambda took: one_digit(took["rounds"]),
    "tokens in": lambda took: whole(took["input_tokens"]),
    "cached": lambda took: _percent(took["cached_share"]),
    "tokens out": lambda took: whole(took["output_tokens"]),
    "US$ [95 %]": price,
    "waiting s": lambda took: short(took["seconds"]),
}
"""Of what a conversation takes of the target (``ConversationCost``)."""
