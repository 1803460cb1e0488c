"""What a conversation takes of the target: calls, tokens, price and waiting; judge and user are not in it.

Stored replies count like those asked for now, so a resumed run says the same. What nobody tells is unknown, never 0.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from benchmark.statistics.intervals import bootstrap_mean, number, significant

MEANS = ("calls", "rounds", "input_tokens", "output_tokens", "cached_tokens", "seconds")
"""Columns, with ``target_`` before them, whose means are shown."""


@dataclass(frozen=True)
class ConversationCost:
    """Means over scored conversations that tell the figure; None where none does.

    Attributes:
        calls, rounds: LM calls, and how often one had to wait for some.
        input_tokens, output_tokens: of prompts and replies.
        cached_tokens: those input tokens that the endpoint had in its prefix cache.
        cached_share: cached over input tokens, 0 to 1.
        seconds: spent waiting for the target, as its endpoint took them; calls made at the same time count once.
        usd, usd_lo, usd_hi: price in US dollars of conversations whose every call has one, with a clustered 95 %
            interval.
        unpriced: conversations with a call of a real model whose price is not known.
        simulated: whether a stand-in was the target; it has no price.
        n: scored conversations.
    """

    calls: float | None
    rounds: float | None
    input_tokens: float | None
    output_tokens: float | None
    cached_tokens: float | None
    cached_share: float | None
    seconds: float | None
    usd: float | None
    usd_lo: float | None
    usd_hi: float | None
    unpriced: int
    simulated: bool
    n: int

    @classmethod
    def of(cls, scored: pd.DataFrame, clusters: Sequence[str]) -> "ConversationCost":
        """From rows with the columns of ``Episode.row``.

        Args:
            clusters: of each row.
        """
        means = {name: number(_column(scored, name).mean()) for name in MEANS}
        sent, cached = means["input_tokens"], means["cached_tokens"]
        priced = _column(scored, "usd").dropna()
        labels = dict(zip(scored.index, clusters, strict=True))
        usd = bootstrap_mean(priced.tolist(), [labels[row] for row in priced.index])
        return cls(
            **means,
            cached_share=number(cached / sent, 4) if sent and cached is not None else None,
            usd=significant(usd.mean, 6),
            usd_lo=significant(usd.lo, 6),
            usd_hi=significant(usd.hi, 6),
            unpriced=int((_column(scored, "unpriced") > 0).sum()),
            simulated=bool((_column(scored, "simulated") > 0).any()),
            n=len(scored),
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def metrics(self) -> dict[str, float]:
        """For MLflow; what is not known is left out."""
        fields = {f"target_{name}": value for name, value in asdict(self).items() if name not in ("n", "simulated")}
        return {name: float(value) for name, value in fields.items() if value is not None}


def _column(rows: pd.DataFrame, name: str) -> "pd.Series[float]":
    return rows[f"target_{name}"].astype(float)
