"""A result is published before it is recorded in MLflow, and whatever becomes of MLflow, the program is there."""

import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import mlflow
import pytest
from mlflow import MlflowClient

from benchmark import build_authored
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from lms import LanguageModels, ReplyStore
from modules import RAISE
from modules.versions import former_versions
from optimizers import CompileSettings, MaxCalls, TargetResult, Tracker, Workspace, compile_target, tracking_uri
from optimizers.results import find_finished
from optimizers.tracking.record import MlflowRun
from optimizers.tracking.recording import OPENER
from signatures import RaiseError

DATA = build_authored()
TINY = CompileSettings(train=4, dev=2, test=3, plan_queries=2, evaluations=3, trials=3)
CARD = {"name": "test", "hash": "0123456789"}


def compile_in(
    root: Path,
    settings: CompileSettings = TINY,
    *,
    progress: OnProgress = ignore_progress,
    limit: int | None = None,
    fresh: bool = False,
) -> TargetResult:
    models = LanguageModels(store=ReplyStore(root / "replies.db"))
    limits = [MaxCalls(limit)] if limit else []
    place = Workspace(root=root, out=root / "programs" / "p", progress=progress, limits=limits, fresh=fresh)
    return compile_target(settings, DATA, models, place)


def at_the_final_test(act: Callable[[], object]) -> OnProgress:
    """Does something once, when the search is over."""
    done: list[object] = []

    def progress(report: Progress) -> None:
        if "held-out" in report.stage and not done:
            done.append(True)
            wait_for_tables()
            act()

    return progress


def wait_for_tables() -> None:
    """Until the run is open: a compile this small is faster than MLflow's tables."""
    for thread in threading.enumerate():
        if thread.name.startswith(OPENER):
            thread.join()


def client(root: Path) -> MlflowClient:
    return MlflowClient(tracking_uri(root))


def compiles(root: Path) -> list[tuple[str, str]]:
    """Run id and status of every compile that MLflow shows."""
    found = client(root).search_experiments()
    runs = client(root).search_runs([one.experiment_id for one in found], "tags.stage = 'compile'")
    return [(run.info.run_id, run.info.status) for run in runs]


def place_of(tracker: Tracker, run: MlflowRun) -> Path:
    """The folder of a run's artifacts."""
    uri = tracker.client.get_run(run.run_id).info.artifact_uri
    return Path(url2pathname(urlsplit(uri).path))


def test_an_experiment_that_was_deleted_is_restored(tmp_path: Path) -> None:
    first = Tracker(tmp_path, CARD)
    first.client.delete_experiment(first.experiment_id)
    second = Tracker(tmp_path, CARD)
    assert second.experiment_id == first.experiment_id
    assert second.start("run", {}, {}).experiment_id == first.experiment_id


def test_a_run_deleted_meanwhile_is_made_anew(tmp_path: Path) -> None:
    deleted: list[str] = []

    def delete() -> None:
        [(run, _)] = compiles(tmp_path)
        client(tmp_path).delete_run(run)
        deleted.append(run)

    result = compile_in(tmp_path, progress=at_the_final_test(delete))
    assert result.untracked == ""
    assert compiles(tmp_path) == [(result.figures["mlflow"]["run_id"], "FINISHED")]
    assert result.figures["mlflow"]["run_id"] not in deleted
    assert len(deleted) == 1


def test_an_experiment_deleted_meanwhile_is_restored_with_its_run(tmp_path: Path) -> None:
    def delete() -> None:
        [experiment] = [one for one in client(tmp_path).search_experiments() if one.name != "Default"]
        client(tmp_path).delete_experiment(experiment.experiment_id)

    result = compile_in(tmp_path, progress=at_the_final_test(delete))
    assert result.untracked == ""
    assert compiles(tmp_path) == [(result.figures["mlflow"]["run_id"], "FINISHED")]


def test_without_mlflow_the_program_is_there_and_the_same_command_records_it_without_a_call(tmp_path: Path) -> None:
    def break_store() -> None:
        for file in tmp_path.glob("mlflow.db*"):
            file.rename(tmp_path / f"away-{file.name}")

    result = compile_in(tmp_path, progress=at_the_final_test(break_store))
    assert "has been deleted or moved while it was in use" in result.untracked
    assert result.figures["mlflow"] is None
    RAISE.load(result.folder)
    assert (result.folder / "pareto.png").exists()
    for file in tmp_path.glob("away-*"):
        file.rename(tmp_path / file.name.removeprefix("away-"))
    again = compile_in(tmp_path)
    assert (again.untracked, again.tracked, again.former) == ("", True, None)
    assert {**again.figures, "mlflow": None} == result.figures
    assert (again.figures["mlflow"]["run_id"], "FINISHED") in compiles(tmp_path)
    assert compile_in(tmp_path).figures == again.figures
    assert former_versions(result.folder) == []


