"""Whether the database of an MLflow store is there is found out before MLflow tries for minutes."""

import socket

import pytest

from optimizers.reach import TRIES, reach_database
from optimizers.tracking.store import opening
from signatures import RaiseError
from tests.servers.ports import free_port


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The addresses that were connected to."""
    addresses: list[object] = []
    connect = socket.create_connection

    def noted(address: tuple[str, int], timeout: float) -> socket.socket:
        addresses.append(address)
        return connect(address, timeout)

    monkeypatch.setattr(socket, "create_connection", noted)
    return addresses


@pytest.mark.parametrize(
    "uri",
    ["sqlite:///mlflow.db", "http://127.0.0.1:9", "databricks", "file:///runs", "postgresql:///runs", "no address"],
)
def test_what_is_no_database_of_another_machine_is_left_to_mlflow(uri: str, tried: list[object]) -> None:
    reach_database(uri)
    assert tried == []


def test_one_that_listens_is_asked_once(tried: list[object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reach_database(f"postgresql+psycopg://me:secret@127.0.0.1:{port}/runs")
    assert tried == [("127.0.0.1", port)]


@pytest.mark.parametrize("scheme", ["postgresql", "mysql+pymysql"])
def test_one_that_is_away_is_told_after_a_few_tries_without_its_password(scheme: str, tried: list[object]) -> None:
    port = free_port()
    with (
        pytest.raises(RaiseError, match=f"127.0.0.1:{port} does not answer") as refused,
        opening(f"{scheme}://me:secret@127.0.0.1:{port}/runs"),
    ):
        pass
    assert tried == [("127.0.0.1", port)] * TRIES
    assert "secret" not in str(refused.value)


def test_without_a_port_it_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("optimizers.reach._connect", lambda host, port: asked.append((host, port)))
    for uri in ("postgresql://db/runs", "mysql+pymysql://db/runs"):
        reach_database(uri)
    assert asked == [("db", 5432), ("db", 3306)]
