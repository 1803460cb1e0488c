"""Passwords and keys in URLs, and keys that a server repeats, are in no file and no line that a command leaves."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from lms import Role, RoleSettings
from tests.cli.conftest import Ran, Run
from tests.cli.test_resume import COMPILE
from tests.servers.openai_server import Fault, OpenAIServer, only

PASSWORD, KEY = "correct-horse-7", "mykey-not-of-any-known-form"
REAL = ["--target", "openai/gpt-4o", "--judge", "openai/judge"]
USER = ["--user", "openai/user"]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the local server."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def leaks(*ran: Ran) -> list[str]:
    """Files under this folder, and outputs, that hold a secret."""
    files = [file for file in Path().rglob("*") if file.is_file()]
    sources = {str(file): file.read_bytes() for file in files}
    sources |= {f"output {i}": f"{each.out}\n{each.err}".encode() for i, each in enumerate(ran)}
    return [name for name, content in sources.items() if PASSWORD.encode() in content or KEY.encode() in content]


WORKING = {
    "compile": [*COMPILE, "--trials", "2", *REAL, *USER],
    "evaluate": ["evaluate", "raise", "--limit", "2", *REAL, *USER],
    "plan": ["plan", "--out", "paths.jsonl", "--queries", "2", "--evaluations", "2", *REAL],
    "reproduce": ["reproduce", "--only", "figure4", "--sample", "7", *REAL, *USER],
    "generate": [
        "data",
        "generate",
        "--out",
        "x.jsonl",
        "--domains",
        "life",
        "--situations",
        "1",
        "--teacher",
        "openai/t",
    ],
    "doctor": ["doctor", "--ask", *REAL, *USER],
}


@pytest.mark.parametrize("name", list(WORKING))
@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.usefixtures("quiet_again", "tracked")
def test_no_command_leaves_the_key(run: Run, name: str, failing: bool) -> None:
    """Not when all is well, and not when the server repeats the key in its errors."""
    with OpenAIServer(faults=lambda index, body: Fault.REPEATS_KEY if failing else None) as server:
        ran = [run(*WORKING[name], "--api-base", server.url, *more) for more in (["-v"], ["--json"])]
        assert f"Bearer {KEY}" in {request.headers["authorization"] for request in server.requests}
    assert leaks(*ran) == []
    assert ("key of yours, ***, is out" in ran[0].out + ran[0].err) is failing


def test_a_reason_in_the_figures_names_no_key(run: Run) -> None:
    with OpenAIServer(faults=only(Role.JUDGE, Fault.REPEATS_KEY)) as server:
        ran = run("evaluate", "vanilla", "--limit", "2", "--api-base", server.url, "--json", *REAL, *USER)
    assert "this key of yours, ***, is out of order" in str(ran.object["programs"][0]["unscored_reasons"])
    assert leaks(ran) == []


def test_a_key_of_raise_toml_is_one_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with OpenAIServer(faults=only(Role.TARGET, Fault.REPEATS_KEY)) as server:
        settings = f'[roles.target]\nmodel = "openai/gpt-4o"\napi_base = "{server.url}"\napi_key = "{KEY}"\n'
        Path("raise.toml").write_text(settings, encoding="utf-8")
        ran = run("evaluate", "vanilla", "--limit", "2", "--judge", "sim/judge", "--user", "sim/user")
        Path("raise.toml").unlink()
    assert "key of yours, ***, is out" in " ".join(ran.out.split())
    assert leaks(ran) == []


@pytest.mark.parametrize(
    ("name", "where"),
    [*((name, "--api-base") for name in WORKING), ("evaluate", "RAISE_API_BASE"), ("evaluate", "raise.toml")],
)
def test_an_address_with_a_password_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, where: str
) -> None:
    words = WORKING[name]
    with OpenAIServer() as server:
        address = server.url.replace("http://", f"http://me:{PASSWORD}@")
        if where == "--api-base":
            words = [*words, where, address]
        elif where == "raise.toml":
            Path(where).write_text(f'api_base = "{server.url}?key={PASSWORD}"', encoding="utf-8")
        else:
            monkeypatch.setenv(where, address)
        ran = run(*words)
        assert server.count == 0
    Path("raise.toml").unlink(missing_ok=True)
    assert (ran.code, ran.out) == (2, "")
    assert "api_base: it holds a password or key" in ran.err
    assert list(Path().iterdir()) == []
    assert PASSWORD not in ran.err


def test_python_code_is_not_shown_the_password_either() -> None:
    with pytest.raises(ValidationError) as refused:
        RoleSettings(model="openai/gpt-4o", api_base=f"http://me:{PASSWORD}@host/v1")
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        ["compile", "--storage", f"postgresql://me:{PASSWORD}@127.0.0.1:9/studies"],
        ["compile", "--storage", f"mysql+nodriver://me:{PASSWORD}@127.0.0.1:9/studies"],
        ["compile", f"http://me:{PASSWORD}@host/"],
        ["evaluate", f"http://me:{PASSWORD}@host/"],
        ["evaluate", "vanilla", "--data", f"http://me:{PASSWORD}@host/"],
        ["evaluate", "vanilla", "--target", f"http://me:{PASSWORD}@host/"],
        ["data", "import", f"http://me:{PASSWORD}@host/x", "--out", "x.jsonl"],
    ],
)
def test_a_refusal_quotes_no_password(run: Run, words: list[str]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert "***@" in ran.err
    assert PASSWORD not in ran.out + ran.err


@pytest.mark.parametrize("address", ["postgresql://me:{}@127.0.0.1:9/runs", "nonsense://me:{}@host/runs"])
def test_a_tracking_server_is_named_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address.format(PASSWORD))
    for words in (["compile", *COMPILE[1:], "--trials", "2"], ["ui"]):
        ran = run(*words)
        assert ran.code == 2
        assert "***@" in ran.err
        assert leaks(ran) == []
