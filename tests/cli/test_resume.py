"""A killed run goes on where it stopped: same figures, and no reply that was given is asked for again."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from experiments.kills import OF_THE_RUN, without
from tests.servers.openai_server import OpenAIServer

COMPILE = ["compile", "--train", "4", "--dev", "2", "--test", "3", "--plan-queries", "2", "--evaluations", "3"]
COMMANDS = {
    "evaluate": ["evaluate", "vanilla", "raise", "--limit", "7"],
    "curve": ["evaluate", "greedy:1", "random:2", "--limit", "3", "--curve"],
    "compile": [*COMPILE, "--trials", "3"],
}
PLAN = ["plan", "--out", "paths.jsonl", "--queries", "16", "--evaluations", "3"]  # 16 queries are two waves


def start(words: list[str], server: OpenAIServer, folder: Path, concurrency: int = 1) -> subprocess.Popen[str]:
    """``raise`` on real model strings whose endpoint is the local server."""
    models = ["--target", "openai/gpt-4o", "--judge", "openai/judge"]
    if words[0] != "plan":  # nobody is asked in planning
        models += ["--user", "openai/user"]
    command = [sys.executable, "-c", "from cli.app import main; main()", *words, *models]
    command += ["--api-base", server.url, "--concurrency", str(concurrency), "--json"]
    folder.mkdir(exist_ok=True)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True, env={**os.environ})


def finish(process: subprocess.Popen[str]) -> Any:
    """The object that the command printed."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out)


def figures(result: Any) -> Any:
    """Without what depends on folders, on how often the command was started, and on how long the server took."""
    return without(result, OF_THE_RUN | {"this_run"})


@pytest.mark.parametrize("name", list(COMMANDS))
def test_kill_and_run_again(name: str, tmp_path: Path) -> None:
    with OpenAIServer() as server:
        undisturbed = finish(start(COMMANDS[name], server, tmp_path / "undisturbed"))
        needed = server.count
        process = start(COMMANDS[name], server, tmp_path / "killed")
        server.wait_for(needed + needed // 2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        resumed = finish(start(COMMANDS[name], server, tmp_path / "killed"))
        asked = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    assert figures(resumed) == figures(undisturbed)
    # the one call that was under way when the process died may be asked again; no other
    assert sum((Counter(asked[needed:]) - Counter(asked[:needed])).values()) <= 1
    assert len(asked) <= 2 * needed + 1


def test_a_killed_plan_keeps_its_finished_queries_and_repeats_only_calls_that_were_under_way(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        undisturbed = finish(start(PLAN, server, tmp_path / "undisturbed", concurrency=4))
        needed = server.count
        process = start(PLAN, server, tmp_path / "killed", concurrency=4)
        server.wait_for(needed + needed * 3 // 4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        resumed = finish(start(PLAN, server, tmp_path / "killed", concurrency=4))
        asked = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    assert figures(resumed) == figures(undisturbed)
    assert 0 < resumed["resumed"] < resumed["planned"] == 16
    assert (tmp_path / "killed/paths.jsonl").read_bytes() == (tmp_path / "undisturbed/paths.jsonl").read_bytes()
    assert sum((Counter(asked[needed:]) - Counter(asked[:needed])).values()) <= 4


def test_a_compile_counts_every_call_that_the_server_sees(tmp_path: Path) -> None:
    """Also with conversations at once, and none of those that the store answers."""
    with OpenAIServer() as server:
        first = finish(start(COMMANDS["compile"], server, tmp_path, concurrency=4))
        seen = server.count
        again = finish(start([*COMMANDS["compile"], "--fresh"], server, tmp_path, concurrency=4))
        seen_again = server.count - seen
    assert first["targets"][0]["lm_calls"]["teacher"] > 0  # like the judge, since nobody named another
    assert sum(first["targets"][0]["lm_calls"].values()) == seen > 0
    assert again["targets"][0]["lm_calls"] == {}
    assert seen_again == 0
