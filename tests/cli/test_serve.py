"""``raise serve``: what it refuses, and which program, model and key it serves with."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.options.groups import Answering
from cli.served import RETRIES, Served, open_served
from lms import RoleSettings
from modules import RAISE
from signatures import RaiseError
from tests.cli.conftest import Run
from tests.servers.ports import free_port


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A program folder, compiled for an endpoint."""
    role = {"model": "openai/small", "api_base": "http://127.0.0.1:1/v1", "temperature": 0.3, "retries": 9}
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps({"target": "openai/small", "roles": {"target": role}}))
    RAISE().save(folder)
    return str(folder)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """With what the command would have served."""
    given: list[dict[str, Any]] = []

    def make_app(members: Any, models: Any, **options: Any) -> None:
        given.append({"members": members, "models": models, **options})

    monkeypatch.setattr("serving.app.make_app", make_app)
    monkeypatch.setattr("serving.logs.write_json_lines", lambda: None)
    monkeypatch.setattr("serving.server.serve", lambda app, *place: given.append({"place": place}))
    return given


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("vanilla",), "'vanilla' is no RAISE program"),
        (("rais",), "did you mean 'raise'"),
        (("raise:nobody",), "write raise:VARIANT"),
        (("raise", "--host", "0.0.0.0"), "--host 0.0.0.0 lets others in: set RAISE_API_KEY"),
        (("raise", "--host", "no such host"), "nothing can listen on port"),
        (("raise", "--country", "XX"), "--country XX: there are no contacts for it"),
        (("raise", "--target", "sim/nobody"), "unknown stand-in"),
    ],
)
def test_mistakes_are_one_sentence(run: Run, served: list[dict[str, Any]], words: tuple[str, ...], wrong: str) -> None:
    ran = run("serve", *words, "--port", str(free_port()))
    assert (ran.code, ran.out, served) == (2, "", [])
    assert wrong in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_taken_port_is_one_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("serve", "raise", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "nothing can listen on port" in ran.err


def test_others_are_let_in_with_a_key_of_env(run: Run, served: list[dict[str, Any]]) -> None:
    Path(".env").write_text("RAISE_API_KEY=from-the-file\n", encoding="utf-8")
    port = str(free_port())
    ran = run(
        "serve", "raise", "--host", "0.0.0.0", "--port", port, "--turns", "3", "--timeout", "9", "--country", "de"
    )
    assert ran.code == 0
    app, server = served
    assert app["key"] == "from-the-file"
    assert (app["limits"].turns, app["limits"].seconds) == (3, 9)
    assert app["members"][0].program.settings.country == "DE"
    assert server["place"] == ("0.0.0.0", int(port), 9)
    assert "sim/gpt-4o is a stand-in" in ran.err
    assert f"raise answers at http://0.0.0.0:{port}/v1" in ran.err
    assert "from-the-file" not in ran.err


def target(served: Served) -> RoleSettings:
    return served.target


def test_the_model_is_the_one_that_the_program_was_compiled_for(program: str) -> None:
    found = target(open_served(program, Answering()))
    assert (found.model, found.api_base, found.temperature) == ("openai/small", "http://127.0.0.1:1/v1", 0.3)
    assert found.retries == RETRIES  # somebody waits


def test_raise_toml_adds_what_a_card_does_not_have(program: str) -> None:
    Path("raise.toml").write_text('[roles.target]\napi_key = "k3y"\ntimeout = 7\n', encoding="utf-8")
    found = target(open_served(program, Answering()))
    assert (found.model, found.timeout, found.api_base) == ("openai/small", 7, "http://127.0.0.1:1/v1")
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == "k3y"


def test_another_model_or_endpoint_can_be_named(program: str) -> None:
    assert target(open_served(program, Answering(target="sim/llama-3.1-8b"))).model == "sim/llama-3.1-8b"
    assert target(open_served(program, Answering(api_base="http://127.0.0.1:2/v1"))).api_base == "http://127.0.0.1:2/v1"
    Path("raise.toml").write_text('[roles.target]\nmodel = "sim/gpt-4o"\n', encoding="utf-8")
    assert target(open_served(program, Answering())).model == "sim/gpt-4o"


def test_an_entry_that_does_not_fit_is_one_sentence(program: str) -> None:
    Path("raise.toml").write_text("[roles.target]\ntimeout = -1\n", encoding="utf-8")
    with pytest.raises(RaiseError, match="the target model cannot be set up"):
        open_served(program, Answering())


def test_tools_for_agents_need_a_free_port_and_a_program(run: Run) -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run("mcp", "raise", "--port", str(taken.getsockname()[1]))
    assert (ran.code, ran.out) == (2, "")
    assert "nothing can listen on port" in ran.err
    assert "did you mean 'raise'" in run("mcp", "rais").err


FIRST_TURN = """
import asyncio, sys
from cli.options.serve import Options
from cli.served import open_served
from serving.limits import Limits
from serving.metrics import Metrics
from serving.turns import Turns

served = open_served("raise", Options(program="raise"))
turns = Turns(served.members, served.models, Limits(), Metrics())
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
for words in ("Should I quit my job?", "\u6211\u60f3\u8f9e\u804c"):
    asyncio.run(turns.take(served.members[0], [{"role": "user", "content": words}]))
print([name for name in opened if "crisis" in name])
"""


def test_the_first_message_does_not_wait_for_the_tables_of_the_guard() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", FIRST_TURN], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
