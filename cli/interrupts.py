"""Ctrl-C: the first lets the calls under way finish, so that what was paid for is kept; the second ends at once."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cli.console import err
from lms.stopping import STOP

STOPPED = 130
"""Exit code of a run that was stopped."""
GO_ON = "stopped; the same command again goes on where this one stopped."
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """Within the block, signals that ask to stop are heeded as this module says."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        STOP.withdraw()


def _stop(number: int, frame: FrameType | None) -> None:
    """Ask to stop; end the process if that was asked before, else interrupt what is not a call to a model."""
    if STOP.asked:
        err.show_cursor()
        err.print(f"\n{GO_ON}")
        os._exit(STOPPED)  # threads may hang in a call, and would be waited for
    STOP.ask()
    if not STOP.calls:
        raise KeyboardInterrupt
    err.print(f"stopping: {STOP.calls} LM calls under way are finished and kept; Ctrl-C again ends at once.")
