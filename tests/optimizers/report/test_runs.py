"""A report can be had of an MLflow run: from the folder that is the run's, else from the run's artifact."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from optimizers import TargetResult, tracking_uri
from optimizers.report.source import read_program
from optimizers.tracking.programs import list_programs, program_of_run
from signatures import RaiseError


def test_the_folder_of_a_run_is_found(compiled: TargetResult, store: Path) -> None:
    assert list_programs(store / "programs") == [compiled.folder]
    run = compiled.figures["mlflow"]["run_id"]
    with program_of_run(tracking_uri(store), run, store / "programs") as folder:
        assert folder == compiled.folder


def test_without_the_folder_the_program_comes_from_the_store_by_parent_or_child(
    compiled: TargetResult, store: Path, tmp_path: Path
) -> None:
    run = compiled.figures["mlflow"]
    child, *_ = MlflowClient(tracking_uri(store)).search_runs(
        [run["experiment_id"]], f"tags.`mlflow.parentRunId` = '{run['run_id']}'", max_results=1
    )
    for name in (run["run_id"], child.info.run_id):
        with program_of_run(tracking_uri(store), name, tmp_path) as folder:
            found = read_program(folder)
        assert not folder.exists()
        assert found.figures["chosen_name"] == compiled.figures["chosen_name"]
        assert found.pairs is not None


def test_a_run_that_is_not_there_is_one_sentence(store: Path, tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="not found"), program_of_run(tracking_uri(store), "0" * 32, tmp_path):
        pass
