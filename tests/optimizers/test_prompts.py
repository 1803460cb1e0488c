"""Prompts are chat templates in the experiment's registry, and come back as the program sends them."""

import json
import os
from pathlib import Path

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities.model_registry import PromptVersion

from modules import RAISE
from optimizers import TargetResult, prompts_of, tracking_uri
from optimizers.portable.placeholders import escape, unescape
from optimizers.tracking.models import CHAMPION, FINGERPRINT, LoggedProgram
from optimizers.tracking.prompts import export_prompt, prompt_text, register_prompts
from optimizers.tracking.record import MlflowRun, read_record
from optimizers.tracking.store import Tracker
from signatures import RaiseError

NAME = "raise-sim-gpt-4o"
PREDICTORS = {"triage", "abstain", "plan", "ask", "read", "respond"}
SAMPLING = {"temperature": 0.7, "top_p": 0.95, "max_tokens": 2048}
BRACES = "Write {{name}}, {{{x}}}, {% if a %}, {\u2060{b}} or { {c}} as it stands."


def champion(store: Path, predictor: str, program: str = NAME) -> PromptVersion:
    client = MlflowClient(tracking_uri(store), tracking_uri(store))
    prompt = client.load_prompt(f"prompts:/{program}.{predictor}@{CHAMPION}", cache_ttl_seconds=0)
    assert isinstance(prompt, PromptVersion)
    return prompt


def test_a_prompt_a_predictor_is_registered_inside_the_experiment(store: Path, tracked: TargetResult) -> None:
    client = MlflowClient(tracking_uri(store), tracking_uri(store))
    experiment = tracked.figures["mlflow"]["experiment_id"]
    found = client.search_prompts(f"experiment_id = '{experiment}'")
    assert {prompt.name for prompt in found} == {f"{NAME}.{predictor}" for predictor in PREDICTORS}
    assert client.search_prompts("experiment_id = '0'") == []  # nor in MLflow's default one


def test_prompts_tell_what_they_are_of(store: Path, tracked: TargetResult) -> None:
    client = MlflowClient(tracking_uri(store), tracking_uri(store))
    version = client.get_model_version_by_alias(NAME, CHAMPION)
    sent = prompts_of(RAISE.load(tracked.folder))
    for predictor in PREDICTORS:
        prompt = champion(store, predictor)
        told = {**version.tags, "program": tracked.figures["chosen_name"], "predictor": predictor}
        assert {**prompt.tags, FINGERPRINT: ""} == {**told, FINGERPRINT: ""}
        assert prompt.model_config == {"provider": "sim", "model_name": "gpt-4o", **SAMPLING}
        assert prompt.response_format is not None
        assert set(prompt.response_format["properties"]) == set(sent[predictor]["outputs"])


def test_prompts_are_linked_to_the_model_and_the_run(store: Path, tracked: TargetResult) -> None:
    client = MlflowClient(tracking_uri(store))
    version = client.get_model_version_by_alias(NAME, CHAMPION)
    model = client.get_logged_model(str(version.source).removeprefix("models:/"))
    run = client.get_run(tracked.figures["mlflow"]["run_id"])
    linked = [{"name": f"{NAME}.{predictor}", "version": "1"} for predictor in prompts_of(RAISE.load(tracked.folder))]
    assert json.loads(run.data.tags["mlflow.linkedPrompts"]) == linked
    assert json.loads(model.tags["mlflow.linkedPrompts"])[0]["name"].endswith("triage")


def test_a_prompt_is_a_chat_template_and_comes_back_as_it_is_sent(store: Path, tracked: TargetResult) -> None:
    for predictor, prompt in prompts_of(RAISE.load(tracked.folder)).items():
        found = champion(store, predictor)
        assert found.variables == set(prompt["inputs"])
        assert prompt_text(found) == prompt["messages"]
        filled = found.format(False, True, **{name: f"some {name}" for name in prompt["inputs"]})
        assert isinstance(filled, list)
        assert [message["role"] for message in filled] == [message["role"] for message in prompt["messages"]]
        assert all(f"some {name}" in filled[-1]["content"] for name in prompt["inputs"])


@pytest.fixture
def other(store: Path, tracked: TargetResult, tmp_path: Path) -> RAISE:
    """A program with demonstrations and with what MLflow takes for variables, registered as the champion's place."""
    program = RAISE.load(tracked.folder)
    program.respond.signature = program.respond.signature.with_instructions(BRACES)
    program.respond.demos = [dspy.Example(query="Is {{this}} ok?", context="{{age}}: 40", response=BRACES)]
    program.save(tmp_path / "program")
    record = read_record(tracked.folder)
    tracker = Tracker(store, record.data)
    tracker.make_default()
    record = record.model_copy(update={"program": "other"})
    client = MlflowClient(tracking_uri(store), tracking_uri(store))
    model = str(client.get_model_version_by_alias(NAME, CHAMPION).source).removeprefix("models:/")
    run = MlflowRun(**tracked.figures["mlflow"])
    for _ in range(2):
        register_prompts(tracker, run, record, tmp_path / "program", LoggedProgram(model, ""))
    return program


def test_demonstrations_are_turns_and_braces_survive(store: Path, other: RAISE) -> None:
    found = champion(store, "respond", "other")
    assert isinstance(found.template, list)
    assert [message["role"] for message in found.template] == ["system", "user", "assistant", "user"]
    assert found.variables == {"query", "context"}
    assert prompt_text(found) == prompts_of(other)["respond"]["messages"]
    assert BRACES in unescape(prompt_text(found)[2]["content"])
    assert found.version == 1  # registered twice, with the same content


@given(text=st.text(alphabet="{}%\u2060ab _.\n", max_size=30))
def test_any_text_survives_and_holds_no_variable(text: str) -> None:
    prompt = PromptVersion("p", 1, [{"role": "user", "content": escape(text)}])  # type: ignore[abstract]
    assert prompt.variables == set()
    assert "{%" not in str(prompt.template)
    assert unescape(prompt_text(prompt)[0]["content"]) == text


def test_the_text_of_a_registered_prompt_is_exported(store: Path, tracked: TargetResult) -> None:
    uri, name = tracking_uri(store), f"{NAME}.respond"
    expected = prompts_of(RAISE.load(tracked.folder))["respond"]["messages"]
    for address in (f"prompts:/{name}@{CHAMPION}", f"prompts:/{name}/1"):
        assert json.loads(export_prompt(address, "messages", uri)) == {name: expected}
    whole = json.loads(export_prompt(f"prompts:/{name}@{CHAMPION}", "json", uri))
    assert (whole["tags"]["simulated"], whole["prompts"][name]["messages"]) == ("true", expected)
    text = export_prompt(f"prompts:/{name}@{CHAMPION}", "markdown", uri)
    assert text.startswith(f"# prompts:/{name}/1\n")
    assert "{{query}}" in text


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("prompts:/nobody@champion", "is not in the MLflow store"),
        (f"prompts:/{NAME}.respond/99", "is not in the MLflow store"),
        (f"prompts:/{NAME}@champion", "is not in the MLflow store"),
        ("raise", "is no address of a prompt"),
    ],
)
def test_a_prompt_that_is_not_there_is_one_sentence(
    store: Path, tracked: TargetResult, address: str, wrong: str
) -> None:
    with pytest.raises(RaiseError, match=wrong):
        export_prompt(address, "json", tracking_uri(store))


def test_the_experiment_is_not_left_in_the_environment(tracked: TargetResult) -> None:
    assert "MLFLOW_EXPERIMENT_ID" not in os.environ
