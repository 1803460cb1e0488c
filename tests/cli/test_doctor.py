"""``raise doctor``."""

import pytest

from modules.crisis.guard import CONTACTS
from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer


def test_it_is_content_with_stand_ins(run: Run) -> None:
    assert run("doctor", "--json").object["ok"] is True


def test_it_says_whether_the_encoder_is_installed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        found = {check["name"]: check for check in run("doctor", "--json").object["checks"]}["crisis encoder"]
        assert found["ok"] is True
        return str(found["detail"])

    assert said() == "installed"
    monkeypatch.setattr("modules.crisis.encoder.NEEDED", ("no_such_package",))
    assert said().startswith("not installed")


def test_it_prints_the_contacts_for_review(run: Run) -> None:
    listed = run("doctor", "--contacts", "--json").object["contacts"]
    assert {entry["country"] for entry in listed} == set(CONTACTS)
    assert all(entry["source"].startswith("https://") and entry["written"] >= "2026" for entry in listed)
    said = run("doctor", "--contacts")
    assert said.code == 0
    told = " ".join(said.out.split())
    assert "US: 911 in an emergency" in told
    assert "https://988lifeline.org; written 2026-11-30, confirmed by nobody yet" in told


def test_it_names_what_is_missing(run: Run) -> None:
    checked = run("doctor", "--target", "openai/gpt-4o-mini", "--json")
    assert checked.code == 1
    failed = [check for check in checked.object["checks"] if not check["ok"]]
    assert [check["name"] for check in failed] == ["target", "user"]  # the user is like a real target
    assert "OPENAI_API_KEY" in failed[0]["detail"]


def test_it_asks_real_models_if_told_to(run: Run) -> None:
    with OpenAIServer(answer="ready") as server:
        checked = run("doctor", "--target", "openai/gpt-4o-mini", "--api-base", server.url, "--ask")
        assert server.count == 2  # the target, and the user like it
        asked = server.requests[0].body
    assert checked.code == 0
    assert "answered 5 characters" in " ".join(checked.out.split())
    # as a run asks: with a system message and the role's sampling
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert (asked["temperature"], asked["top_p"]) == (0.7, 0.95)


def test_a_model_that_says_nothing_is_not_well(run: Run) -> None:
    with OpenAIServer(answer="") as server:
        checked = run("doctor", "--target", "openai/gpt-4o-mini", "--api-base", server.url, "--ask")
    assert checked.code == 1
    assert "the reply has no text" in " ".join(checked.out.split())
