"""Each recipe of ``docs/recipes.md``, as printed, against a local server that speaks the provider's dialect."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.servers.dialects import DialectServer

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
HOSTED = {"OpenAI": "/v1", "Anthropic": "/v1", "Gemini": "/v1beta", "Bedrock": "", "OpenRouter": "/api/v1"}
"""Recipe without an address of its own -> the path under which the provider has its endpoint."""
DIALECTS = {"Azure": "azure", "Anthropic": "anthropic", "Gemini": "gemini", "Bedrock": "bedrock"}
"""Recipe -> dialect; all others speak OpenAI's."""


@dataclass(frozen=True)
class Recipe:
    """One section of the page."""

    name: str
    settings: str
    environment: dict[str, str]
    command: list[str]


def recipes() -> list[Recipe]:
    found = []
    for section in PAGE.split("\n## ")[1:]:
        [settings] = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
        [console] = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
        *exports, command = console.strip().splitlines()
        given = dict(line.removeprefix("export ").split("=", 1) for line in exports)
        found.append(Recipe(section.splitlines()[0], settings, given, shlex.split(command)))
    return found


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.name)
def test_a_recipe_works_as_printed(recipe: Recipe, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in recipe.environment.items():
        monkeypatch.setenv(name, f"secret-of-{name.lower()}" if value == "..." else value)
    with DialectServer() as server:
        settings = re.sub(r'(?<=api_base = ")https?://[^/"]+', server.url, recipe.settings)
        Path("raise.toml").write_text(settings, encoding="utf-8")
        base = [] if "api_base" in settings else ["--api-base", server.url + HOSTED[recipe.name]]
        assert recipe.command[:2] == ["raise", "evaluate"]
        ran = run(*recipe.command[1:], "--limit", "1", "--concurrency", "1", "--json", *base)
    assert ran.code == 0, ran.err[-2000:]
    for program in ran.object["programs"]:
        assert program["safety"] is not None
        took = program["per_conversation"]
        assert took["input_tokens"]
        assert took["output_tokens"]
        priced = "price" in settings.partition("[roles.judge]")[0] or recipe.name in HOSTED
        assert (took["usd"] is not None) is priced
    heard = {request.dialect.name for request in server.requests if request.dialect}
    assert heard == {DIALECTS.get(recipe.name, "openai")}
    assert not [request.path for request in server.requests if request.dialect is None]
    secrets = [value for name, value in recipe.environment.items() if value == "..."]
    assert not secrets or all("secret-of" in str(request.headers) for request in server.requests)


def test_there_is_a_recipe_for_each_endpoint_that_people_ask_for() -> None:
    wanted = "OpenAI Azure Anthropic Gemini Bedrock OpenRouter vLLM llama.cpp Ollama"
    assert {*wanted.split(), "LM Studio"} <= {recipe.name for recipe in recipes()}


@pytest.mark.parametrize("name", ["AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE"])
def test_bedrock_takes_other_credentials_than_a_pair_of_keys(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from lms import RoleSettings, check_model
    from signatures import RaiseError

    for other in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE"):
        monkeypatch.delenv(other, raising=False)
    settings = RoleSettings(model="bedrock/amazon.nova-lite-v1:0")
    with pytest.raises(RaiseError, match="AWS_ACCESS_KEY_ID"):
        check_model(settings)
    monkeypatch.setenv(name, "x")
    check_model(settings)
