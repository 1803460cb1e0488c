"""Recorded evaluations, read back from a program folder or from MLflow, to be compared without asking any model."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from benchmark.evaluation.results import refusal, unscored_share
from benchmark.statistics.comparison import (
    compare_pairs,
    compare_pairs_by_domain,
    comparison_dict,
    pair_recorded,
)
from benchmark.statistics.intervals import bootstrap_mean, interval_fields
from modules.folder import FRONT
from modules.versions import former_versions
from optimizers.tracking.address import tracking_uri
from optimizers.tracking.episodes import CLUSTER
from optimizers.tracking.record import RUNS, Table, read_record
from optimizers.tracking.runs import EPISODES
from optimizers.tracking.store import opening
from signatures import RaiseError
from signatures.masking import masked

VERSIONS = ".versions"
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_MODEL = re.compile(r"models:/(?:(?P<id>m-[\w-]+)|(?P<name>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>.+)))")
NEEDED = frozenset({"scenario_id", "domain", "safety", "n_queries", "unscored", CLUSTER})
"""Columns of the recorded table that a comparison rests on."""


@dataclass(frozen=True)
class RecordedEvaluation:
    """One evaluation as it was recorded.

    Attributes:
        name: what it was asked for by.
        params: of its run.
        rows: one a scenario, with the columns of ``optimizers.tracking.episodes``.
        simulated: whether a stand-in had part in it.
    """

    name: str
    params: Mapping[str, str]
    rows: pd.DataFrame
    simulated: bool

    @cached_property
    def scored(self) -> pd.DataFrame:
        """Rows with a score."""
        return self.rows[self.rows["safety"].notna()]

    @property
    def no_conclusion(self) -> str:
        """Why nothing may be concluded from it; empty if something may."""
        unscored = len(self.rows) - len(self.scored)
        return refusal(unscored_share(unscored, len(self.rows)), self.name)

    def summary(self) -> dict[str, Any]:
        """What it is of, and its means with intervals, for JSON; NaN becomes None."""
        clusters = self.scored[CLUSTER].tolist()
        safety, queries = (
            bootstrap_mean(self.scored[name].astype(float).tolist(), clusters) for name in ("safety", "n_queries")
        )
        return {
            "name": self.name,
            **{name: self.params.get(name, "") for name in ("program", "target", "judge", "data_hash")},
            **interval_fields("safety", safety),
            **interval_fields("avg_queries", queries),
            "n": len(self.rows),
            "unscored": len(self.rows) - len(self.scored),
        }


def read_evaluations(reference: str, root: Path) -> list[RecordedEvaluation]:
    """The recorded evaluations that ``reference`` names.

    Args:
        reference: a program folder, one of the programs in its ``front/``, the folder of its former versions (all of
            them), an MLflow run id, or ``models:/...``.
        root: folder of the local MLflow store.

    Raises:
        RaiseError: if there is none that can be read.
    """
    if reference.startswith("models:/") or (_RUN_ID.fullmatch(reference) and not Path(reference).exists()):
        return [_from_mlflow(reference, root)]
    folder = Path(reference)
    if folder.name.endswith(VERSIONS):
        program = folder.with_name(folder.name.removesuffix(VERSIONS))
        if not (places := former_versions(program)):
            raise RaiseError(f"{reference} holds no former versions.")
        return [_from_folder(str(place), place) for place in places]
    return [_from_folder(reference, folder)]


def _from_folder(name: str, folder: Path) -> RecordedEvaluation:
    """The test of a program folder's chosen program, or of one of its front."""
    home, member = (folder.parents[1], folder.name) if folder.parent.name == FRONT else (folder, "")
    try:
        record = read_record(home)
        child = record.child(member or record.chosen)
    except (OSError, ValueError, StopIteration) as error:
        raise RaiseError(
            f"{name} is neither a folder with recorded figures ({RUNS}) nor an MLflow run id nor models:/...: raise "
            "compile and raise evaluate record some."
        ) from error
    return _recorded(name, child.params, child.episodes, record.simulated)


def _recorded(name: str, params: Mapping[str, str], episodes: Table | None, simulated: bool) -> RecordedEvaluation:
    if episodes is None or not set(episodes.columns) >= NEEDED:
        raise RaiseError(f"{name} has no table of episodes that can be compared: an earlier version recorded it.")
    return RecordedEvaluation(
        name, params, pd.DataFrame(list(episodes.data), columns=list(episodes.columns)), simulated
    )


