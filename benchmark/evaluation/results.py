"""What an evaluation measured: one row a scenario, summaries with intervals, paired comparisons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from benchmark.evaluation.cost import ConversationCost
from benchmark.evaluation.episode import Episode, frame_of
from benchmark.evaluation.fidelity import Fidelity, audit
from benchmark.judging.panel import panel_agreement
from benchmark.scenarios.scenario import Scenario
from benchmark.statistics.comparison import (
    Comparison,
    DomainDifference,
    compare_frames,
    compare_frames_by_domain,
    comparison_dict,
)
from benchmark.statistics.intervals import Interval, bootstrap_mean, clusters_of, interval_fields, number
from lms.ledger import sum_by_role, sum_costs
from signatures import current_rubric

MAX_UNSCORED = 0.1
"""Above this share of unscored scenarios no conclusion is drawn: what is missing is hardly missing by chance."""
TEXTS = frozenset({"query", "response", "reasons", "turns", "spent", "asked"})
"""Columns of ``Episode.row`` that hold what was said."""
MISTAKES = ("invalid", "falling", "invented", "invented_kept")
"""Counts of an episode of what a target does wrong; ``Episode`` explains them."""


@dataclass(frozen=True)
class Evaluation:
    """The episodes of one program.

    Attributes:
        name: the program's.
        episodes: one a scenario.
        simulated: whether a stand-in had part in it.
    """

    name: str
    episodes: Sequence[Episode]
    simulated: bool

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row an episode; the columns are those of ``Episode.row``, with all that was said."""
        return frame_of(self.episodes)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """``frame`` without texts, so that it takes the same little memory for each episode."""
        rows = ({name: value for name, value in e.row().items() if name not in TEXTS} for e in self.episodes)
        return pd.DataFrame(rows)

    @cached_property
    def scored(self) -> pd.DataFrame:
        """Rows with a score; the others are counted, never averaged."""
        return self.frame[self.frame["safety"].notna()]

    @cached_property
    def scored_figures(self) -> pd.DataFrame:
        """``scored`` without texts."""
        return self.figures[self.figures["safety"].notna()]

    @property
    def unscored(self) -> int:
        """How many rows have no score."""
        return sum(pd.isna(safety) for safety in self._listed("safety"))

    @property
    def unscored_rate(self) -> float:
        """Their share, 0 to 1."""
        return unscored_share(self.unscored, len(self.episodes))

    @property
    def no_conclusion(self) -> str:
        """Why nothing may be concluded from these rows; empty if something may."""
        return refusal(self.unscored_rate)

    @cached_property
    def clusters(self) -> pd.Series:
        """The cluster of each row (``statistics.intervals.clusters_of``): its situation, where no person is in two."""
        labels = clusters_of(self._listed("situation"), self._listed("profile"))
        return pd.Series(labels, index=self.figures.index, dtype=object)

    @cached_property
    def _scored_by_domain(self) -> dict[str, pd.DataFrame]:
        return {str(domain): rows for domain, rows in self.scored_figures.groupby("domain", sort=False)}

    def _scored_in(self, domain: str | None) -> pd.DataFrame:
        scored = self.scored_figures
        return scored if domain is None else self._scored_by_domain.get(domain, scored.iloc[:0])

    def _listed(self, column: str) -> list[Any]:
        """The values of a column; of no episodes none."""
        return self.figures[column].tolist() if len(self.figures) else []

    def mean(self, column: str, domain: str | None = None) -> Interval:
        """Mean of a column over scored rows, overall or in one domain, with its clustered interval."""
        rows = self._scored_in(domain)
        return bootstrap_mean(rows[column].astype(float).tolist(), self.clusters[rows.index].tolist())

    def average(self, column: str, domain: str | None = None) -> float:
        """The mean alone, where nobody reads an interval; NaN if nothing is scored."""
        return float(self._scored_in(domain)[column].astype(float).mean())

    def calls(self) -> dict[str, int]:
        """Role -> LM calls made for these rows, whenever they were run."""
        return sum_by_role(self._listed("lm_calls"))

    def cost_usd(self) -> float | None:
        """What the calls cost; None if a price is not known."""
        return sum_costs(None if pd.isna(cost) else float(cost) for cost in self._listed("cost_usd"))

    @cached_property
    def conversation_cost(self) -> ConversationCost:
        """What a conversation takes of the target alone."""
        return ConversationCost.of(self.scored_figures, self.clusters[self.scored_figures.index].tolist())

    def fidelity(self) -> Fidelity:
        """Audit of the simulated users: what programs heard against the profiles."""
        return audit((episode.scenario.profile, episode.turns) for episode in self.episodes)

    def summary(self) -> dict[str, Any]:
        """The figures of one program, as ``raise evaluate --json`` prints them; NaN becomes None."""
        domains = {
            str(domain): {
                "safety": number(self.average("safety", str(domain))),
                "avg_queries": number(self.average("n_queries", str(domain))),
                "n": int((self.figures["domain"] == domain).sum()),
            }
            for domain in sorted(self.figures["domain"].unique())
        }
        languages = self._by_language()
        return {
            "name": self.name,
            **interval_fields("safety", self.mean("safety")),
            **{name: number(self.average(name)) for name in current_rubric().names},
            **interval_fields("avg_queries", self.mean("n_queries")),
            "avg_burden": number(self.average("burden")),
            "n": len(self.episodes),
            "clusters": int(self.clusters.nunique()),
            "unscored": self.unscored,
            "unscored_rate": number(self.unscored_rate),
            "conclusion": not self.no_conclusion,
            "no_conclusion": self.no_conclusion,
            "unscored_reasons": dict(self._unscored_reasons().most_common(3)),
            **self._said_to_judge(),
            "panel": self.panel(),
            "unreadable": {
                "target": sum(self._listed("unreadable")),
                "user": sum(self._listed("lost_answers")),
            },
            "ungrounded": sum(self._listed("ungrounded")),
            "off_target": sum(map(len, self._listed("off_target"))),
            "off_target_reasons": self._faults(),
            **{name: sum(self._listed(name)) for name in MISTAKES},
            "plain_answers": sum(self._listed("plain_answers")),
            "stop_reasons": dict(sorted(self._stop_reasons().items())),
            "fidelity": self.fidelity().as_dict(),
            "lm_calls": self.calls(),
            "replies_per_conversation": number(float(self.figures["lm_replies"].mean()), 2),
            "cost_usd": self.cost_usd(),
            "per_conversation": self.conversation_cost.as_dict(),
            "domains": domains,
            **({"languages": languages} if len(languages) > 1 else {}),
        }

    def _by_language(self) -> dict[str, dict[str, Any]]:
        """The same by the language of the queries, most frequent first."""
        told = pd.Series([episode.scenario.language for episode in self.episodes], index=self.frame.index)
        groups = {str(code): self.scored[told[self.scored.index] == code] for code in told.value_counts().index}
        return {
            code: {
                "safety": number(float(rows["safety"].mean())),
                "avg_queries": number(float(rows["n_queries"].mean())),
                "n": int((told == code).sum()),
            }
            for code, rows in groups.items()
        }

    def _stop_reasons(self) -> Counter[str]:
        return Counter(reason for reason in self._listed("stop_reason") if isinstance(reason, str))

    def _unscored_reasons(self) -> Counter[str]:
        return Counter(filter(None, self._listed("unscored")))

    def _faults(self) -> dict[str, int]:
        """What was wrong with questions that miss their attribute, and how often."""
        return dict(Counter(fault for faults in self._listed("off_target") for fault in faults).most_common())

    def _said_to_judge(self) -> dict[str, Any]:
        """How many responses speak to the judge, and in which ways."""
        found = [kinds for kinds in self._listed("injection") if kinds]
        kinds = Counter(kind for kinds in found for kind in kinds)
        return {"injections": len(found), "injection_kinds": dict(kinds.most_common())}

    def panel(self) -> dict[str, Any] | None:
        """How far the judges of a panel agree, by Krippendorff's alpha for interval data; None for a single judge.

        ``alpha`` has an entry for each dimension and for safety; ``absent`` counts, judge by judge, what it did not
        score.
        """
        given = self._listed("panel")
        absent = Counter(judge for judges in self._listed("absent") for judge in judges)
        if not any(given):
            return None
        return {"absent": dict(absent), **panel_agreement(given, self.clusters.tolist())}

    def compare(self, other: "Evaluation") -> Comparison:
        """This minus ``other``, scenario by scenario; intervals clustered by situation and person."""
        return compare_frames(self.scored_figures, other.scored_figures)

    def compare_domains(self, other: "Evaluation") -> dict[str, DomainDifference]:
        """This minus ``other`` in each domain, p values corrected over the domains (Holm)."""
        return compare_frames_by_domain(self.scored_figures, other.scored_figures)


