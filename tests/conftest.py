"""Every test starts from the same state: no environment settings, no dspy leftovers, no real waiting, no network."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import dspy
import hypothesis
import pytest
from mlflow import MlflowClient

import optimizers.tracking.store  # noqa: F401  before any test: what it puts into the environment is there for all
from benchmark import Scenario, build_authored, sample, split
from lms import LanguageModels
from signatures import using_vocabulary

if TYPE_CHECKING:
    from optimizers import TargetResult
    from tests.servers.postgres import PostgresServer

hypothesis.settings.register_profile("without deadline", deadline=None)  # a busy machine is slow; no test is about time
hypothesis.settings.load_profile("without deadline")


KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "RAISE_API_KEY")
PLACES = ("MLFLOW_TRACKING_URI", "OPENAI_API_BASE", "OPENAI_BASE_URL")


SET_AT_IMPORT = ("TIKTOKEN_CACHE_DIR",)
"""LiteLLM points tiktoken to the tokenizers that it brings, once, when it is first imported; without that they would be
downloaded."""


@pytest.fixture
def environment_kept() -> Iterator[None]:
    """What a test puts into the environment ends with it, also what it reads from a ``.env``.

    What a library sets when a test is the first to import it stays: the next import sets nothing.
    """
    with patch.dict(os.environ):
        yield
        of_libraries = {name: os.environ[name] for name in SET_AT_IMPORT if name in os.environ}
    os.environ.update(of_libraries)


@pytest.fixture(autouse=True)
def isolated(environment_kept: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A folder of its own, no keys or settings from the machine, fresh dspy settings."""
    for name in (*KEYS, *PLACES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.chdir(tmp_path)
    with dspy.context(lm=None, adapter=None, trace=[], disable_history=True), using_vocabulary(None):
        yield


@pytest.fixture(autouse=True)
def no_retry_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries happen, their waits do not."""
    monkeypatch.setattr("lms.retry.wait_before", lambda error, attempt: 0.0)
    monkeypatch.setattr("optimizers.reach.BETWEEN", 0.0)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections anywhere but to this machine fail the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host not in ("", "127.0.0.1", "localhost", "::1"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresServer]":
    """A PostgreSQL server, from the wheel among the tools of development.

    Its files are not in pytest's folder, which every run of pytest closes to other users, such as the server's.
    """
    if os.name != "posix":
        pytest.skip("the PostgreSQL of the wheel is for POSIX systems")
    from tests.servers.postgres import postgres

    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder) / "postgres") as server:
        yield server


@pytest.fixture
def database_url(postgres_server: "PostgresServer") -> str:
    """The URL, with a password, of a database with nothing in it."""
    return postgres_server.make_database()


@pytest.fixture
def models() -> LanguageModels:
    """Stand-ins for every role, replies kept in memory."""
    return LanguageModels()


@pytest.fixture(scope="session")
def mlflow_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables and nothing in them, to be copied: making them takes seconds."""
    file = tmp_path_factory.mktemp("tables") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture(scope="session")
def test_scenarios() -> list[Scenario]:
    """21 scenarios of the test split, three a domain."""
    return sample(split(build_authored(), "test"), 21)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> "TargetResult":
    """The smallest compile, in the folder ``programs/sim-gpt-4o`` of a store, tracked in MLflow; to be read only."""
    from optimizers import CompileSettings, Workspace, compile_target  # MLflow and Optuna take seconds to load

    root = tmp_path_factory.mktemp("compiled")
    tiny = CompileSettings(train=4, dev=2, test=3, plan_queries=2, evaluations=3, trials=3)
    place = Workspace(root=root, out=root / "programs" / "sim-gpt-4o")
    return compile_target(tiny, build_authored(), LanguageModels(), place)