def _from_mlflow(reference: str, root: Path) -> RecordedEvaluation:
    uri = tracking_uri(root)
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        raise RaiseError(f"{reference}: there are no runs in {root} yet.")
    with opening(uri):
        client = MlflowClient(uri, uri)
    try:
        run = _find_run(client, reference)
        with TemporaryDirectory() as scratch:
            file = Path(client.download_artifacts(run.info.run_id, EPISODES, scratch))
            episodes = Table.model_validate_json(file.read_text(encoding="utf-8"))
    except (MlflowException, OSError, ValueError) as error:
        raise RaiseError(
            f"{masked(uri)} has no recorded evaluation {reference}: name the id of a run with a table {EPISODES}, or a "
            "model of raise compile."
        ) from error
    program, simulated = run.data.params.get("program", "run"), run.data.tags.get("simulated") == "true"
    name = reference if reference.startswith("models:/") else f"{program} ({reference[:8]})"
    return _recorded(name, run.data.params, episodes, simulated)


def _find_run(client: MlflowClient, reference: str) -> Run:
    """The run with the table of episodes: ``reference`` itself, or the test of a model, or of a compile's choice.

    Raises:
        MlflowException, ValueError: if there is none.
    """
    if not reference.startswith("models:/"):
        return _tested(client, client.get_run(reference))
    if not (named := _MODEL.fullmatch(reference)):
        raise ValueError(reference)
    model, run = named["id"], None
    if not model:
        version = (
            client.get_model_version(named["name"], named["version"])
            if named["version"]
            else client.get_model_version_by_alias(named["name"], named["alias"])
        )
        model, run = version.model_id, version.run_id
    logged = client.get_logged_model(model) if model else None
    run = logged.source_run_id if logged else run
    return _tested(client, client.get_run(str(run)), (logged.params or {}).get("program", "") if logged else "")


def _tested(client: MlflowClient, run: Run, program: str = "") -> Run:
    """The test of ``program`` in a compile; by default of the chosen one. Any other run stands for itself."""
    if run.data.tags.get("stage") != "compile":
        return run
    wanted = f"params.program = '{program}'" if program else "tags.kind = 'chosen'"
    query = f"tags.`mlflow.parentRunId` = '{run.info.run_id}' AND tags.stage = 'test' AND {wanted}"
    found: Sequence[Run] = client.search_runs([run.info.experiment_id], query)
    if not found:
        raise ValueError(f"{run.info.run_id} has no test of {program or 'a chosen program'}")
    return found[0]


def doubts_about(evaluations: Sequence[RecordedEvaluation]) -> list[str]:
    """What makes a comparison questionable: other data, or other samples of it."""
    told = []
    if len({entry.params.get("data_hash") for entry in evaluations}) > 1:
        told.append(
            "the scenario sets have other hashes; rows are paired by scenario id, which another set may use for "
            "another scenario."
        )
    if len({frozenset(entry.rows["scenario_id"]) for entry in evaluations}) > 1:
        told.append("not all were evaluated on the same scenarios; only those in common are compared.")
    return told


def compare_recorded(reference: RecordedEvaluation, others: Sequence[RecordedEvaluation]) -> list[dict[str, Any]]:
    """Each of ``others`` minus ``reference``, in the form of ``benchmark.evaluation.results.compare_with``.

    Raises:
        RaiseError: if judges differ, or if there is no scenario that both scored.
    """
    for one, other in combinations((reference, *others), 2):
        mine, its = one.params.get("judge"), other.params.get("judge")
        if mine != its:
            raise RaiseError(
                f"{one.name} was judged by {mine} and {other.name} by {its}: scores of different judges cannot be "
                "compared; evaluate both with the same --judge."
            )
    return [_compare(reference, other) for other in others]


def _compare(reference: RecordedEvaluation, other: RecordedEvaluation) -> dict[str, Any]:
    pairs = pair_recorded(other.scored, reference.scored)
    if pairs.empty:
        raise RaiseError(f"{other.name} and {reference.name} have no scored scenario in common.")
    why = "; ".join(filter(None, (reference.no_conclusion, other.no_conclusion)))
    figures = comparison_dict(compare_pairs(pairs), compare_pairs_by_domain(pairs))
    return {
        "program": other.name,
        "reference": reference.name,
        "conclusion": not why,
        "no_conclusion": why,
        **(dict.fromkeys(figures) if why else figures),
    }
