"""Once a stop is asked for no call begins, nobody goes on waiting, and what is under way is kept."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from lms import ReplyStore, Role
from lms.stopping import STOP, Stopped
from tests.lms.real import over_http
from tests.servers.openai_server import Fault, OpenAIServer


@pytest.fixture(autouse=True)
def nobody_asked() -> Iterator[None]:
    yield
    STOP.withdraw()


def test_a_stop_is_an_interrupt_that_no_except_exception_catches() -> None:
    STOP.ask()
    with pytest.raises(KeyboardInterrupt):
        STOP.check()
    assert not issubclass(Stopped, Exception)


def test_after_a_stop_no_request_is_sent_and_no_stored_reply_is_given() -> None:
    with OpenAIServer("fine") as server:
        models = over_http(server.url)
        models[Role.TARGET]("hello")
        STOP.ask()
        for words in ("hello", "something else"):
            with pytest.raises(Stopped):
                models[Role.TARGET](words)
            with pytest.raises(Stopped):
                asyncio.run(models[Role.TARGET].acall(words))
    assert server.count == 1


def test_a_call_under_way_is_finished_and_stored() -> None:
    store = ReplyStore()
    with OpenAIServer("fine", faults=[Fault.HELD]) as server:
        models = over_http(server.url, store)
        replies: list[object] = []
        asking = threading.Thread(target=lambda: replies.append(models[Role.TARGET]("hello")))
        asking.start()
        server.wait_for(1)
        assert STOP.calls == 1
        STOP.ask()
        server.release()
        asking.join()
    assert (replies, len(store), STOP.calls) == ([["fine"]], 1, 0)


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR])
def test_a_wait_before_another_attempt_ends(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    def long_wait(error: BaseException | None, attempt: int) -> float:
        STOP.ask()  # somebody asks just as the wait begins
        return 3600.0

    monkeypatch.setattr("lms.retry.wait_before", long_wait)
    began = time.monotonic()
    with OpenAIServer(faults=[fault] * 5) as server:
        models = over_http(server.url)
        with pytest.raises(Stopped):
            models[Role.TARGET]("hello")
        STOP.withdraw()
        with pytest.raises(Stopped):
            asyncio.run(models[Role.TARGET].acall("hello"))
    assert server.count == 2
    assert time.monotonic() - began < 600
