"""Group commit: what several threads want of a database at the same time goes there in one trip."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

GATHER = 0.008
"""Seconds from the beginning of one batch to that of the next, at least."""
Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


@dataclass(eq=False)
class _Entry(Generic[Wish, Answer]):
    """A wish, and what became of it.

    Attributes:
        told: set when there is something to know: an answer, an error, or that this one's thread is to send.
        leads: whether this one's thread is to send the next batch.
    """

    wish: Wish
    answer: Answer | None = None
    error: BaseException | None = None
    leads: bool = False
    told: threading.Event = field(default_factory=threading.Event)


class Batches(Generic[Wish, Answer]):
    """Collects wishes while a batch is under way, and a moment longer; then one of those that wait sends them all.

    A trip costs the same for one wish as for many, and more processor time than anything else here.

    Args:
        send: fulfils wishes as a whole or not at all; one answer each, in their order.
    """

    def __init__(self, send: Callable[[Sequence[Wish]], Sequence[Answer]]) -> None:
        self._send = send
        self._waiting: list[_Entry[Wish, Answer]] = []
        self._lock, self._pause = threading.Lock(), threading.Event()  # never set: something to wait on
        self._led, self._next = False, 0.0

    def fulfil(self, wish: Wish) -> Answer:
        """The answer to ``wish``; raises what sending it raised."""
        mine: _Entry[Wish, Answer] = _Entry(wish)
        with self._lock:
            self._waiting.append(mine)
            mine.leads, self._led = not self._led, True
        try:
            if not mine.leads:
                mine.told.wait()
            if mine.leads:
                self._send_waiting()
        finally:  # also if this thread was interrupted while it waited
            self._pass_on(mine)
        if mine.error is not None:
            raise mine.error
        answer: Answer = mine.answer  # type: ignore[assignment]  # it was told, and there was no error
        return answer

    def _send_waiting(self) -> None:
        if (early := self._next - time.monotonic()) > 0:
            self._pause.wait(early)
        self._next = time.monotonic() + GATHER
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            for entry, answer in zip(batch, self._send([entry.wish for entry in batch]), strict=True):
                entry.answer = answer
        except BaseException as error:  # noqa: BLE001  each thread raises it for itself
            for entry in batch:
                entry.error = error
        finally:
            for entry in batch:
                entry.told.set()

    def _pass_on(self, mine: _Entry[Wish, Answer]) -> None:
        """Let the next one send, if it was for this one to do so; wait for nothing any more."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            if not mine.leads:
                return
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].told.set()
