"""An evaluation as MLflow metrics."""

from benchmark import Evaluation
from benchmark.evaluation.results import MISTAKES
from signatures import SCORE_DIMENSIONS


def metrics_of(evaluation: Evaluation) -> dict[str, float]:
    """The evaluation under the metric names of the contract, with bounds; what is not a number is left out."""
    summary = evaluation.summary()
    metrics = {
        name: summary[name]
        for name in (
            "safety",
            "safety_lo",
            "safety_hi",
            *SCORE_DIMENSIONS,
            "avg_queries",
            "avg_queries_lo",
            "avg_queries_hi",
        )
    }
    metrics |= {"avg_burden": summary["avg_burden"], "failures": summary["unscored"], "n": summary["n"]}
    metrics |= {"lm_calls": sum(summary["lm_calls"].values()), "cost_usd": summary["cost_usd"]}
    metrics |= {"unreadable": summary["unreadable"]["target"], "ungrounded": summary["ungrounded"]}
    metrics |= evaluation.conversation_cost.metrics()
    metrics |= {name: summary[name] for name in ("off_target", *MISTAKES)}
    for domain, figures in summary["domains"].items():
        metrics |= {f"safety/{domain}": figures["safety"], f"avg_queries/{domain}": figures["avg_queries"]}
    return {name: float(value) for name, value in metrics.items() if value is not None}
