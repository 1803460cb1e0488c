"""Brackets in names, paths and error texts are shown as they are: no style, no crash, nothing lost."""

from pathlib import Path
from typing import Any

import pytest

from tests.servers.openai_server import Fault, OpenAIServer

NAMES = ["[red]x[/red]", "[/]", "a [bold] b", "[link=x]y"]


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_name_is_quoted_whole(run: Any, name: str) -> None:
    ran = run("evaluate", name)
    assert ran.code == 2
    assert name in ran.err


@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_says_which_model(run: Any, name: str) -> None:
    model = f"openai/{name}"
    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server:
        models = ["--target", model, "--judge", "sim/judge", "--user", "sim/user"]
        ran = run("evaluate", "vanilla", *models, "--api-base", server.url, "--limit", "2")
    assert ran.code == 2
    assert model in ran.err
    assert "incorrect API key" in ran.err


def test_tables_and_paths_show_them(run: Any) -> None:
    folder = Path("[red]runs[/red]")
    ran = run("plan", "--queries", "2", "--evaluations", "2", "--out", f"{folder}/[b]paths[/b].jsonl")
    assert ran.code == 0
    assert f"{folder}/[b]paths[/b].jsonl" in ran.out
    data = Path("[bold]set.jsonl")
    assert run("data", "build", "--source", "authored", "--out", str(data)).code == 0
    shown = run("evaluate", "vanilla", "--data", str(data), "--limit", "2")
    assert shown.code == 0
    assert "on [bold]set file" in " ".join(shown.out.split())
