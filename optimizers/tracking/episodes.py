"""The episodes of an evaluation as it is recorded: a table with a row each.

The table is what ``raise compare`` reads: it says which rows belong together (``cluster``), as the evaluation's own
intervals have it.
"""

from collections import Counter
from typing import Any

from benchmark import Evaluation
from optimizers.tracking.conversations import REDACTED, Logged, is_private, kind_of
from optimizers.tracking.record import Table
from signatures import current_rubric

CONVERSATION = ("scenario_id", "domain", "situation", "query", "response", "safety")
OUTCOME = ("n_queries", "asked", "stop_reason", "unscored")
"""Columns before and after the dimensions of the rubric."""
CLUSTER = "cluster"


def episodes_of(evaluation: Evaluation, logged: Logged) -> Table:
    """One row a scenario; what real people said is left out unless that is allowed."""
    wanted = [*CONVERSATION, *current_rubric().names, *OUTCOME]
    frame = evaluation.frame[wanted].assign(**{CLUSTER: evaluation.clusters})
    columns = tuple(frame.columns)
    rows = frame.to_dict(orient="split", index=False)["data"]
    hidden = [is_private(episode.scenario) and not logged.contents for episode in evaluation.episodes]
    return Table(
        columns=columns,
        data=tuple(
            tuple(_redacted_row(dict(zip(columns, row, strict=True))).values() if hide else row)
            for row, hide in zip(rows, hidden, strict=True)
        ),
    )


def summary_of(evaluation: Evaluation, logged: Logged) -> dict[str, Any]:
    """``Evaluation.summary``; reasons that may quote what real people said are cut unless that is allowed."""
    summary = evaluation.summary()
    if logged.contents or not any(is_private(episode.scenario) for episode in evaluation.episodes):
        return summary
    reasons: Counter[str] = Counter()
    for reason, count in summary["unscored_reasons"].items():
        reasons[kind_of(reason)] += count
    return {**summary, "unscored_reasons": dict(reasons)}


def _redacted_row(row: dict[str, Any]) -> dict[str, Any]:
    response = None if row["response"] is None else REDACTED
    return {**row, "query": REDACTED, "response": response, "unscored": kind_of(row["unscored"])}
