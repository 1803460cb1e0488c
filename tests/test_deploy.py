"""The files to deploy the server name what exists, and let nobody in without a key."""

import json
import shlex
from pathlib import Path
from typing import Any

import yaml

from tests.test_docs import parse
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


def test_compose_lets_nobody_in_without_a_key_and_publishes_to_this_machine_alone() -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    parse(["serve", *services["raise"]["command"]])
    assert services["raise"]["environment"]["RAISE_API_KEY"].startswith("${RAISE_API_KEY:?")
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
