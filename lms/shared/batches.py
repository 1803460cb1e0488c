"""Group commit: what several threads want of a database at the same time goes there in one trip."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


@dataclass
class _Entry(Generic[Wish, Answer]):
    """A wish, and what became of it."""

    wish: Wish
    answer: Answer | None = None
    error: BaseException | None = None
    done: bool = False


class Batches(Generic[Wish, Answer]):
    """Collects wishes while a batch is under way; whoever comes next sends all that wait.

    Args:
        send: fulfils wishes as a whole or not at all; one answer each, in their order.
    """

    def __init__(self, send: Callable[[Sequence[Wish]], Sequence[Answer]]) -> None:
        self._send = send
        self._waiting: deque[_Entry[Wish, Answer]] = deque()
        self._lock = threading.Lock()

    def fulfil(self, wish: Wish) -> Answer:
        """The answer to ``wish``; raises what sending it raised."""
        mine: _Entry[Wish, Answer] = _Entry(wish)
        self._waiting.append(mine)
        with self._lock:
            if not mine.done:
                self._send_waiting()
        if mine.error is not None:
            raise mine.error
        answer: Answer = mine.answer  # type: ignore[assignment]  # it is done, and there was no error
        return answer

    def _send_waiting(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            for entry, answer in zip(batch, self._send([entry.wish for entry in batch]), strict=True):
                entry.answer = answer
        except BaseException as error:  # noqa: BLE001  each thread raises it for itself
            for entry in batch:
                entry.error = error
        finally:
            for entry in batch:
                entry.done = True