def test_a_store_that_cannot_be_opened_is_one_sentence_before_anything_is_paid(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database " * 1000)
    with pytest.raises(RaiseError, match="cannot open the MLflow store"):
        compile_in(tmp_path)
    assert len(ReplyStore(tmp_path / "replies.db")) == 0


def test_a_failure_after_which_mlflow_cannot_be_reached_is_told_itself(tmp_path: Path) -> None:
    def fail() -> None:
        for file in tmp_path.glob("mlflow.db*"):
            file.unlink()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        compile_in(tmp_path, progress=at_the_final_test(fail))


def test_a_folder_that_was_moved_goes_on(tmp_path: Path) -> None:
    """Also from the middle of a search; what MLflow had of before is left, and new runs write to the new place."""
    here, there, elsewhere = (tmp_path / name / "mlruns" for name in ("here", "there", "elsewhere"))
    lone = compile_in(tmp_path / "lone").figures
    stopped = compile_in(here, limit=250)
    assert stopped.figures["resumable"]
    there.parent.mkdir()
    here.rename(there)
    moved = compile_in(there)
    assert moved.figures["trials"] == lone["trials"]
    assert moved.figures["lm_calls"] == lone["lm_calls"]  # nothing was asked for twice
    assert [entry["safety"] for entry in moved.figures["front"]] == [entry["safety"] for entry in lone["front"]]
    assert not here.exists()
    assert list((there / "artifacts").rglob("episodes.json"))
    elsewhere.parent.mkdir()
    there.rename(elsewhere)
    again = compile_in(elsewhere)
    assert again.reused
    for entry in again.figures["front"]:
        assert Path(entry["program"]).is_relative_to(elsewhere)
        RAISE.load(entry["program"])


@pytest.mark.parametrize("copied", [False, True])
def test_a_store_that_was_moved_or_copied_finds_its_artifacts(tmp_path: Path, copied: bool) -> None:
    here, there = tmp_path / "here_%", tmp_path / "there"
    first = Tracker(here, CARD)
    run = first.start("run", {}, {})
    first.client.log_text(run.run_id, "kept", "note.txt")
    if copied:
        shutil.copytree(here, there)
    else:
        here.rename(there)
    moved = Tracker(there, CARD)
    assert moved.experiment_id == first.experiment_id
    assert place_of(moved, run).is_relative_to(there)
    assert mlflow.artifacts.load_text(place_of(moved, run).as_uri() + "/note.txt") == "kept"
    added = moved.start("added", {}, {})
    moved.client.log_text(added.run_id, "new", "note.txt")
    assert sorted(file.parent.parent.name for file in there.rglob("note.txt")) == sorted([run.run_id, added.run_id])
    assert here.exists() == copied
    if copied:
        assert place_of(first, run).is_relative_to(here)
        assert len(list(here.rglob("note.txt"))) == 1


def test_artifacts_in_another_kind_of_place_are_left_there(tmp_path: Path) -> None:
    first = Tracker(tmp_path / "here", CARD)
    elsewhere = (tmp_path / "bucket").as_uri()
    with sqlite3.connect(tmp_path / "here" / "mlflow.db") as db:
        db.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (elsewhere, 1))
    (tmp_path / "here").rename(tmp_path / "there")
    moved = Tracker(tmp_path / "there", CARD)
    assert moved.client.get_experiment(first.experiment_id).artifact_location == elsewhere


def test_other_settings_keep_the_former_program_and_the_former_settings_bring_it_back(tmp_path: Path) -> None:
    many = compile_in(tmp_path)
    few = compile_in(tmp_path, TINY.model_copy(update={"trials": 1}))
    assert few.former == many.folder.with_name("p.versions") / "1"
    kept = find_finished(many.folder, many.figures["config"])
    assert kept is not None
    assert (kept.folder, kept.figures["trials"]) == (few.former, TINY.trials)
    for entry in kept.figures["front"]:
        RAISE.load(entry["program"])
    again = compile_in(tmp_path)
    assert (again.reused, again.figures, again.former) == (True, many.figures, few.former.with_name("2"))
    fresh = compile_in(tmp_path, fresh=True)
    assert fresh.figures["lm_calls"] == {}
    found = [find_finished(place, fresh.figures["config"]) for place in (*former_versions(fresh.folder), fresh.folder)]
    assert len(found) == 3


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_nothing_that_a_compile_leaves_behind_is_open_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        compile_in(tmp_path / "mlruns")
    finally:
        os.umask(before)
    passing = (".lock", ".db-journal")  # empty, or gone once a thread of MLflow's has written
    places = [place for place in (tmp_path / "mlruns").rglob("*") if place.suffix not in passing]
    names = {place.name for place in places}
    assert {"replies.db", "episodes.jsonl", "studies.journal", "mlflow.db", "episodes.json", "program.json"} <= names
    closed = {True: 0o700, False: 0o600}
    modes = {str(place): stat.S_IMODE(place.stat().st_mode) for place in places if "locks" not in place.name}
    assert not {name: oct(mode) for name, mode in modes.items() if mode != closed[Path(name).is_dir()]}
