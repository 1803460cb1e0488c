"""What a reproduction found, experiment by experiment: tables, how they compare, what failed, what a rerun needs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from benchmark.evaluation.runner import ROLES
from benchmark.jobs.environment import environment
from benchmark.published import published
from benchmark.reproduce.conditions import STUDIES
from benchmark.reproduce.context import COSTS, replies_of
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.measuring import Measured
from benchmark.reproduce.searching import EFFORT
from benchmark.reproduce.settings import ReproduceSettings
from benchmark.reproduce.table import widest
from benchmark.scenarios.scenario import ScenarioSet
from benchmark.statistics.intervals import number
from lms import Role, RoleSettings, is_simulated
from lms.ledger import sum_by_role, sum_costs

SCHEMA = 1


@dataclass(frozen=True)
class MeasuredFigure:
    """One experiment's table, and how it compares with the paper's.

    Attributes:
        experiment: which.
        frame: the table.
        half_width: of the widest interval among the cells that the sample is chosen for; None if there is none.
        users: scenarios of each model, fewest and most.
    """

    experiment: PaperFigure
    frame: pd.DataFrame
    half_width: float | None
    users: tuple[int, int]

    def as_dict(self) -> dict[str, Any]:
        """In figures: cells, those with a published counterpart, how far off these are, how many intervals hold it."""
        compared = self.frame[self.frame["deviation"].notna()]
        inside = (compared["lo"] <= compared["published"]) & (compared["published"] <= compared["hi"])
        plain = compared[~compared.map(lambda entry: isinstance(entry, str) and "%" in entry).any(axis=1)]
        off = plain["deviation"].astype(float).abs().mean()
        return {
            "name": self.experiment.name,
            "cells": len(self.frame),
            "compared": len(compared),
            "mean_deviation": number(float(off), 3),
            "inside": int(inside.sum()),
            "half_width": self.half_width,
            "users": list(self.users),
            "unscored": int(self.frame["unscored"].sum()),
        }


@dataclass(frozen=True)
class Reproduction:
    """Everything that a report tells.

    Attributes:
        settings, data: what was asked for.
        targets: roles of each target.
        measured: of each target.
    """

    settings: ReproduceSettings
    data: ScenarioSet
    targets: Sequence[Mapping[Role, RoleSettings]]
    measured: Sequence[Measured]

    @property
    def simulated(self) -> bool:
        """Whether a stand-in had part in any figure."""
        return any(one.simulated for one in self.measured)

    @property
    def scored(self) -> bool:
        """Whether every experiment has at least one figure."""
        return all(outcome.frame["value"].notna().any() for outcome in self.outcomes)

    def stand_ins(self) -> list[str]:
        """The simulated models that took part."""
        models = [roles[role].model for roles in self.targets for role in ROLES]
        return list(dict.fromkeys(model for model in models if is_simulated(model)))

    @cached_property
    def rows(self) -> dict[str, pd.DataFrame]:
        """Study -> rows of all targets, without those that only count effort."""
        return {study: rows[~rows["condition"].str.startswith(EFFORT)] for study, rows in self._all.items()}

    @cached_property
    def _all(self) -> dict[str, pd.DataFrame]:
        studies = dict.fromkeys(study for one in self.measured for study in one.rows)
        return {study: pd.concat([one.rows[study] for one in self.measured], ignore_index=True) for study in studies}

    @cached_property
    def outcomes(self) -> list[MeasuredFigure]:
        """One for each experiment."""
        return [self._outcome(experiment) for experiment in self.settings.experiments()]

    def _outcome(self, experiment: PaperFigure) -> MeasuredFigure:
        rows = self.rows[experiment.study]
        keys = list(experiment.cells) if STUDIES[experiment.study].spread else ["target", *experiment.cells]
        users = rows.groupby("target")["scenario_id"].nunique()
        width = number(widest(rows, keys, experiment.column), 3) if len(rows) else None
        narrow = None if width == float("inf") else width
        return MeasuredFigure(experiment, experiment.frame(rows), narrow, (int(users.min()), int(users.max())))

    def failures(self) -> pd.DataFrame:
        """One row for each scenario and condition without a score: target, study, condition, scenario_id, reason."""
        parts = [rows[rows["unscored"].astype(bool)].assign(study=study) for study, rows in self.rows.items()]
        columns = ["target", "study", "condition", "scenario_id", "unscored"]
        found = pd.concat(parts, ignore_index=True)[columns].rename(columns={"unscored": "reason"})
        return found.sort_values(["target", "study", "condition", "scenario_id"], ignore_index=True)

    def costs(self) -> pd.DataFrame:
        """What a conversation takes of the target, by target, study and condition: means of those that tell."""
        parts = [rows.assign(study=study) for study, rows in self.rows.items()]
        told = pd.concat(parts, ignore_index=True).astype(dict.fromkeys(COSTS, float))
        return told.groupby(["target", "study", "condition"])[list(COSTS)].mean().round(8).reset_index()

    def replies(self) -> dict[str, int]:
        """Role -> LM replies that conversations and searches rest on; one that several use counts for each."""
        return sum_by_role(replies_of(rows) for rows in self._all.values())

    def card(self) -> dict[str, Any]:
        """All that a rerun needs; the same for an interrupted run and an undisturbed one."""
        settings = self.settings
        return {
            "schema": SCHEMA,
            "simulated": self.simulated,
            "paper": published()["source"],
            "data": {**self.data.card(), "measured_on": "dev and test", "paths_from": "train"},
            "targets": [{role.value: roles[role].described() for role in ROLES} for roles in self.targets],
            "seed": settings.seed,
            "settings": {
                "only": list(settings.only),
                "sample": str(settings.sampling),
                "precision": settings.precision,
                "plan": asdict(settings.plan),
                "rollouts": list(settings.rollouts),
            },
            "users": {
                study: {str(target): int(part["scenario_id"].nunique()) for target, part in rows.groupby("target")}
                for study, rows in self.rows.items()
            },
            "lm_replies": self.replies(),
            "rollouts_planned": {one.target: one.rollouts for one in self.measured},
            "unscored": len(self.failures()),
            "experiments": [outcome.as_dict() for outcome in self.outcomes],
            "environment": environment(),
        }

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: the comparison in figures, and what it has cost."""
        return {
            "simulated": self.simulated,
            "data": self.data.card(),
            "targets": [one.target for one in self.measured],
            "experiments": [outcome.as_dict() for outcome in self.outcomes],
            "unscored": len(self.failures()),
            "lm_replies": self.replies(),
            "lm_calls": sum_by_role(one.lm_calls for one in self.measured),
            "cost_usd": sum_costs(one.cost_usd for one in self.measured),
        }
