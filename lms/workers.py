"""Workers that share a store or a storage: who they are, and whether they still live."""

import os
import socket
import uuid


def worker() -> str:
    """A name for this worker: machine, process, and something that no other worker of the process has."""
    return f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"


def alive(name: str) -> bool:
    """Whether the worker's process may still be at work; of other machines nothing is known."""
    host, pid, _ = name.split(" ")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
