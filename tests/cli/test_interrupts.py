"""Ctrl-C: nothing more is asked for, what is under way is kept, and the next run goes on; a second one ends at once."""

import json
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.test_resume import COMMANDS, figures, finish, start
from tests.servers.openai_server import Body, Fault, OpenAIServer

HELD = 4
"""Requests under way when the command is stopped."""


class Holding:
    """Lets requests pass until told to hold them, then holds those that come in."""

    def __init__(self) -> None:
        self.after: int | None = None

    def __call__(self, index: int, body: Body) -> Fault | None:
        return Fault.HELD if self.after is not None and index >= self.after else None


def told(process: subprocess.Popen[str], words: str) -> str:
    """What the command says on stderr until it says ``words``."""
    assert process.stderr is not None
    said = ""
    while words not in said:
        line = process.stderr.readline()
        assert line, f"{words!r} was not said: {said}"
        said += line
    return said


@pytest.mark.parametrize(("name", "number"), [("evaluate", signal.SIGTERM), ("compile", signal.SIGINT)])
def test_what_is_under_way_is_kept_and_nothing_more_is_asked_for(
    name: str, number: signal.Signals, tmp_path: Path
) -> None:
    holding = Holding()
    with OpenAIServer(faults=holding) as server:
        undisturbed = finish(start(COMMANDS[name], server, tmp_path / "undisturbed", concurrency=HELD))
        needed = server.count
        holding.after = needed + needed // 2
        process = start(COMMANDS[name], server, tmp_path / "stopped", concurrency=HELD)
        server.wait_for(holding.after + 1)
        process.send_signal(number)
        told(process, "stopping:")
        server.release()
        _, said = process.communicate()
        stopped_at = server.count
        resumed = finish(start(COMMANDS[name], server, tmp_path / "stopped", concurrency=HELD))
        asked = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    assert process.returncode == 130
    assert "the same command again goes on" in said
    assert stopped_at <= holding.after + HELD
    assert figures(resumed) == figures(undisturbed)
    assert Counter(asked[needed:]) == Counter(asked[:needed])


def test_the_second_ends_at_once_although_the_endpoint_hangs(tmp_path: Path) -> None:
    holding = Holding()
    holding.after = 5
    with OpenAIServer(faults=holding) as server:
        process = start(COMMANDS["evaluate"], server, tmp_path, concurrency=HELD)
        server.wait_for(holding.after + HELD)
        process.send_signal(signal.SIGINT)
        told(process, "stopping:")
        process.send_signal(signal.SIGINT)
        said = told(process, "the same command again goes on")
        assert process.wait(30) == 130  # the server would hold for a minute, and the client wait for two
        assert server.count == holding.after + HELD
    assert "Traceback" not in said
