"""``--store postgresql://...``: the same figures from a database, nothing of it in files, and no password anywhere."""

from pathlib import Path

import psycopg
import pytest

from benchmark import build_authored
from lms import LanguageModels
from lms.shared.database import Database
from lms.shared.replies import SharedReplies
from optimizers import CompileSettings, Workspace, compile_target
from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer
from tests.servers.ports import free_port
from tests.servers.postgres import PASSWORD

EVALUATE = ["evaluate", "vanilla", "raise", "--limit", "3", "--json"]
REAL = ["--target", "openai/gpt-4o", "--judge", "openai/judge"]


def rows_of(url: str, table: str) -> int:
    """How many rows a table of the store has."""
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM raise.{table}").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.usefixtures("quiet_again")
def test_an_evaluation_is_the_same_and_is_taken_up_by_the_next_machine(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with OpenAIServer() as server:
        of_a_file = run(*EVALUATE, *REAL, "--api-base", server.url)
        calls = server.count
        first = run(*EVALUATE, *REAL, "--api-base", server.url, "--store", database_url, "-v")
        assert (first.code, server.count) == (0, 2 * calls)
        monkeypatch.setenv("RAISE_STORE", database_url)
        again = run(*EVALUATE, *REAL, "--api-base", server.url)
        assert server.count == 2 * calls
    figures = [
        [(p["name"], p["safety"], p["avg_queries"]) for p in ran.object["programs"]] for ran in (of_a_file, first)
    ]
    assert figures[0] == figures[1]
    assert again.object == first.object
    assert rows_of(database_url, "replies") == calls
    assert rows_of(database_url, "rows") == 6 + 1  # episodes, and the run that they are of
    assert PASSWORD not in f"{first} {again}"
    assert not [file for file in Path().rglob("*") if file.is_file() and PASSWORD.encode() in file.read_bytes()]


def test_a_compile_keeps_its_trials_and_episodes_there(database_url: str, tmp_path: Path) -> None:
    tiny = CompileSettings(train=4, dev=2, test=3, plan_queries=2, evaluations=3, trials=3)
    database = Database(database_url)
    models = LanguageModels(store=SharedReplies(database))
    place = Workspace(root=tmp_path, out=tmp_path / "programs" / "x", database=database_url)
    result = compile_target(tiny, build_authored(), models, place)
    assert result.folder.is_dir()
    assert rows_of(database_url, "rows") > 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM trials").fetchone() == (True,)
    assert not {"studies.journal", "episodes"} & {file.name for file in tmp_path.iterdir()}
    assert PASSWORD not in repr(place)
    database.close()


@pytest.mark.parametrize("url", ["postgresql://u:{}@127.0.0.1:{port}/d", "mysql://u:{}@127.0.0.1/d"])
def test_a_store_that_cannot_be_opened_is_one_sentence_without_the_password(run: Run, url: str) -> None:
    code, out, err = run(*EVALUATE, "--store", url.format(PASSWORD, port=free_port()))
    assert code == 2
    assert PASSWORD not in out + err
    assert "***@127.0.0.1" in " ".join(err.split())


def test_an_engine_has_a_name_that_exists_and_limits_that_all_workers_share(run: Run) -> None:
    code, _, err = run(*EVALUATE, "--engine", "ray", "--max-calls", "9")
    assert code == 2
    assert "--store postgresql://" in " ".join(err.split())
    code, _, err = run(*EVALUATE, "--engine", "rey")
    assert code == 2
    assert "did you mean 'ray'?" in " ".join(err.split())
    code, _, err = run(*EVALUATE, "--ray-address", "auto")
    assert code == 2
    assert "--ray-address is for --engine ray" in " ".join(err.split())
