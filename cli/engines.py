"""Who does the work of a command: this process, or the workers of a cluster (``--engine``)."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout

from benchmark.jobs.cluster import Cluster, open_cluster
from benchmark.jobs.place import Place
from cli.options.groups import Spread
from lms import Role, RoleSettings
from signatures import RaiseError
from signatures.errors import unknown

ENGINES = ("local", "ray")


def refuse_unknown_engine(options: Spread) -> None:
    """Refuse what ``--engine`` cannot be, before any work is done.

    Raises:
        RaiseError: if there is no such engine, or an address without it.
    """
    if options.engine not in ENGINES:
        raise RaiseError(unknown("engine", options.engine, ENGINES))
    if options.ray_address and options.engine != "ray":
        raise RaiseError("--ray-address is for --engine ray: pass both.")


@contextmanager
def engine_of(options: Spread, place: Place, at_once: int = 1) -> Iterator[Cluster | None]:
    """The cluster that the options name, with its workers; None for this process.

    Args:
        at_once: pieces of work that a worker does at the same time.

    Raises:
        RaiseError: if the cluster cannot be reached, or its machines cannot reach the store.
    """
    if options.engine != "ray":
        yield None
        return
    # Ray writes what it has to say of dead nodes to stdout, which is for results
    with redirect_stdout(sys.stderr), open_cluster(options.ray_address, at_once) as cluster:
        if place.database is None and not cluster.one_machine:
            raise RaiseError(
                "the machines of the cluster need a store that all of them reach: name one, "
                "--store postgresql://user@host/database."
            )
        yield cluster


def refuse_limits_apart(options: Spread, place: Place, roles: Mapping[Role, RoleSettings], *limits: object) -> None:
    """Refuse limits that each worker would keep for itself.

    Args:
        limits: on what may be spent, as the options say it; None sets none.

    Raises:
        RaiseError: if there is one, or a rate limit, on a cluster whose store is a folder.
    """
    if options.engine != "ray" or place.database is not None:
        return
    paced = [role.value for role, settings in roles.items() if settings.requests_per_minute]
    if paced or any(limit is not None for limit in limits):
        what = f"requests_per_minute of the {paced[0]}" if paced else "--max-calls and --max-usd"
        raise RaiseError(
            f"{what} is kept by the workers of a cluster together in a database alone: name one, "
            "--store postgresql://user@host/database."
        )
