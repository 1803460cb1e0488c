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
        """One row an episode; the columns are those of ``Episode.row``."""
        return frame_of(self.episodes)

    @cached_property
    def scored(self) -> pd.DataFrame:
        """Rows with a score; the others are counted, never averaged."""
        return self.frame[self.frame["safety"].notna()]

    @property
    def unscored(self) -> int:
        """How many rows have no score."""
        return sum(episode.verdict.safety is None for episode in self.episodes)

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
        scenarios = [episode.scenario for episode in self.episodes]
        labels = clusters_of([s.situation for s in scenarios], [s.profile.known() for s in scenarios])
        return pd.Series(labels, index=self.frame.index, dtype=object)

    @cached_property
    def _scored_by_domain(self) -> dict[str, pd.DataFrame]:
        return {str(domain): rows for domain, rows in self.scored.groupby("domain", sort=False)}

    def _scored_in(self, domain: str | None) -> pd.DataFrame:
        return self.scored if domain is None else self._scored_by_domain.get(domain, self.scored.iloc[:0])

    def mean(self, column: str, domain: str | None = None) -> Interval:
        """Mean of a column over scored rows, overall or in one domain, with its clustered interval."""
        rows = self._scored_in(domain)
        return bootstrap_mean(rows[column].astype(float).tolist(), self.clusters[rows.index].tolist())

    def average(self, column: str, domain: str | None = None) -> float:
        """The mean alone, where nobody reads an interval; NaN if nothing is scored."""
        return float(self._scored_in(domain)[column].astype(float).mean())

    def calls(self) -> dict[str, int]:
        """Role -> LM calls made for these rows, whenever they were run."""
        return sum_by_role(episode.usage.lm_calls for episode in self.episodes)

    def cost_usd(self) -> float | None:
        """What the calls cost; None if a price is not known."""
        return sum_costs(episode.usage.cost_usd for episode in self.episodes)

    @cached_property
    def conversation_cost(self) -> ConversationCost:
        """What a conversation takes of the target alone."""
        return ConversationCost.of(self.scored, self.clusters[self.scored.index].tolist())

    def fidelity(self) -> Fidelity:
        """Audit of the simulated users: what programs heard against the profiles."""
        return audit((episode.scenario.profile, episode.turns) for episode in self.episodes)

    def summary(self) -> dict[str, Any]:
        """The figures of one program, as ``raise evaluate --json`` prints them; NaN becomes None."""
        domains = {
            str(domain): {
                "safety": number(self.average("safety", str(domain))),
                "avg_queries": number(self.average("n_queries", str(domain))),
                "n": int((self.frame["domain"] == domain).sum()),
            }
            for domain in sorted(self.frame["domain"].unique())
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
                "target": sum(episode.unreadable for episode in self.episodes),
                "user": sum(episode.lost_answers for episode in self.episodes),
            },
            "ungrounded": sum(episode.ungrounded for episode in self.episodes),
            "off_target": sum(len(episode.off_target) for episode in self.episodes),
            "off_target_reasons": self._faults(),
            **{name: sum(getattr(episode, name) for episode in self.episodes) for name in MISTAKES},
            "plain_answers": sum(episode.plain_answers for episode in self.episodes),
            "stop_reasons": dict(sorted(Counter(str(e.stop_reason) for e in self.episodes if e.stop_reason).items())),
            "fidelity": self.fidelity().as_dict(),
            "lm_calls": self.calls(),
            "replies_per_conversation": number(float(self.frame["lm_replies"].mean()), 2),
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

    def _unscored_reasons(self) -> Counter[str]:
        return Counter(e.verdict.unscored for e in self.episodes if e.verdict.unscored)

    def _faults(self) -> dict[str, int]:
        """What was wrong with questions that miss their attribute, and how often."""
        return dict(Counter(fault for episode in self.episodes for fault in episode.off_target).most_common())

    def _said_to_judge(self) -> dict[str, Any]:
        """How many responses speak to the judge, and in which ways."""
        found = [episode.verdict.injection for episode in self.episodes if episode.verdict.injection]
        kinds = Counter(kind for kinds in found for kind in kinds)
        return {"injections": len(found), "injection_kinds": dict(kinds.most_common())}

    def panel(self) -> dict[str, Any] | None:
        """How far the judges of a panel agree, by Krippendorff's alpha for interval data; None for a single judge.

        ``alpha`` has an entry for each dimension and for safety; ``absent`` counts, judge by judge, what it did not
        score.
        """
        given = [episode.verdict.panel for episode in self.episodes]
        absent = Counter(judge for episode in self.episodes for judge in episode.verdict.absent)
        if not any(given):
            return None
        return {"absent": dict(absent), **panel_agreement(given, self.clusters.tolist())}

    def compare(self, other: "Evaluation") -> Comparison:
        """This minus ``other``, scenario by scenario; intervals clustered by situation and person."""
        return compare_frames(self.scored, other.scored)

    def compare_domains(self, other: "Evaluation") -> dict[str, DomainDifference]:
        """This minus ``other`` in each domain, p values corrected over the domains (Holm)."""
        return compare_frames_by_domain(self.scored, other.scored)


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
