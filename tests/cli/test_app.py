"""The entry point: help, exit codes, logs, and what becomes of errors."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.logs import PACKAGES
from lms import Role
from tests.cli.conftest import Run
from tests.cli.test_resume import PLAN, start
from tests.servers.openai_server import Fault, OpenAIServer, only


def test_without_a_command_the_help_is_printed(run: Run) -> None:
    for words in ([], ["data"]):
        ran = run(*words)
        assert (ran.code, ran.err) == (2, "")
        assert "Usage: raise" in ran.out
        assert "describe" in ran.out or "compile" in ran.out


def test_python_m_cli_is_raise() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "data", "describe", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert json.loads(done.stdout)["n"] == 7000


@pytest.mark.usefixtures("quiet_again")
@pytest.mark.parametrize("words", [["-v", "doctor", "--json"], ["doctor", "--json", "--verbose"]])
def test_verbose_logs_on_stderr_before_or_after_the_command(run: Run, words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == 0
    assert ran.object["ok"] is True
    assert "INFO cli.work: doctor took" in ran.err
    logging.getLogger("somebody.else").warning("not ours")
    assert "not ours" not in run("doctor").err


@pytest.mark.usefixtures("quiet_again")
def test_verbosity_is_about_our_packages_alone(run: Run) -> None:
    before = logging.getLogger().level, logging.getLogger("dspy").level
    run("-vv", "doctor")
    assert {logging.getLogger(name).level for name in PACKAGES} == {logging.DEBUG}
    assert logging.getLogger().level == before[0]
    assert logging.getLogger("dspy").level in {before[1], logging.ERROR}


def test_nothing_is_logged_unless_asked_for(run: Run) -> None:
    assert run("doctor").err == ""


def test_a_refusal_of_the_provider_is_one_sentence(run: Run) -> None:
    with OpenAIServer(faults=only(Role.TARGET, Fault.UNAUTHORIZED)) as server:
        models = ["--target", "openai/gpt-4o", "--judge", "openai/judge", "--api-base", server.url]
        ran = run("plan", "--out", "paths.jsonl", "--queries", "2", *models)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert ran.err.splitlines()[-1].startswith("error: ")


def test_stopped_by_the_user_is_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        process = start(PLAN, server, tmp_path / "stopped")
        server.wait_for(3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "stopped; the same command again goes on where this one stopped." in err
    assert "Traceback" not in err
