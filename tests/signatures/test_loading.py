"""What is loaded once is loaded by one thread, however many want it at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from signatures.loading import load_once


def test_threads_that_want_the_same_wait_for_one_of_them() -> None:
    together, loads = threading.Barrier(8, timeout=30), []

    @load_once
    def load(name: str) -> list[str]:
        loads.append(name)
        sum(range(1_000_000))  # work in which the interpreter lets the other threads in
        return [name]

    def want(_: int) -> list[str]:
        together.wait()
        return load("table")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(want, range(8)))
    assert loads == ["table"]
    assert all(each is found[0] for each in found)
    assert load("other") == ["other"]


def test_what_could_not_be_loaded_is_tried_again() -> None:
    outcomes = [OSError("gone"), "there"]

    @load_once
    def load() -> object:
        outcome = outcomes.pop(0)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    with pytest.raises(OSError, match="gone"):
        load()
    assert [load(), load()] == ["there", "there"]
