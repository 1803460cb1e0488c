"""A rate limit kept by the engines of two processes, each on a loopback address of its own.

``python -m experiments.scale.rate URL DATABASE SOURCE PER_MINUTE SECONDS`` is such a process: it asks as fast as the
limit lets it, from the address SOURCE.
"""

import asyncio
import itertools
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from benchmark.jobs.place import Place
from cli.work import SWITCH
from experiments.throughput.endpoint import Connection, packet
from lms import LanguageModels, Role, RoleSettings
from tests.servers.postgres import postgres

SOURCES = ("127.0.0.2", "127.0.0.3")
LATENCY = 0.2
THREADS = 32
"""Calls of a process under way, at most: more than the limit leaves room for."""
WARM = 10.0
"""Seconds at the beginning that do not count: one process starts before the other."""


class Rate(BaseModel):
    """What arrived at the endpoint while both processes were asking.

    Attributes:
        calls: in ``seconds``.
        most: in any minute within these.
        by_source: loopback address -> its calls.
    """

    per_minute: float
    seconds: float
    calls: int
    most: int
    by_source: dict[str, int]


class Noting(Connection):
    """A connection that notes when each request is there, and where it comes from."""

    arrived: list[tuple[float, str]] = []

    def data_received(self, data: bytes) -> None:
        """Note a request once it is whole, which is when it is answered."""
        super().data_received(data)
        if not self._received:
            self.arrived.append((time.monotonic(), self._transport.get_extra_info("peername")[0]))


def measure_rate(per_minute: float, seconds: float) -> Rate:
    """Two processes at the limit for so many seconds."""
    reply = packet("[[ ## answer ## ]]\nfine\n\n[[ ## completed ## ]]")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    made = loop.create_server(lambda: Noting({}, reply, LATENCY), "127.0.0.1", 0)
    server: Any = asyncio.run_coroutine_threadsafe(made, loop).result()
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder) / "postgres") as database:
        words = [url, database.make_database()], [str(per_minute), str(seconds + 2 * WARM)]
        commands = [
            [sys.executable, "-m", "experiments.scale.rate", *words[0], source, *words[1]] for source in SOURCES
        ]
        workers = [subprocess.Popen(command) for command in commands]
        codes = [worker.wait() for worker in workers]
    assert codes == [0, 0], codes
    return _counted(Noting.arrived, per_minute, seconds)


def _counted(arrived: list[tuple[float, str]], per_minute: float, seconds: float) -> Rate:
    """What arrived in ``seconds``, from the moment on when both had been there for a while."""
    first = max(next(moment for moment, source in arrived if source == each) for each in SOURCES) + WARM
    counted = [(moment, source) for moment, source in arrived if first <= moment < first + seconds]
    moments = [moment for moment, _ in counted]
    most = max(sum(1 for other in moments if moment <= other < moment + 60) for moment in moments)
    return Rate(
        per_minute=per_minute,
        seconds=seconds,
        calls=len(counted),
        most=most,
        by_source=dict(sorted(Counter(source for _, source in counted).items())),
    )


def main() -> None:
    """Ask until the time is over."""
    url, database, source, per_minute, seconds = sys.argv[1:]
    sys.setswitchinterval(SWITCH)
    connect = socket.socket.connect

    def from_source(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == int(url.rpartition(":")[2].partition("/")[0]):
            self.bind((source, 0))
        connect(self, address)

    socket.socket.connect = from_source  # type: ignore[method-assign, assignment]
    settings = RoleSettings(model="openai/gpt-4o-mini", api_base=url, requests_per_minute=float(per_minute))
    models = LanguageModels({Role.TARGET: settings}, Place(Path(), database).open_replies())
    target, numbers, over = models[Role.TARGET], itertools.count(), time.monotonic() + float(seconds)

    def ask(_: int) -> None:
        while time.monotonic() < over:
            target(f"question {next(numbers)} from {source}")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, range(THREADS)))
    models.store.close()


if __name__ == "__main__":
    main()
