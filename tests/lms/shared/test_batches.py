"""Group commit: every wish is fulfilled once, in trips that carry what waits, whatever fails."""

import ctypes
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.shared.batches import Batches


def await_waiting(batches: Batches[Any, Any], count: int) -> None:
    """Return once so many wishes wait."""
    while len(batches._waiting) < count:
        threading.Event().wait(0.001)


@given(wishes=st.lists(st.integers(), max_size=60), threads=st.integers(1, 16))
def test_each_wish_is_sent_once_and_gets_its_own_answer(wishes: list[int], threads: int) -> None:
    sent: list[int] = []

    def send(batch: Sequence[int]) -> list[str]:
        sent.extend(batch)
        return [f"answer to {wish}" for wish in batch]

    batches: Batches[int, str] = Batches(send)
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(batches.fulfil, wishes)) == [f"answer to {wish}" for wish in wishes]
    assert sorted(sent) == sorted(wishes)


def test_what_waits_goes_in_one_trip() -> None:
    trips: list[int] = []
    first, on = threading.Event(), threading.Event()

    def send(batch: Sequence[int]) -> Sequence[int]:
        trips.append(len(batch))
        first.set()
        assert on.wait(30)
        return batch

    batches: Batches[int, int] = Batches(send)
    with ThreadPoolExecutor(9) as pool:
        tasks = [pool.submit(batches.fulfil, 0)]
        assert first.wait(30)
        tasks += [pool.submit(batches.fulfil, number) for number in range(1, 9)]
        await_waiting(batches, 8)
        on.set()
        assert [task.result(timeout=30) for task in tasks] == list(range(9))
    assert trips == [1, 8]


def test_an_error_is_everybody_s_and_the_next_batch_goes_on() -> None:
    def send(batch: Sequence[int]) -> Sequence[int]:
        if -1 in batch:
            raise ConnectionError("gone")
        return batch

    batches: Batches[int, int] = Batches(send)
    with pytest.raises(ConnectionError, match="gone"):
        batches.fulfil(-1)
    assert batches.fulfil(7) == 7


def test_who_is_interrupted_while_waiting_holds_nobody_up() -> None:
    """Ctrl-C can hit the one whose turn it would be to send."""
    first, on, interrupted = threading.Event(), threading.Event(), threading.Event()

    def send(batch: Sequence[str]) -> Sequence[str]:
        first.set()
        assert on.wait(30)
        return batch

    batches: Batches[str, str] = Batches(send)

    def be_interrupted() -> None:
        try:
            batches.fulfil("interrupted")
        except KeyboardInterrupt:
            interrupted.set()

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(batches.fulfil, "first")]
        assert first.wait(30)
        waiting = threading.Thread(target=be_interrupted)
        waiting.start()
        await_waiting(batches, 1)
        tasks.append(pool.submit(batches.fulfil, "last"))
        await_waiting(batches, 2)
        interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
        assert interrupt(ctypes.c_ulong(waiting.ident or 0), ctypes.py_object(KeyboardInterrupt)) == 1
        on.set()
        assert [task.result(timeout=30) for task in tasks] == ["first", "last"]
        waiting.join(30)
    assert interrupted.is_set()
