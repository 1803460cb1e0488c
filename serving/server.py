"""The process around the application: where it listens, and how it ends."""

import contextlib

import uvicorn
from starlette.types import ASGIApp

GRACE = 5.0
"""Seconds, beyond what a turn may take, that answers under way are given to finish."""
IDLE = 75
"""Seconds that a connection may stay open without a request; longer than the usual proxy keeps its own."""
HEADERS = 32 * 1024
"""Bytes of a request's headers, at most."""


def server_of(app: ASGIApp, host: str, port: int, seconds: float) -> uvicorn.Server:
    """A server that lets turns of ``seconds`` finish when it is told to end."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # serving.logs has a line for each request
        server_header=False,
        lifespan="auto",
        ws="none",
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=int(seconds + GRACE),
        h11_max_incomplete_event_size=HEADERS,
        http="h11",
    )
    return uvicorn.Server(config)


def serve(app: ASGIApp, host: str, port: int, seconds: float) -> None:
    """Serve until Ctrl-C or SIGTERM; then answers under way are finished, and nothing new is begun."""
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn passes the signal on once it has ended
        server_of(app, host, port, seconds).run()
