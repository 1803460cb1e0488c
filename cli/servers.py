"""Where servers may listen; and a server as a process of its own, which ends with this one and takes along what it has
started."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from types import FrameType

from signatures import RaiseError

PATIENCE = 10.0
"""Seconds that a server is given to end."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    return all(ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None))


def refuse_taken(host: str, port: int) -> None:
    """Make sure that a server can listen there.

    Raises:
        RaiseError: naming host and port.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        raise RaiseError(f"nothing can listen on port {port} of {host} ({why}): name another --port.") from error


def run_server(command: Sequence[str], env: Mapping[str, str], meanwhile: Callable[[], None]) -> int:
    """Run a server until it ends by itself; returns its exit code.

    Args:
        meanwhile: what is done while it starts; an error in it ends the server, too.

    Raises:
        SystemExit: if this process is told to end (SIGTERM); the server has ended then, too.
        KeyboardInterrupt: likewise, on Ctrl-C.
    """
    # in a session of its own, so that what the server has started can be ended with it
    with subprocess.Popen(command, env=env, start_new_session=True) as process:  # noqa: S603
        before = signal.signal(signal.SIGTERM, _leave)
        try:
            meanwhile()
            return process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
            _end(process)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # no Exception, which ``meanwhile`` may take for a fault of its own


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a server and what it has started."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    if os.name != "posix":
        process.terminate()
        return
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
