"""One target's bench: its models, the scenarios held out for it, and the rows that its evaluations leave."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import dspy
import pandas as pd

from benchmark.evaluation.cost import MEANS
from benchmark.evaluation.runner import evaluate
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from benchmark.judging.judge import Judge
from benchmark.planning.planning import PlanSettings, plan
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample
from benchmark.statistics.intervals import clusters_of
from lms import LanguageModels, Role
from lms.ledger import sum_by_role
from modules import PartialContext, PathIndex
from signatures import SCORE_DIMENSIONS, RaiseError

COSTS = (*(f"target_{name}" for name in MEANS), "target_usd")
"""What a conversation takes of the target."""
KEPT = ("scenario_id", "domain", "cluster", "safety", *SCORE_DIMENSIONS, "n_queries", "unscored", "replies", *COSTS)
"""What tables need of an episode."""
AGAIN = 1000
"""The rollout of answers from attributes that other rollouts have chosen; no search draws one subset so often."""
Choice = tuple[str, ...] | str
"""Attributes to answer from, or why there are none."""


@dataclass(frozen=True)
class TargetContext:
    """What the studies of one target share.

    Attributes:
        models: target, judge and user.
        train: where paths are planned.
        held_out: what is measured; no situation of it is in ``train``.
        store: finished episodes and searches.
        seed: of samples, paths and searches.
        place: number of this target among the ``targets`` of the run.
        plan: how paths for RAISE are planned.
        rollouts: budgets of the tree searches.
        concurrency: episodes at once.
        progress: told how far a stage has come.
    """

    models: LanguageModels
    train: Sequence[Scenario]
    held_out: Sequence[Scenario]
    store: Journal
    seed: int
    place: int
    targets: int
    plan: PlanSettings
    rollouts: tuple[int, ...]
    concurrency: int
    progress: OnProgress

    @cached_property
    def judge(self) -> Judge:
        """The judge, one for all studies."""
        return Judge(self.models[Role.JUDGE])

    @cached_property
    def paths(self) -> PathIndex | RaiseError:
        """Paths planned for train queries, or why there are none; planned when first asked for."""
        try:
            return plan(
                self.train,
                self.plan,
                models=self.models,
                seed=self.seed,
                concurrency=self.concurrency,
                progress=self.progress,
                journal=self.store,
            ).paths
        except RaiseError as error:
            return error

    @property
    def rollouts_planned(self) -> int:
        """Evaluations that the paths for RAISE rest on; 0 if nobody has asked for paths."""
        paths = vars(self).get("paths")
        return sum(path.evaluations for path in paths.paths) if isinstance(paths, PathIndex) else 0

    def draw(self, n: int, *, spread: bool) -> list[Scenario]:
        """``n`` held-out scenarios; a larger n has those of a smaller one in it.

        Args:
            spread: every target gets scenarios of its own, for studies whose figure is a mean over targets.
        """
        return sample(self.held_out, n, seed=self.seed + (1 + self.place if spread else 0))

    def measure(self, condition: str, program: dspy.Module, scenarios: Sequence[Scenario]) -> pd.DataFrame:
        """One row a scenario: ``KEPT`` and the condition; what could not be scored has a reason instead of scores."""
        done = evaluate(
            program,
            scenarios,
            models=self.models,
            name=condition,
            judge=self.judge,
            store=self.store,
            concurrency=self.concurrency,
            progress=lambda report: self.progress(replace(report, stage=condition)),
        )
        return (
            done.frame.assign(cluster=self._clusters_of(scenarios))
            .reindex(columns=list(KEPT))
            .assign(condition=condition)
        )

    @cached_property
    def _clusters(self) -> dict[str, str]:
        """Scenario id -> cluster, over all that is held out, so that every sample has the same."""
        labels = clusters_of([s.situation for s in self.held_out], [s.profile.known() for s in self.held_out])
        return dict(zip((s.id for s in self.held_out), labels, strict=True))

    def _clusters_of(self, scenarios: Sequence[Scenario]) -> list[str]:
        return [self._clusters[scenario.id] for scenario in scenarios]

    def without_score(self, condition: str, scenarios: Sequence[Scenario], reason: str) -> pd.DataFrame:
        """Rows of scenarios for which nothing could be run."""
        rows = pd.DataFrame({"scenario_id": [s.id for s in scenarios], "domain": [s.domain for s in scenarios]})
        rows = rows.assign(
            cluster=self._clusters_of(scenarios),
            unscored=reason,
            replies=pd.Series([{}] * len(scenarios), dtype=object),
        )
        return rows.reindex(columns=list(KEPT)).assign(condition=condition)

    def answer(
        self, condition: str, choices: Mapping[str, Choice], scenarios: Sequence[Scenario], *, again: int = AGAIN
    ) -> pd.DataFrame:
        """Answers from the attributes chosen for each scenario, as ``measure`` gives them.

        Args:
            choices: scenario id -> attributes, or the reason why nothing could be chosen.
            again: sample of the answer, other than those that were chosen by.
        """
        groups: dict[Choice, list[Scenario]] = defaultdict(list)
        for scenario in scenarios:
            choice = choices[scenario.id]
            groups[choice if isinstance(choice, str) else tuple(sorted(choice))].append(scenario)
        quiet = replace(self, progress=ignore_progress)
        parts, done = [], 0
        for choice, group in groups.items():
            if isinstance(choice, str):
                parts.append(self.without_score(condition, group, choice))
            else:
                parts.append(quiet.measure(condition, PartialContext(choice, again), group))
            done += len(group)
            self.progress(Progress(condition, done, len(scenarios)))
        order = {scenario.id: i for i, scenario in enumerate(scenarios)}
        return pd.concat(parts).sort_values("scenario_id", key=lambda ids: ids.map(order), ignore_index=True)


def replies_of(rows: pd.DataFrame) -> dict[str, int]:
    """Role -> LM replies that ``rows`` rest on; a reply that several rows use counts for each."""
    return sum_by_role(rows["replies"])
