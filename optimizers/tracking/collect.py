"""A finished compile as runs: the parent, a child for each trial (dev) and for each evaluated program (test)."""

from collections.abc import Mapping
from typing import Any

from lms.roles import slug_of
from optimizers.compiled import Compiled
from optimizers.tracking.episodes import conversations_of, episodes_of
from optimizers.tracking.metrics import metrics_of
from optimizers.tracking.record import RunRecord, TrackingRecord, as_params

SHARED = ("target", "judge", "optimizer", "seed", "data_hash", "abstention")
"""Params of the parent that every child has, too."""


def record_of(compiled: Compiled, figures: Mapping[str, Any]) -> TrackingRecord:
    """All that MLflow is to know of a compile.

    Args:
        figures: as in ``result.json``.
    """
    front = {candidate.name: candidate for candidate in compiled.search.front}
    chosen = compiled.search.front[compiled.chosen]
    shared = {key: compiled.params[key] for key in SHARED}
    logged = compiled.logged
    trials = [
        RunRecord(
            key=f"dev/{trial.name}",
            name=trial.name,
            stage="dev",
            params=as_params({**shared, **trial.params}),
            metrics=metrics_of(trial.dev),
            tags={**compiled.tags, "pareto": str(trial.name in front).lower()},
        )
        for trial in compiled.search.trials
    ]
    tests = [
        RunRecord(
            key=f"test/{name}",
            name=f"{name} on test",
            stage="test",
            params=as_params({**shared, "program": name, **(front[name].params if name in front else {})}),
            metrics=metrics_of(evaluation),
            tags={**compiled.tags, "pareto": str(name in front).lower(), "chosen": str(name == chosen.name).lower()},
            episodes=episodes_of(evaluation, logged),
            conversations=conversations_of(evaluation, logged, int(compiled.params["seed"])),
        )
        for name, evaluation in compiled.tests.items()
    ]
    parent = RunRecord(
        key="compile",
        name=str(compiled.params["target"]),
        stage="compile",
        params=as_params(compiled.params),
        metrics={
            **metrics_of(compiled.tests[chosen.name]),
            "hypervolume": float(figures["hypervolume"] or 0.0),
        },
        tags=dict(compiled.tags),
    )
    return TrackingRecord(
        data=compiled.data.card(),
        target=str(compiled.params["target"]),
        simulated=compiled.models.simulated(),
        parent=parent,
        children=(*trials, *tests),
        program=f"raise-{slug_of(str(compiled.params['target']))}",
        chosen=chosen.name,
        front=tuple(front),
    )
