"""Opening a shared database: its tables, its versions, and passwords that nobody shows."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from benchmark.jobs.place import Place
from lms.shared.database import Database, parse_url
from lms.shared.schema import MIGRATIONS
from lms.store import Reply
from signatures import RaiseError
from tests.servers.ports import free_port
from tests.servers.postgres import PASSWORD


def test_processes_that_start_at_once_make_the_tables_once(database_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        for database in pool.map(Database, [database_url] * 6):
            database.close()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT version FROM raise.schema_version").fetchall() == [
            (number,) for number in range(1, len(MIGRATIONS) + 1)
        ]


def test_a_later_version_is_refused_and_left_alone(database_url: str) -> None:
    Database(database_url).close()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO raise.schema_version VALUES (99)")
        with pytest.raises(RaiseError, match="has version 99 of the store, this RAISE knows"):
            Database(database_url)
        assert connection.execute("SELECT max(version) FROM raise.schema_version").fetchone() == (99,)


def test_other_programs_tables_are_no_trouble(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE replies (whatever text)")
        Database(database_url).close()
        assert connection.execute("SELECT count(*) FROM replies").fetchone() == (0,)


@pytest.mark.parametrize("url", ["mysql://u:{}@h/d", "postgresql://u:{}@127.0.0.1:{port}/d", "postgres://u:{}@h:x/d"])
def test_what_cannot_be_opened_is_told_without_the_password(url: str) -> None:
    with pytest.raises(RaiseError) as refused:
        Database(url.format(PASSWORD, port=free_port()))
    chain: BaseException | None = refused.value
    while chain is not None:
        assert PASSWORD not in str(chain)
        chain = None if chain.__suppress_context__ else chain.__context__


def test_a_password_is_in_no_name_repr_or_log(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        database = Database(database_url)
        place = Place.named(database_url, tmp_path)
        place.open_replies().put("k", Reply(text="x"))
    for text in (database.name, repr(place), repr(parse_url(database_url)), caplog.text):
        assert PASSWORD not in text
    database.close()
