"""Whether the database behind a URL is there at all, before Optuna or MLflow is asked to open it.

MLflow asks a database that is away ten times, over a hundred seconds; and a machine that does not answer is waited for
without end.
"""

import socket

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError
from tenacity import retry, retry_if_exception_type, stop_after_attempt

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433}
"""Where databases listen if a URL does not say so."""
PATIENCE = 5.0
"""Seconds that a machine may take to answer."""
TRIES, BETWEEN = 3, 1.0
"""How often it is asked, since a database that starts again is back soon; and seconds between."""


def reach_database(uri: str) -> None:
    """Connect to the database of ``uri`` and hang up; nothing happens if it is a file, a server of MLflow or a socket.

    Raises:
        OSError: if nobody answers there.
    """
    try:
        url = make_url(uri)
    except SQLAlchemyError:
        return  # MLflow says what is wrong with it
    usual = PORTS.get(url.get_backend_name())
    if usual and url.host:
        _connect(url.host, url.port or usual)


@retry(
    retry=retry_if_exception_type(OSError),
    stop=stop_after_attempt(TRIES),
    wait=lambda state: BETWEEN,
    reraise=True,
)
def _connect(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=PATIENCE).close()
    except OSError as error:
        raise OSError(f"{host}:{port} does not answer: {error.strerror or error}") from error
