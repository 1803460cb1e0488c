"""Opens pages of servers that are about to listen."""

import os
import socket
import sys
import time
import webbrowser


def has_display() -> bool:
    """Whether a browser window could be seen."""
    return sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_when_ready(host: str, port: int, page: str, patience: float = 60.0) -> None:
    """Open ``page`` as soon as the server listens, or never."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.3)
        else:
            webbrowser.open(page)
            return
