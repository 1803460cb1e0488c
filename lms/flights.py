"""Single flight among the threads of a process: only one at a time works on a key."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Flights:
    """A lock for each key that somebody works on; none is left for keys that nobody works on."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._flights: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def one(self, key: str) -> Iterator[None]:
        """The block, for one thread at a time that names ``key``."""
        with self._gate:
            gate, waiting = self._flights.get(key, (threading.Lock(), 0))
            self._flights[key] = (gate, waiting + 1)
        try:
            with gate:
                yield
        finally:
            with self._gate:
                gate, waiting = self._flights[key]
                if waiting == 1:
                    del self._flights[key]
                else:
                    self._flights[key] = (gate, waiting - 1)
