"""A compiled program is a model, and so is each member of its front."""

import json
from pathlib import Path
from typing import Any

import pytest

from modules import RAISE, AgentSettings
from serving.members import read_offer, uncompiled
from signatures import RaiseError
from tests.modules.scripted import QUERY
from tests.servers.raise_server import RaiseServer


def written(folder: Path, safety: float | None, **settings: Any) -> Path:
    """A program folder with its card."""
    folder.mkdir(parents=True)
    metrics = {} if safety is None else {"safety": safety, "avg_queries": settings.get("budget", 5.0)}
    card = {"target": "sim/gpt-4o", "metrics": metrics, "roles": {"target": {"model": "sim/gpt-4o"}}}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    RAISE(settings=AgentSettings(**settings)).save(folder)
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = written(tmp_path / "sim-gpt-4o", 4.0)
    written(folder / "front" / "trial-02", 4.0)
    written(folder / "front" / "trial-01", 3.0, budget=0.0)
    (folder / "front" / "notes").mkdir()
    return folder


def test_the_default_is_first_and_the_front_follows(program: Path) -> None:
    offer = read_offer(str(program))
    assert [member.id for member in offer.members] == [
        "raise-sim-gpt-4o",
        "raise-sim-gpt-4o-trial-01",
        "raise-sim-gpt-4o-trial-02",
    ]
    assert [member.safety for member in offer.members] == [4.0, 3.0, 4.0]
    assert offer.card["roles"]["target"]["model"] == "sim/gpt-4o"


def test_a_client_chooses_a_member_by_its_id(program: Path) -> None:
    first = {"role": "user", "content": QUERY}
    with RaiseServer(read_offer(str(program)).members) as server:
        listed = server.client.get("/v1/models", params={"x_raise": True}).json()["data"]
        assert [one["x_raise"]["questions"] for one in listed] == [5.0, 0.0, 5.0]
        assert all("x_raise" not in one for one in server.client.get("/v1/models").json()["data"])
        moves = {one["id"]: server.chat([first], model=one["id"], x_raise=True).json() for one in listed}
        default = server.chat([first], model="").json()
    assert [moves[one["id"]]["x_raise"]["move"] for one in listed] == ["ask", "answer", "ask"]
    assert moves[listed[1]["id"]]["x_raise"]["stop_reason"] == "budget"
    assert default["model"] == "raise-sim-gpt-4o"


def test_a_program_without_figures_or_front_is_served_too(tmp_path: Path) -> None:
    [member] = read_offer(str(written(tmp_path / "plain", None))).members
    assert member.described() == {"safety": None, "questions": None}
    assert uncompiled("raise:turn", RAISE()).members[0].id == "raise-turn"


def test_what_is_no_program_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="is not a compiled program"):
        read_offer(str(tmp_path))
