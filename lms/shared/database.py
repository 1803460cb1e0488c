"""A way to the database that survives its restarts: what fails because it is away is done again when it is back."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from lms.shared.schema import migrate
from lms.stopping import STOP
from lms.store import StoreError
from signatures import RaiseError
from signatures.masking import masked

T = TypeVar("T")
SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")
OUTAGE = 300.0
"""Seconds that work waits for a database that is away."""
WHEN_STOPPING = 20.0
"""The same, once the user asked to stop."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds between tries; each wait is twice the one before."""
UNTOLD, BETWEEN = 2.0, 30.0
"""Seconds of waiting that are not told of, and between two warnings."""
AWAY = ("08", "57P01", "57P02", "57P03", "53300", "40001", "40P01")
"""Beginnings of PostgreSQL's error codes that pass: no connection, shutting down, starting, full, collisions."""
CONNECTIONS = 6
"""Of a process, at most."""
CONNECT = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "raise",
}
"""Seconds, and milliseconds for the last: a database whose machine is gone is found out within half a minute."""
logger = logging.getLogger(__name__)


def parse_url(place: str) -> URL:
    """The URL as SQLAlchemy takes it, for the driver that is used here.

    Raises:
        RaiseError: if it is no PostgreSQL URL; passwords are not repeated.
    """
    if not place.startswith(SCHEMES):
        raise RaiseError(
            f"{masked(place)} is not a PostgreSQL URL: write postgresql://user@host/database, or a folder."
        )
    try:
        return make_url(place).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise RaiseError(f"{masked(place)} cannot be read: write postgresql://user@host:5432/database.") from None


class Database:
    """Connections to one database, whose tables are made or brought up to date when it is opened.

    Args:
        place: ``postgresql://...``.
        outage: seconds that work waits for a database that is away.

    Attributes:
        name: the URL without secrets.

    Raises:
        RaiseError: if it cannot be opened.
    """

    def __init__(self, place: str, *, outage: float = OUTAGE) -> None:
        url = parse_url(place)
        self.name, self._outage = masked(url.render_as_string(hide_password=True)), outage
        self._pause = threading.Event()  # never set: something to wait on
        self._told = -BETWEEN
        try:
            self._engine: Engine = create_engine(
                url,
                isolation_level="AUTOCOMMIT",
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_reset_on_return=None,  # each statement is a transaction of its own
                hide_parameters=True,
                connect_args=CONNECT,
            )
            with self._engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
                migrate(connection)
        except (ImportError, NoSuchModuleError) as error:
            raise RaiseError(
                "a PostgreSQL store needs a driver: install the extra, pip install 'raise-penguin[postgres]'."
            ) from error
        except SQLAlchemyError as error:
            raise RaiseError(
                f"the store {self.name} cannot be opened ({_words_of(error)}): see to address, user and rights."
            ) from None  # the cause may repeat the password

    def run(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, given a connection that commits each statement.

        If the database is away, or two writers collide, ``work`` is done again, so it must bear that.

        Raises:
            StoreError: if the database stays away, or refuses for another reason.
        """
        began, wait = time.monotonic(), FIRST_WAIT
        while True:
            try:
                with self._engine.connect() as connection:
                    return work(connection)
            except SQLAlchemyError as error:
                most = WHEN_STOPPING if STOP.asked else self._outage
                if not _passes(error) or time.monotonic() - began > most:
                    raise self._refusal(error) from None
                if time.monotonic() - began > UNTOLD:
                    self._tell(error)
            self._pause.wait(wait)
            wait = min(LONGEST_WAIT, 2 * wait)

    def _tell(self, error: SQLAlchemyError) -> None:
        """Say that work waits, once in a while, whoever waits."""
        if time.monotonic() - self._told > BETWEEN:
            self._told = time.monotonic()
            logger.warning("the store %s is away; work waits until it is back: %s", self.name, _words_of(error))

    def _refusal(self, error: SQLAlchemyError) -> StoreError:
        return StoreError(
            f"the store {self.name} cannot be used ({_words_of(error)}): see to the database, and run the same command "
            "again."
        )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _passes(error: SQLAlchemyError) -> bool:
    """Whether the same may succeed a little later."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, NoConnectionFree)  # the others wait for the database, too
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the connection broke, or there was none
        return error.connection_invalidated or type(error).__name__ == "OperationalError"
    return error.connection_invalidated or str(state).startswith(AWAY)


def _words_of(error: SQLAlchemyError) -> str:
    """What the database says, in one line and without secrets."""
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    return masked(" ".join(said.split())[:200])
