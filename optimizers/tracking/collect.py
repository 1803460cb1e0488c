"""A finished compile as runs: the parent, a child for each trial (dev) and for each evaluated program (test)."""

from collections.abc import Mapping
from typing import Any

from benchmark import Evaluation, judge_of
from lms.roles import slug_of
from optimizers.compiled import Compiled
from optimizers.pareto.search_space import TUNED
from optimizers.task import Candidate
from optimizers.tracking.calls import CallsRecord, calls_of
from optimizers.tracking.conversations import sample_conversations, shown
from optimizers.tracking.episodes import episodes_of
from optimizers.tracking.metrics import gain_metrics, learning_curve, metrics_of
from optimizers.tracking.names import CEILING, Kind, kind_tags, run_name
from optimizers.tracking.notes import compile_note, program_note
from optimizers.tracking.params import Beginnings, changed_instructions, program_params
from optimizers.tracking.record import RunRecord, Stage, TrackingRecord, as_params

SHARED = ("target", "judge", "optimizer", "seed", "data_hash")
"""Params of the parent that every child has, too."""


def record_of(
    compiled: Compiled, figures: Mapping[str, Any], machine: Mapping[str, Any], usage: Mapping[str, float]
) -> TrackingRecord:
    """All that MLflow is to know of a compile.

    Args:
        figures: as in ``result.json``.
        machine: versions and git commit, from ``benchmark.jobs.environment``.
        usage: what this process took.
    """
    search, target = compiled.search, str(compiled.params["target"])
    beginnings = Beginnings.of([candidate.program for candidate in (*search.trials, *search.front)])
    front = {candidate.name: candidate for candidate in search.front}
    chosen = search.front[compiled.chosen].name
    commit = {"mlflow.source.git.commit": str(machine["git_commit"])} if machine["git_commit"] else {}
    common = {key: value for key, value in compiled.tags.items() if key != "stage"}
    tags = {**common, "mlflow.source.name": "raise compile", "mlflow.source.type": "LOCAL", **commit}
    shared = {key: compiled.params[key] for key in SHARED}
    logged, seed = compiled.logged, int(compiled.params["seed"])
    simulated, judge = compiled.models.simulated(), judge_of(compiled.models)

    def child(stage: Stage, name: str, kind: Kind, evaluation: Evaluation, candidate: Candidate | None) -> RunRecord:
        """A trial or a tested program; ``candidate`` is None for a baseline."""
        told = sample_conversations(evaluation.episodes, logged.traces, seed) if stage == "test" else ()
        params = program_params(candidate.program, candidate.params, beginnings) if candidate else {}
        if name == "raise":
            params = {key: compiled.params[key] for key in TUNED}
        return RunRecord(
            key=f"{stage}/{name}",
            name=run_name(target, name, stage),
            stage=stage,
            params=as_params({**params, **shared, "program": name}),
            metrics=metrics_of(evaluation),
            tags={**tags, **kind_tags(kind), "pareto": str(name in front).lower()},
            note=program_note(changed_instructions(candidate.program), simulated=simulated) if candidate else "",
            episodes=episodes_of(evaluation, logged) if stage == "test" else None,
            conversations=tuple(shown(one, logged) for one in told),
            calls=calls_of(told, compiled.programs[name], compiled.models, judge, logged) if told else CallsRecord(),
        )

    def kind_of(name: str, other: Kind) -> Kind:
        return "chosen" if name == chosen else "front" if name in front else other

    trials = [child("dev", trial.name, kind_of(trial.name, "trial"), trial.dev, trial) for trial in search.trials]
    tests = [
        child("test", name, kind_of(name, "ceiling" if name == CEILING else "baseline"), evaluation, front.get(name))
        for name, evaluation in compiled.tests.items()
    ]
    parent = RunRecord(
        key="compile",
        name=run_name(target, str(compiled.params["optimizer"]), "compile"),
        stage="compile",
        params=as_params(compiled.params),
        metrics={**metrics_of(compiled.tests[chosen]), **_compile_metrics(figures), **_system_metrics(usage)},
        curves={"hypervolume_dev": learning_curve(search.trials)},
        tags={**tags, **kind_tags("compile"), **_versions(machine)},
        note=compile_note(figures, compiled.data.card()),
    )
    return TrackingRecord(
        data=compiled.data.card(),
        target=target,
        simulated=simulated,
        parent=parent,
        children=(*trials, *tests),
        program=f"raise-{slug_of(target)}",
        chosen=chosen,
        front=tuple(front),
        contents=logged.contents,
    )


def _compile_metrics(figures: Mapping[str, Any]) -> dict[str, float]:
    """What the compile as a whole took and gained."""
    took = {f"lm_calls/{role}": float(count) for role, count in figures["lm_calls"].items()}
    return {
        **took,
        "lm_calls": sum(took.values()),
        **({"cost_usd": float(figures["cost_usd"])} if figures["cost_usd"] is not None else {}),
        "search_replies": float(figures["search_replies"]),
        "reused_replies": float(figures["reused_replies"]),
        "trials": float(figures["trials"]),
        "hypervolume": float(figures["hypervolume"] or 0.0),
        **gain_metrics(figures["gain"]["compiled minus uncompiled"]),
    }


def _system_metrics(usage: Mapping[str, float]) -> dict[str, float]:
    """Under names that MLflow shows as system metrics."""
    return {f"system/{name}": value for name, value in usage.items()}


def _versions(machine: Mapping[str, Any]) -> dict[str, str]:
    """Of Python and the packages that matter, as tags."""
    packages = {"python": machine["python"], **machine["packages"]}
    return {f"version.{name}": str(version) for name, version in packages.items() if version}
