"""The reply store in a database: the same promises as a file's, to several machines."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms import ReplyStore, Role, Store, Usage
from lms.shared.database import Database
from lms.shared.replies import SharedReplies
from lms.store import CHARGED, Charge, Reply, StoreError
from tests.lms.test_charges import CHARGES
from tests.servers.postgres import PostgresServer

Opened = Callable[[], Store]
ODD = Reply(text="a\0b \N{PILE OF POO}", model="m", input_tokens=3, cost_usd=0.1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(params=["file", "database"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Opens the same store again and again, as processes do."""
    stores: list[Store] = []
    database = request.getfixturevalue("database") if request.param == "database" else None

    def open_one() -> Store:
        stores.append(SharedReplies(database) if database else ReplyStore(tmp_path / "replies.db"))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def test_the_first_reply_of_a_key_is_kept_and_is_there_for_everybody(opened: Opened) -> None:
    one, other = opened(), opened()
    assert one.get("k") is None
    assert one.put("k", ODD) == ODD
    assert other.put("k", Reply(text="late")) == ODD
    assert (other.get("k"), one.get("k")) == (ODD, ODD)
    assert len(one) == len(other) == 1
    other.drop("k")
    assert one.get("k") is None
    assert len(one) == 0


def test_only_one_asks_and_nobody_once_the_reply_is_there(opened: Opened) -> None:
    one, other = opened(), opened()
    assert (one.claim("k"), one.claim("k"), other.claim("k")) == (True, False, False)
    assert other.get("k") is None
    other.release("k")  # it has no claim
    assert other.claim("k") is False
    one.release("k")
    assert other.claim("k") is True
    other.put("k", Reply(text="fine"))
    assert (one.claim("k"), other.claim("k")) == (False, False)


def test_a_claim_is_no_reply(opened: Opened) -> None:
    store = opened()
    store.claim("k")
    store.drop("k")
    assert len(store) == 0
    assert opened().claim("k") is False


def test_charges_add_up_over_processes(opened: Opened) -> None:
    one, other = opened(), opened()
    one.put("k", Reply(text="x"), Charge(Role.TARGET, Usage(calls=1, cost_usd=0.25), ("job",)))
    other.put("k", Reply(text="y"), Charge(Role.TARGET, Usage(calls=1, cost_usd=0.5), ("job", "another")))
    one.charge(Charge(Role.JUDGE, Usage(calls=2, input_tokens=7), ("job",)))
    assert other.usage_of("job").roles == {
        Role.TARGET: Usage(calls=2, cost_usd=0.75),
        Role.JUDGE: Usage(calls=2, input_tokens=7),
    }
    assert opened().usage_of("another").calls() == {"target": 1}
    assert one.usage_of("nobody's").roles == {}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(charges=st.lists(CHARGES, max_size=12))
def test_what_threads_charge_at_the_same_time_is_neither_lost_nor_doubled(
    database: Database, charges: list[Charge]
) -> None:
    store = SharedReplies(database)
    before = {job: store.usage_of(job) for job in "abc"}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store.charge, charges))
    for job in "abc":
        for role in Role:
            found, old = (tally.roles.get(role, Usage()) for tally in (store.usage_of(job), before[job]))
            for name in CHARGED:
                mine = sum(getattr(c.usage, name) for c in charges if job in c.jobs and c.role is role)
                assert getattr(found, name) - getattr(old, name) == mine
    store.close()


def test_a_batch_whose_acknowledgement_was_lost_is_counted_once(database: Database) -> None:
    """The connection can break after the commit; then nobody knows, and the batch is sent again."""
    store = SharedReplies(database)
    charge = Charge(Role.TARGET, Usage(calls=1), ("job",))
    for _ in range(2):
        store.put("k", Reply(text="x"), charge)
        store._batch -= 1  # the next batch is this one again
    assert store.usage_of("job").total().calls == 1
    assert store.get("k") == Reply(text="x")


def silence(database_url: str) -> None:
    """As if every worker had died an hour ago."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE raise.workers SET seen = seen - interval '1 hour'")


def test_a_claim_without_signs_of_life_is_taken_over(database: Database, database_url: str) -> None:
    dead, patient, hasty = (SharedReplies(database, lease=lease) for lease in (30, 7 * 86400, 1e-6))
    assert dead.claim("k") is True
    silence(database_url)
    assert patient.claim("k") is False
    assert hasty.claim("k") is True
    assert dead.put("k", Reply(text="after all")).text == "after all"  # it was not dead
    assert hasty.put("k", Reply(text="second")).text == "after all"


def test_threads_of_one_process_and_many_processes_share_a_key(database: Database) -> None:
    stores = [SharedReplies(database) for _ in range(4)]
    keys = [str(i % 25) for i in range(400)]
    with ThreadPoolExecutor(16) as pool:
        granted = list(pool.map(lambda i: stores[i % 4].claim(keys[i]), range(400)))
    won = [key for key, one in zip(keys, granted, strict=True) if one]
    assert sorted(won) == sorted(set(keys))


def test_a_database_that_refuses_ends_the_run(database: Database, database_url: str) -> None:
    store = SharedReplies(database)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE raise.usage")
    with pytest.raises(StoreError, match="cannot be used") as refused:
        store.put("k", Reply(text="x"), Charge(Role.TARGET, Usage(calls=1), ("job",)))
    assert "h0rse" not in str(refused.value)
    assert store.get("k") is None


def test_a_restart_takes_no_claim_away_and_loses_no_reply(postgres_server: PostgresServer, database_url: str) -> None:
    database = Database(database_url)
    one, other = SharedReplies(database), SharedReplies(database)
    one.put("kept", Reply(text="x"))
    assert one.claim("k") is True
    silence(database_url)
    postgres_server.kill()
    postgres_server.start()
    assert other.claim("k") is False
    assert other.get("kept") == Reply(text="x")
    database.close()


def test_work_waits_for_a_database_that_is_away(postgres_server: PostgresServer, database_url: str) -> None:
    database = Database(database_url)
    store = SharedReplies(database)
    postgres_server.kill()
    with ThreadPoolExecutor(2) as pool:
        kept = pool.submit(store.put, "k", Reply(text="x"), Charge(Role.TARGET, Usage(calls=1), ("job",)))
        found = pool.submit(store.get, "other")
        postgres_server.start()
        assert kept.result(timeout=300).text == "x"
        assert found.result(timeout=300) is None
    assert store.usage_of("job").total().calls == 1
    database.close()


def test_a_database_that_stays_away_ends_the_run(postgres_server: PostgresServer, database_url: str) -> None:
    database = Database(database_url, outage=0.0)
    store = SharedReplies(database)
    postgres_server.kill()
    try:
        with pytest.raises(StoreError, match=r"cannot be used .*run the same command again") as refused:
            store.get("k")
    finally:
        postgres_server.start()
    assert "h0rse" not in str(refused.value)
    database.close()


def test_who_was_quiet_for_long_and_claims_is_not_taken_for_dead(database: Database, database_url: str) -> None:
    quiet, other = SharedReplies(database), SharedReplies(database)
    silence(database_url)
    quiet._seen -= 3600
    assert quiet.claim("k") is True
    assert other.claim("k") is False
