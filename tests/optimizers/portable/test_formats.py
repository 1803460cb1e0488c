"""Each format is made from one file, says so, and is what its tool takes."""

import contextlib
import json
import re
from typing import Any

import pytest
import yaml
from dspy.utils.exceptions import AdapterParseError
from jsonschema import Draft202012Validator
from mlflow.entities.model_registry import PromptVersion

from lms import Role
from modules import RAISE, AgentSettings
from optimizers.portable.build import build_export
from optimizers.portable.formats import FORMATS, SAMPLES, export_program, write_export
from optimizers.portable.order import order_of
from optimizers.portable.placeholders import PLACEHOLDER
from optimizers.portable.schema import SCHEMA_FILE, schema_text
from tests.lms.real import over_http
from tests.optimizers.portable.programs import SETTINGS, program_of
from tests.servers.openai_server import OpenAIServer

PREDICTORS = ["triage", "abstain", "plan", "ask", "read", "respond"]
CARD = {
    "target": "openai/gpt-4o-mini",
    "simulated": False,
    "roles": {"target": {"model": "openai/gpt-4o-mini", "temperature": 0.7}},
    "metrics": {"safety": 4.0, "safety_lo": 3.9, "safety_hi": 4.1},
}


def exported(form: str, variant: str = "scale") -> Any:
    text = export_program(program_of(variant), form, card=CARD, name="mine")
    return yaml.safe_load(text)


@pytest.mark.parametrize("form", FORMATS)
def test_each_says_which_file_is_the_source_of_truth(form: str) -> None:
    assert "source of truth" in export_program(program_of("scale"), form, card=CARD, name="mine")


def test_the_shipped_schema_is_that_of_the_classes_and_holds_for_exports() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
    content = json.loads(export_program(program_of("scale"), "json", card=CARD))
    Draft202012Validator(json.loads(schema_text())).validate(content)
    assert content["card"]["figures"] == CARD["metrics"]
    assert content["sampling"] == {"temperature": 0.7}


def test_yaml_is_json_without_what_nobody_edits() -> None:
    whole, short = exported("json"), exported("yaml")
    data = {"retrieval", "checks", "guard"}
    assert {name: part for name, part in whole.items() if name not in {*data, "made"}} == {
        name: part for name, part in short.items() if name not in {*data, "made"}
    }


def test_patterns_need_no_library() -> None:
    content = build_export(program_of("scale"))
    assert content.guard is not None
    assert content.checks is not None
    families = [family["pattern"] for tongue in content.guard.languages for family in tongue["families"]]
    patterns = [*families, *content.guard.patterns.values(), *content.guard.concepts.values()]
    patterns += [*content.checks.patterns.values(), *content.checks.values.values(), *content.checks.questions.values()]
    assert not [pattern for pattern in patterns if r"\p" in pattern or "(?P" in pattern or r"\A" in pattern]
    assert all(re.compile(pattern) for pattern in patterns)


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        ("scale", "answer from a completeness of 4 on (0 to 5)"),
        ("binary", "says yes (answer) or no (ask)"),
        ("basic", "says answer, or names the attribute"),
        ("vote", "3 times at once; answer if at least 0.6 of the ratings"),
        ("fused", "names the attribute to ask about and words the question"),
        ("turn", "the one call of a turn"),
        ("eager", "triage, beside abstain and plan"),
        ("planned", "plan is not called while planned paths favour an attribute"),
    ],
)
def test_the_order_of_calls_is_that_of_the_variant(variant: str, said: str) -> None:
    order = "\n".join(order_of(SETTINGS[variant]))
    assert said in order
    assert ("completeness" in order) is (variant in ("scale", "vote", "fused", "turn", "eager", "planned"))
    assert said in export_program(program_of(variant), "markdown")


def test_the_order_tells_budget_and_what_is_never_asked() -> None:
    order = "\n".join(order_of(AgentSettings(budget=2.5, never_ask=frozenset({"age"}), phrasing="plain")))
    assert "a burden of 2.5" in order
    assert "Never asked: age." in order
    assert "ask is not called" in order


def test_messages_are_whole() -> None:
    content = exported("messages")
    assert [*content] == ["note", *PREDICTORS]
    assert "{{instructions}}" not in str(content)
    assert set(PLACEHOLDER.findall(content["respond"][-1]["content"])) == {"query", "context"}


@pytest.mark.parametrize("variant", ["scale", "turn", "fused"])
def test_openai_bodies_are_what_is_sent_to_an_endpoint_that_takes_schemas(variant: str) -> None:
    program = RAISE(settings=SETTINGS[variant])
    bodies = json.loads(export_program(program, "openai", card=CARD))
    with OpenAIServer("{}") as server:
        models = over_http(server.url, structured=True)
        for name, predictor in program.named_predictors():
            with models.context(Role.TARGET), contextlib.suppress(AdapterParseError):
                predictor(**{field: f"some {field}" for field in predictor.signature.input_fields})
            sent = server.requests[-1].body
            body = json.loads(re.sub(r"\{\{(\w+)\}\}", r"some \1", json.dumps(bodies[name])).replace("\\u2060", ""))
            assert sent["messages"] == body["messages"]
            assert without_titles(sent["response_format"]) == without_titles(body["response_format"])


def without_titles(part: Any) -> Any:
    """A schema without what only people read."""
    if isinstance(part, dict):
        return {name: without_titles(entry) for name, entry in part.items() if name not in {"title", "default"}}
    return part


def test_promptfoo_has_a_provider_a_prompt_and_a_test_for_each_predictor() -> None:
    content = exported("promptfoo")
    assert [prompt["label"] for prompt in content["prompts"]] == PREDICTORS
    assert [provider["label"] for provider in content["providers"]] == PREDICTORS
    assert {provider["id"] for provider in content["providers"]} == {"openai:chat:gpt-4o-mini"}
    for prompt, test in zip(content["prompts"], content["tests"], strict=True):
        messages = json.loads(prompt["raw"])
        assert set(PLACEHOLDER.findall(messages[-1]["content"])) == set(test["vars"])
        assert test["providers"] == [prompt["label"]]


def test_every_input_has_a_sample() -> None:
    inputs = {field for variant in SETTINGS for p in build_export(program_of(variant), whole=False).predictors.values()
              for field in p.inputs}  # fmt: skip
    assert inputs == set(SAMPLES)


def test_mlflow_takes_what_is_for_it(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = exported("mlflow")
    monkeypatch.chdir(tmp_path)
    for entry in entries:
        prompt = PromptVersion(  # type: ignore[abstract]
            entry["name"], 1, entry["template"], entry["commit_message"], tags=entry["tags"]
        )
        assert prompt.variables == set(PLACEHOLDER.findall(entry["template"][-1]["content"]))


def test_langfuse_bodies_have_what_its_api_asks_for() -> None:
    for body in exported("langfuse"):
        assert (body["type"], body["labels"]) == ("chat", ["production"])
        assert {message["role"] for message in body["prompt"]} >= {"system", "user"}


def test_text_comes_out_the_same_twice() -> None:
    export = build_export(program_of("scale"))
    assert all(write_export(export, form) == write_export(export, form) for form in FORMATS)
