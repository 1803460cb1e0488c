"""Evaluations and searches as MLflow metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark import Evaluation
from benchmark.evaluation.results import MISTAKES
from optimizers.front import Point, hypervolume
from optimizers.task import Candidate
from signatures import current_rubric


def metrics_of(evaluation: Evaluation) -> dict[str, float]:
    """The evaluation under the metric names of the contract, with bounds; what is not a number is left out."""
    summary = evaluation.summary()
    metrics = {
        name: summary[name]
        for name in (
            "safety",
            "safety_lo",
            "safety_hi",
            *current_rubric().names,
            "avg_queries",
            "avg_queries_lo",
            "avg_queries_hi",
        )
    }
    metrics |= {"avg_burden": summary["avg_burden"], "failures": summary["unscored"], "n": summary["n"]}
    metrics |= {"lm_calls": sum(summary["lm_calls"].values()), "cost_usd": summary["cost_usd"]}
    metrics |= {"unreadable": summary["unreadable"]["target"], "ungrounded": summary["ungrounded"]}
    metrics |= {f"lm_calls/{role}": count for role, count in summary["lm_calls"].items()}
    metrics |= _cost_metrics(evaluation)
    metrics |= {name: summary[name] for name in ("off_target", *MISTAKES)}
    for domain, figures in summary["domains"].items():
        metrics |= {f"safety/{domain}": figures["safety"], f"avg_queries/{domain}": figures["avg_queries"]}
    return {name: float(value) for name, value in metrics.items() if value is not None}


def _cost_metrics(evaluation: Evaluation) -> dict[str, float]:
    """What a conversation takes of the target, on average."""
    metrics = evaluation.conversation_cost.metrics()
    sent, received = metrics.get("target_input_tokens"), metrics.get("target_output_tokens")
    return metrics if sent is None or received is None else {**metrics, "target_tokens": sent + received}


def gain_metrics(gain: Mapping[str, Any]) -> dict[str, float]:
    """What compiling gained, on held-out test, paired.

    Args:
        gain: the entry of ``result.json``: ``safety`` and ``avg_queries``, each with ``mean``, ``lo`` and ``hi``.
    """
    values = {
        f"{name}_gain{end}": gain[name][key]
        for name in ("safety", "avg_queries")
        for key, end in (("mean", ""), ("lo", "_lo"), ("hi", "_hi"))
    }
    return {name: float(value) for name, value in values.items() if value is not None}


def learning_curve(trials: Sequence[Candidate]) -> tuple[float, ...]:
    """Hypervolume on dev after each trial.

    Only trials measured on all scenarios that the first one was measured on count; others leave the curve where it is.
    """
    curve: list[float] = []
    points: list[Point] = []
    for trial in trials:
        if _measured_on(trial) == _measured_on(trials[0]):
            points.append(trial.point)
        curve.append(hypervolume(points))
    return tuple(curve)


def _measured_on(trial: Candidate) -> set[str]:
    return {episode.scenario.id for episode in trial.dev.episodes}
