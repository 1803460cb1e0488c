"""``raise chat``, through what is typed and what is shown."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run
from tests.modules.scripted import QUERY
from tests.servers.openai_server import Fault, OpenAIServer

Type = Callable[..., Ran]
ILLNESS = "Do you have a medical condition that matters here?"


@pytest.fixture
def type_in(run: Run, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Run ``raise chat`` and type lines."""

    def call(*lines: str, words: tuple[str, ...] = ()) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return run("chat", *words)

    return call


def test_a_whole_conversation(type_in: Type) -> None:
    ran = type_in(
        QUERY, "/why", "I'm worn out.", "/skip", "/known", "no", "no", "no", "no", "/why", "/quit", "never read"
    )
    assert (ran.code, ran.err) == (0, "")
    assert "sim/gpt-4o, a stand-in" in ran.out
    assert f"? {ILLNESS}" in ran.out
    assert "To know: physical health." in ran.out
    assert "worn out" in ran.out
    assert "(you would rather not say)" in ran.out
    assert "Answer" in ran.out
    assert "It answered because: " in ran.out


def test_it_ends_where_the_input_does(type_in: Type) -> None:
    assert type_in().code == 0
    assert type_in(QUERY).code == 0


def test_what_was_said_can_be_taken_back(type_in: Type) -> None:
    ran = type_in("/undo", QUERY, "I'm worn out.", "/undo", "/known", "/undo", "/known")
    assert "there is nothing to take back" in ran.err
    assert ran.out.count(f"? {ILLNESS}") == 2
    assert ran.out.count("Nothing is known yet.") == 2
    assert ran.out.count("What is on your mind?") == 2


def test_a_conversation_is_saved_for_its_owner_alone(type_in: Type) -> None:
    ran = type_in(QUERY, "I'm worn out.", "/save", "/save .", "/save no/such/folder/chat.json", "/save chat.json")
    saved = json.loads(Path("chat.json").read_text(encoding="utf-8"))
    assert [message["role"] for message in saved["messages"]] == ["user", "assistant"] * 2
    assert saved["messages"][0]["content"] == QUERY
    assert saved["known"] == {"health_status": "worn out"}
    assert Path("no/such/folder/chat.json").is_file()
    assert ran.err.count("error:") == 2
    if os.name == "posix":
        assert stat.S_IMODE(Path("chat.json").stat().st_mode) == 0o600


def test_danger_is_answered_with_help(type_in: Type) -> None:
    ran = type_in("I want to kill myself tonight.", words=("--country", "GB"))
    assert "Help now" in ran.out
    assert "116 123" in " ".join(ran.out.split())


def test_mistakes_are_told_and_change_nothing(type_in: Type) -> None:
    ran = type_in("/skip", "/why", "/wyh", "/model nobody", "/model", "/help", "", QUERY)
    assert ran.code == 0
    for sentence in (
        "there is no question to skip",
        "nothing was asked yet",
        "did you mean 'why'?",
        "unknown model 'nobody'",
    ):
        assert sentence in ran.err
    assert "* raise" in ran.out
    assert "/undo" in ran.out
    assert ILLNESS in ran.out


def test_words_with_brackets_are_shown_as_they_are(type_in: Type) -> None:
    assert type_in("/[bold]x").err.count("[bold]x") == 1


def test_a_model_that_fails_once_can_be_asked_again(type_in: Type) -> None:
    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED if index < 1 else None) as server:
        ran = type_in(QUERY, QUERY, words=("--target", "openai/gpt-4o", "--api-base", server.url))
    assert ran.code == 0
    assert "the model failed" in ran.err
    assert "? " in ran.out


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGINT like this")
def test_ctrl_c_leaves_without_a_trace(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "chat"], env=env, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        assert "stand-in" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert list(tmp_path.iterdir()) == []
