"""Nodes of a Ray cluster on this machine, each of which can be killed as a machine's failure would."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
PATIENT = {
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_niceness": "0",  # else a worker gets next to nothing of a busy machine
    "PYTHONPATH": str(ROOT),
}
"""How long Ray waits for its own parts on a busy machine, and where workers find what is not installed."""


def ports() -> dict[str, Any]:
    """Ports of a node's agents: without them Ray looks for ones, and gives up where a busy machine takes long."""
    names = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    return {name: free_port() for name in names}


class Nodes:
    """A head that only leads, and nodes of one processor each.

    Attributes:
        address: of the cluster.
    """

    def __init__(self, count: int) -> None:
        from ray.cluster_utils import Cluster

        self._cluster: Any = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **ports()}
        )
        self._nodes = [self._cluster.add_node(num_cpus=1, **ports()) for _ in range(count)]
        self.address = str(self._cluster.address)

    def kill(self, number: int) -> None:
        """End a node with SIGKILL; its workers go with it."""
        self._cluster.remove_node(self._nodes[number], allow_graceful=False)

    def shut_down(self) -> None:
        """End all."""
        self._cluster.shutdown()


@contextmanager
def ray_nodes(count: int) -> Iterator[Nodes]:
    """Running nodes."""
    before = {name: os.environ.get(name) for name in PATIENT}
    os.environ.update(PATIENT)
    nodes = Nodes(count)
    try:
        yield nodes
    finally:
        nodes.shut_down()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
