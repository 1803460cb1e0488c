"""Reads logs that inspect_ai wrote of the task ``penguin``, as evaluations that can be paired with ours."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.scenarios.tables import short
from optimizers.tracking.episodes import CLUSTER
from optimizers.tracking.recorded import RecordedEvaluation
from signatures import RaiseError, current_rubric

SCORER, TALK = "penguin_judge", "penguin"
"""Names that ``benchmark.inspect.extension`` gives to the scores and to the account of a conversation."""
ENDINGS = (".eval", ".json")


def is_log(name: str) -> bool:
    """Whether ``name`` looks like a log file of inspect_ai."""
    return Path(name).suffix in ENDINGS and Path(name).is_file()


def read_log(file: Path) -> RecordedEvaluation:
    """One evaluation out of a log.

    Raises:
        RaiseError: if the file is no such log, the log is of another task, or inspect_ai is not installed.
    """
    log = _load(file)
    rows = [_row(sample) for sample in log.samples or [] if SCORER in (sample.scores or {})]
    if not rows:
        raise RaiseError(f"{file} holds no sample that the task penguin has scored; its task is {log.eval.task}.")
    told = log.eval.metadata or {}
    judges = sorted({row.pop("judge") for row in rows})
    target = str(log.eval.model)
    params = {
        "program": str(told.get("program", log.eval.task)),
        "target": target,
        "judge": " + ".join(judges),
        "data_hash": str(told.get("data", {}).get("hash", "")),
    }
    simulated = any(model.startswith("sim/") for model in (target, *judges))
    return RecordedEvaluation(str(file), params, pd.DataFrame(rows), simulated)


def _load(file: Path) -> Any:
    if not file.is_file():
        raise RaiseError(f"there is no log {file}: name a file that inspect_ai wrote (logs/*.eval).")
    try:
        from inspect_ai.log import read_eval_log  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise RaiseError("logs of inspect_ai need an extra: pip install 'raise-penguin[inspect]'.") from error
    try:
        return read_eval_log(str(file))
    except Exception as error:  # whatever its reader raises, the person needs one sentence
        raise RaiseError(f"{file} is no log of inspect_ai that can be read: {short(error)}.") from error


def _row(sample: Any) -> dict[str, Any]:
    """A sample as a row of ``optimizers.tracking.episodes``; repeats of a scenario (epochs) are further rows."""
    score, told = sample.scores[SCORER], sample.store.get(TALK, {})
    scored = isinstance(score.value, dict) and not any(math.isnan(float(value)) for value in score.value.values())
    figures = score.value if scored else dict.fromkeys(("safety", *current_rubric().names))
    scenario = sample.metadata["scenario"]
    return {
        "scenario_id": scenario["id"],
        "domain": scenario["domain"],
        "situation": scenario["situation"],
        "query": scenario["query"],
        "response": sample.output.completion,
        **figures,
        "n_queries": float(told.get("n_queries", 0)),
        "asked": told.get("asked", []),
        "stop_reason": told.get("stop_reason"),
        "unscored": "" if scored else str(score.explanation or score.reason or "no score"),
        CLUSTER: sample.metadata["cluster"],
        "judge": str((score.metadata or {}).get("judge", "")),
    }
