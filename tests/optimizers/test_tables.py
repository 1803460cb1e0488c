"""The tables of a new local store are MLflow's own, whoever makes them, and a compile does not wait for them."""

import re
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from optimizers import Tracker, tracking_uri
from optimizers.tracking.address import URI
from optimizers.tracking.conversations import DEFAULT, Logged
from optimizers.tracking.recording import NoRecording, open_recording
from optimizers.tracking.tables import lacks_tables, local_file, make_tables
from signatures import RaiseError
from tests.optimizers.test_tracking import CARD, compile_in, compiles, wait_for_tables

TAGS = {"config": "c", "stage": "compile"}


def schema(file: Path) -> list[tuple[str, ...]]:
    """Tables and indices, each with its words in order: MLflow's migrations write constraints in any order."""
    with closing(sqlite3.connect(file)) as db:
        made = db.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name").fetchall()
        version = db.execute("SELECT version_num FROM alembic_version").fetchall()
    return [*((kind, name, *sorted(re.findall(r"\w+", sql))) for kind, name, sql in made), *version]


def journal_of(file: Path) -> str:
    with closing(sqlite3.connect(file)) as db:
        return str(db.execute("PRAGMA journal_mode").fetchone()[0])


def test_they_are_those_that_mlflow_makes(tmp_path: Path, mlflow_tables: Path) -> None:
    assert lacks_tables(tmp_path)
    make_tables(tmp_path)
    file = local_file(tmp_path)
    assert file is not None
    assert schema(file) == schema(mlflow_tables)
    assert not lacks_tables(tmp_path)
    made = file.read_bytes()
    make_tables(tmp_path)
    assert file.read_bytes() == made


@pytest.mark.parametrize("made_apart", [True, False])
def test_a_new_store_is_written_ahead_and_one_that_is_there_is_left_as_it_is(tmp_path: Path, made_apart: bool) -> None:
    if made_apart:
        make_tables(tmp_path / "new")
    Tracker(tmp_path / "new", CARD)
    assert journal_of(tmp_path / "new" / "mlflow.db") == "wal"
    MlflowClient(tracking_uri(tmp_path)).search_experiments()
    Tracker(tmp_path, CARD)
    assert journal_of(tmp_path / "mlflow.db") == "delete"


def test_they_are_for_the_owner_alone(tmp_path: Path) -> None:
    make_tables(tmp_path / "mlruns")
    assert stat.S_IMODE((tmp_path / "mlruns").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "mlruns" / "mlflow.db").stat().st_mode) == 0o600


def test_a_run_of_a_new_store_is_open_while_it_is_searched(tmp_path: Path) -> None:
    recording = open_recording(DEFAULT, tmp_path, CARD, {"target": "sim/x"}, TAGS, fresh=False)
    wait_for_tables()
    [(_, status)] = compiles(tmp_path)
    assert status == "RUNNING"
    recording.abandon()
    assert [status for _, status in compiles(tmp_path)] == ["FAILED"]


def test_a_compile_that_fails_at_once_leaves_a_store_that_can_be_used(tmp_path: Path) -> None:
    recording = open_recording(DEFAULT, tmp_path, CARD, {"target": "sim/x"}, TAGS, fresh=False)
    recording.discard()
    assert compiles(tmp_path) == []
    Tracker(tmp_path, CARD).start("run", {}, {})


def test_if_that_process_fails_they_are_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    result = compile_in(tmp_path)
    assert result.untracked == ""
    assert [status for _, status in compiles(tmp_path)] == ["FINISHED"]


def test_a_store_that_breaks_meanwhile_is_told_with_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(root: Path) -> None:
        (root / "mlflow.db").write_text("no database " * 1000)

    monkeypatch.setattr("optimizers.tracking.recording.make_tables", broken)
    result = compile_in(tmp_path)
    assert "cannot open the MLflow store" in result.untracked
    assert (result.folder / "program.json").exists()


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_paid(tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("a file")
    with pytest.raises(RaiseError, match="cannot open the MLflow store"):
        open_recording(DEFAULT, tmp_path / "mlruns", CARD, {"target": "sim/x"}, TAGS, fresh=False)


def test_a_server_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URI, "http://127.0.0.1:9")
    assert local_file(tmp_path) is None
    assert not lacks_tables(tmp_path)
    make_tables(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_mlflow_nothing_is_made(tmp_path: Path) -> None:
    recording = open_recording(Logged(on=False), tmp_path, CARD, {"target": "sim/x"}, TAGS, fresh=False)
    assert isinstance(recording, NoRecording)
    assert list(tmp_path.iterdir()) == []
