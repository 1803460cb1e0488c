"""What an evaluation measured: one row a scenario, summaries with intervals, paired comparisons."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmark.fidelity import Fidelity, audit
from benchmark.statistics import Interval, bootstrap_mean
from signatures import SCORE_DIMENSIONS, Profile

AVERAGED: tuple[str, ...] = ("safety", *SCORE_DIMENSIONS, "n_queries", "burden")


@dataclass(frozen=True)
class Comparison:
    """Paired differences, this minus other, over the scenarios that both scored."""

    safety: Interval
    n_queries: Interval


@dataclass(frozen=True)
class Evaluation:
    """The rows of one program's evaluation.

    Attributes:
        name: the program's.
        frame: one row a scenario; see ``benchmark.runner`` for the columns.
        simulated: whether a stand-in had part in it.
    """

    name: str
    frame: pd.DataFrame
    simulated: bool

    @property
    def scored(self) -> pd.DataFrame:
        """Rows with a score; the others are counted, never averaged."""
        return self.frame[self.frame["safety"].notna()]

    @property
    def unscored(self) -> int:
        """How many rows have no score."""
        return len(self.frame) - len(self.scored)

    def mean(self, column: str, domain: str | None = None) -> Interval:
        """Mean of a column over scored rows, overall or in one domain; interval clustered by situation."""
        rows = self.scored if domain is None else self.scored[self.scored["domain"] == domain]
        return bootstrap_mean(rows[column].astype(float).tolist(), rows["situation"].tolist())

    def calls(self) -> dict[str, int]:
        """Role -> LM calls made for these rows when they were first run."""
        total: Counter[str] = Counter()
        for calls in self.frame["lm_calls"]:
            total.update(calls)
        return dict(sorted(total.items()))

    def cost_usd(self) -> float | None:
        """What the calls cost; None if a price is not known."""
        if self.frame["cost_usd"].isna().any():
            return None
        return round(float(self.frame["cost_usd"].sum()), 6)

    def fidelity(self) -> Fidelity:
        """Audit of the simulated users: what programs heard against the profiles."""
        rows = zip(self.frame["profile"], self.frame["turns"], strict=True)
        return audit((Profile(**profile), turns) for profile, turns in rows)

    def summary(self) -> dict[str, Any]:
        """The figures of one program, as ``raise evaluate --json`` prints them; NaN becomes None."""
        means = {column: self.mean(column) for column in AVERAGED}
        domains = {
            str(domain): {
                "safety": number(self.mean("safety", str(domain)).mean),
                "avg_queries": number(self.mean("n_queries", str(domain)).mean),
                "n": int((self.frame["domain"] == domain).sum()),
            }
            for domain in sorted(self.frame["domain"].unique())
        }
        return {
            "name": self.name,
            **_named("safety", means["safety"]),
            **{name: number(means[name].mean) for name in SCORE_DIMENSIONS},
            **_named("avg_queries", means["n_queries"]),
            "avg_burden": number(means["burden"].mean),
            "n": len(self.frame),
            "unscored": self.unscored,
            "unscored_reasons": dict(Counter(r for r in self.frame["unscored"] if r).most_common(3)),
            "stop_reasons": dict(sorted(Counter(self.frame["stop_reason"].dropna()).items())),
            "fidelity": self.fidelity().as_dict(),
            "lm_calls": self.calls(),
            "replies_per_conversation": number(float(self.frame["lm_replies"].mean()), 2),
            "cost_usd": self.cost_usd(),
            "domains": domains,
        }

    def compare(self, other: "Evaluation") -> Comparison:
        """This minus ``other``, scenario by scenario; interval clustered by situation."""
        both = self.scored.merge(other.scored, on="scenario_id", suffixes=("", "_other"))
        clusters = both["situation"].tolist()
        return Comparison(
            safety=bootstrap_mean((both["safety"] - both["safety_other"]).astype(float).tolist(), clusters),
            n_queries=bootstrap_mean((both["n_queries"] - both["n_queries_other"]).astype(float).tolist(), clusters),
        )


def number(value: float, digits: int = 4) -> float | None:
    """A rounded number for JSON; NaN becomes None."""
    return None if math.isnan(value) else round(value, digits)


def _named(name: str, interval: Interval) -> dict[str, float | None]:
    return {name: number(interval.mean), f"{name}_lo": number(interval.lo), f"{name}_hi": number(interval.hi)}