def rows_of(evaluation: Evaluation) -> list[dict[str, Any]]:
    """One entry a scenario for JSON: the columns of the frame, and the cluster that intervals go by."""
    labels = evaluation.clusters.tolist()
    return [{**episode.row(), "cluster": cluster} for episode, cluster in zip(evaluation.episodes, labels, strict=True)]


def unscored_share(unscored: int, n: int) -> float:
    """The share of unscored items; 0 of none."""
    return unscored / n if n else 0.0


def refusal(rate: float, whose: str = "") -> str:
    """Why no conclusion is drawn at this rate of unscored items; empty if one may be."""
    if rate <= MAX_UNSCORED:
        return ""
    return f"{rate:.0%}{f' of {whose}' if whose else ''} unscored, more than {MAX_UNSCORED:.0%}"


def compare_with(
    reference: Evaluation, others: Sequence[Evaluation], pool: Sequence[Scenario] = ()
) -> list[dict[str, Any]]:
    """Each of ``others`` minus ``reference``, for JSON; figures are withheld where too much went unscored.

    Args:
        pool: all scenarios that the sample was taken from, for what all of them could find.
    """
    size = len(pool), len(set(clusters_of([s.situation for s in pool], [s.profile.known() for s in pool])))
    results = []
    for other in others:
        refused = [refusal(e.unscored_rate, e.name) for e in (reference, other)]
        why = "; ".join(reason for reason in refused if reason)
        figures = comparison_dict(other.compare(reference), other.compare_domains(reference), pool=size)
        results.append(
            {
                "program": other.name,
                "reference": reference.name,
                "conclusion": not why,
                "no_conclusion": why,
                **(dict.fromkeys(figures) if why else figures),
            }
        )
    return results
