"""Turns as MLflow traces: which conversations are traced, and a queue that keeps the store off the way of a request.

Off unless ``RAISE_TRACE_SAMPLE`` says which share of conversations is wanted. What the person said is left out unless
``RAISE_TRACE_CONTENTS`` is 1. A store that is slow or gone loses traces, which are counted, and nothing else.
"""

import contextlib
import hmac
import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from optimizers.tracking.served_turn import ServedTurn
from signatures import RaiseError

SAMPLE, CONTENTS = "RAISE_TRACE_SAMPLE", "RAISE_TRACE_CONTENTS"
QUEUE = 1000
"""Turns that wait to be written, at most."""
TOGETHER = 50
"""Turns that are written at once."""
LAST = 5.0
"""Seconds that writing is given to finish when the server ends."""
logger = logging.getLogger(__name__)

Count = Callable[[str, int], None]
"""Is told of an outcome, and of how many turns."""


class Store(Protocol):
    """Where traces go."""

    def write(self, turns: Sequence[ServedTurn]) -> None:
        """Write them; raises if that fails."""
        ...


class Traces(Protocol):
    """What becomes of the turns of a server."""

    @property
    def contents(self) -> bool:
        """Whether the person's words are wanted."""
        ...

    def session(self, first_words: str) -> str:
        """The session of the conversation that begins so; empty if it is not traced."""
        ...

    def offer(self, turn: ServedTurn) -> None:
        """Take a turn without making anybody wait."""
        ...

    def close(self) -> None:
        """Write what waits, as far as that is possible soon."""
        ...


class NoTraces:
    """Nothing is traced."""

    contents = False

    def session(self, first_words: str) -> str:
        """None has one."""
        return ""

    def offer(self, turn: ServedTurn) -> None:
        """It is not kept."""

    def close(self) -> None:
        """There is nothing to write."""


@dataclass(frozen=True)
class Sampling:
    """Which conversations are traced.

    Attributes:
        ratio: share of conversations, above 0.
        key: with it the same words give the same session, and nobody else can tell the words from the session.
        contents: whether traces hold what was said.
    """

    ratio: float
    key: bytes
    contents: bool = False

    def session(self, first_words: str) -> str:
        """The session of the conversation that begins so; empty if it is not traced."""
        digest = hmac.digest(self.key, first_words.encode("utf-8", "replace"), "sha256")
        return digest[8:24].hex() if int.from_bytes(digest[:8]) < self.ratio * 2**64 else ""


class BackgroundTraces:
    """A queue that a thread of its own empties into the store, which is opened there, too.

    Args:
        open_store: may take seconds, and may fail; then it is tried again with the next turns.
        count: is told how many turns were ``written``, were ``dropped`` since too many wait, or ``failed``.
    """

    def __init__(self, sampling: Sampling, open_store: Callable[[], Store], count: Count) -> None:
        self.contents, self.session = sampling.contents, sampling.session
        self._open, self._count = open_store, count
        self._waiting: queue.Queue[ServedTurn | None] = queue.Queue(QUEUE)
        self._closing = threading.Event()
        self._store: Store | None = None
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    def offer(self, turn: ServedTurn) -> None:
        """Take a turn; it is dropped if too many wait."""
        try:
            self._waiting.put_nowait(turn)
        except queue.Full:
            self._count("dropped", 1)

    def close(self) -> None:
        """Write what waits, for ``LAST`` seconds at most."""
        self._closing.set()
        with contextlib.suppress(queue.Full):  # then the thread sees that it is closing once it has written what waits
            self._waiting.put_nowait(None)
        self._thread.join(LAST)

    def _run(self) -> None:
        while turns := self._take():
            try:
                self._store = self._store or self._open()
                self._store.write(turns)
                self._count("written", len(turns))
            except Exception as error:  # noqa: BLE001  the boundary: MLflow raises what its stores, drivers and servers do
                self._store = None  # opened again with the next turns
                self._count("failed", len(turns))
                logger.warning("traces cannot be written: %s", type(error).__name__)

    def _take(self) -> list[ServedTurn]:
        """Turns to write; none once there will be no more."""
        found: list[ServedTurn] = []
        while len(found) < TOGETHER:
            try:
                turn = self._waiting.get(block=not found and not self._closing.is_set())
            except queue.Empty:
                break
            if turn is not None:
                found.append(turn)
        return found


def traces_for(environ: Mapping[str, str], root: Path, key: str | None, count: Count) -> Traces:
    """What the environment wants to be traced.

    Args:
        root: folder of the local store; ``MLFLOW_TRACKING_URI`` names another one.
        key: of the server; servers that share it give a conversation the same session. Without one it is drawn anew.

    Raises:
        RaiseError: if a variable is not what it should be.
    """
    ratio = _ratio(environ.get(SAMPLE) or "0")
    if not ratio:
        return NoTraces()
    contents = environ.get(CONTENTS) or "0"
    if contents not in {"0", "1"}:
        raise RaiseError(f"{CONTENTS}={contents}: write 1 to have traces hold what people say, or 0.")
    secret = key.encode() if key else secrets.token_bytes(32)
    return BackgroundTraces(Sampling(ratio, secret, contents == "1"), lambda: _open(root), count)


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise RaiseError(f"{SAMPLE}={text}: write the share of conversations to trace, from 0 to 1.")
    return ratio


def _open(root: Path) -> Store:
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # what cannot be written soon is counted, not kept
    from optimizers.tracking.served import ServedTraces  # noqa: PLC0415  MLflow takes seconds to load

    return ServedTraces(root)
