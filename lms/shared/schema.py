"""The tables of a shared store, in a PostgreSQL schema of their own, and how older ones are brought up to date."""

from sqlalchemy import Connection, text

from signatures import RaiseError

SCHEMA = "raise"
"""The PostgreSQL schema; other programs may have theirs in the same database."""
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # a row without a reply is a claim
        f"CREATE TABLE {SCHEMA}.replies (key text PRIMARY KEY, reply bytea, worker text NOT NULL)",
        f"CREATE TABLE {SCHEMA}.workers (name text PRIMARY KEY, seen timestamptz NOT NULL, batch bigint NOT NULL)",
        # a worker adds to rows of its own, so that workers do not wait for each other
        f"CREATE TABLE {SCHEMA}.usage (job text NOT NULL, role text NOT NULL, worker text NOT NULL, "
        "calls bigint NOT NULL, input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, "
        "cost_usd double precision NOT NULL, unpriced bigint NOT NULL, PRIMARY KEY (job, role, worker))",
        f"CREATE TABLE {SCHEMA}.rows (journal text NOT NULL, key text NOT NULL, content bytea NOT NULL, "
        "PRIMARY KEY (journal, key))",
        # when the next call of a rate limit may begin
        f"CREATE TABLE {SCHEMA}.rates (name text PRIMARY KEY, free timestamptz NOT NULL)",
        # what of a limit is handed out to the workers of a run
        f"CREATE TABLE {SCHEMA}.allowances (name text PRIMARY KEY, granted double precision NOT NULL, "
        "members integer NOT NULL, seen timestamptz NOT NULL)",
    ),
)
"""Statements by version: the first entry leads from nothing to version 1. Entries are added, never changed."""
LOCK = 6_723_401_188
"""Of the one that migrates; any number that other programs do not use."""


def migrate(connection: Connection) -> None:
    """Make the tables, or bring them up to date, in one transaction; one process at a time.

    Raises:
        RaiseError: if a later version of RAISE made them.
    """
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        connection.execute(text(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.schema_version (version integer NOT NULL)"))
        version = connection.execute(text(f"SELECT max(version) FROM {SCHEMA}.schema_version")).scalar() or 0  # noqa: S608
        if version > len(MIGRATIONS):
            raise RaiseError(
                f"the database has version {version} of the store, this RAISE knows {len(MIGRATIONS)}: upgrade "
                "RAISE, or name another database."
            )
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            for statement in statements:
                connection.execute(text(statement))
            connection.execute(text(f"INSERT INTO {SCHEMA}.schema_version VALUES (:v)"), {"v": number})  # noqa: S608
