"""The files to deploy the server name what exists, and let nobody in without a key."""

import json
import shlex
from pathlib import Path
from typing import Any

import yaml

from tests.test_docs import parse
from tests.test_requirements import PROJECT
from tests.test_wheel import BUILT_FROM

DEPLOY = Path(__file__).parent.parent / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def exec_form(instruction: str) -> list[str]:
    """The words of ``ENTRYPOINT`` or ``CMD``."""
    [line] = [line for line in DOCKERFILE.splitlines() if line.startswith(f"{instruction} [")]
    words: list[str] = json.loads(line.partition(" ")[2])
    return words


def test_the_image_has_all_that_the_wheel_is_built_from() -> None:
    copied = {word for line in DOCKERFILE.splitlines() if line.startswith("COPY ") for word in line.split()[1:-1]}
    assert copied == {*BUILT_FROM, "constraints.txt"}


def test_the_commands_can_be_typed() -> None:
    parse([*exec_form("ENTRYPOINT"), *exec_form("CMD")][1:])
    [start] = [line for line in (DEPLOY / "raise.service").read_text().splitlines() if line.startswith("ExecStart=")]
    parse(shlex.split(start)[1:])


def test_the_cluster_needs_a_password_and_is_seen_from_this_machine_alone() -> None:
    text = (DEPLOY / "cluster.yaml").read_text(encoding="utf-8")
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    assert set(services) == {"postgres", "mlflow", "head", "worker", "serve"}
    parse(["serve", *services["serve"]["command"]])
    assert services["worker"]["deploy"]["replicas"] == 2
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
            extras = set(service["build"]["args"]["EXTRAS"].split(","))
            assert extras <= set(PROJECT["optional-dependencies"])
    for name in ("head", "worker"):
        assert "${POSTGRES_PASSWORD:?" in services[name]["environment"]["RAISE_STORE"]
        assert services[name]["entrypoint"][:2] == ["ray", "start"]


def test_the_commands_in_comments_can_be_typed() -> None:
    for name in ("cluster.yaml", "kuberay.yaml"):
        lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
        [command] = [line.partition(" raise evaluate ")[2] for line in lines if " raise evaluate " in line]
        parse(["evaluate", *shlex.split(command)])


def test_kuberay_starts_nodes_of_one_image() -> None:
    spec = yaml.safe_load((DEPLOY / "kuberay.yaml").read_text(encoding="utf-8"))["spec"]
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    containers = [container for group in groups for container in group["template"]["spec"]["containers"]]
    assert {container["image"] for container in containers} == {"raise:latest"}
    assert all(container["envFrom"] == [{"secretRef": {"name": "raise"}}] for container in containers)


def test_compose_lets_nobody_in_without_a_key_and_publishes_to_this_machine_alone() -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    parse(["serve", *services["raise"]["command"]])
    assert services["raise"]["environment"]["RAISE_API_KEY"].startswith("${RAISE_API_KEY:?")
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
