"""A compiled program is a folder: what is saved comes back, and nothing else is taken for one."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from modules.agent import PREDICTORS
from modules.files import MAX_BYTES
from signatures import ATTRIBUTE_NAMES, RaiseError

PATHS = PathIndex([PlannedPath(query="Soll ich kündigen?", path=("age", "gender"), value=4.25, evaluations=15)])
SETTINGS = AgentSettings(
    threshold=3,
    budget=2.5,
    retrieved=7,
    burdens={"self_harm_history": 3.0},
    never_ask=frozenset({"gender", "age"}),
    country="DE",
)


@pytest.fixture
def compiled() -> RAISE:
    """A program with prompts, demonstrations, paths and settings of its own."""
    program = RAISE(PATHS, SETTINGS)
    for name, predictor in program.named_predictors():
        predictor.signature = predictor.signature.with_instructions(
            f"New instruction of {name}: naïve “quotes” 😀\nend"
        )
    program.read.demos = [
        dspy.Example(question="Age?", answer="34", attributes="- age", facts={"age": "34"}, declined=False)
    ]
    program.respond.demos = [dspy.Example(query="q", context="c", response="r")]
    return program


def prompts(program: RAISE) -> dict[str, tuple[str, list[dict[str, object]]]]:
    return {
        name: (predictor.signature.instructions, [dict(demo) for demo in predictor.demos])
        for name, predictor in program.named_predictors()
    }


def test_a_program_saved_before_readings_had_quotes_is_read(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path)
    file = tmp_path / "program.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    fields = state["read"]["signature"]["fields"]
    state["read"]["signature"]["fields"] = [field for field in fields if field["prefix"] != "Quotes:"]
    state["read"]["signature"]["fields"][-1]["description"] = "tuned by an optimizer"
    file.write_text(json.dumps(state), encoding="utf-8")
    loaded = RAISE.load(tmp_path).read.signature
    assert loaded.instructions == "New instruction of read: naïve “quotes” 😀\nend"
    described = {name: field.json_schema_extra["desc"] for name, field in loaded.output_fields.items()}
    own = {name: field.json_schema_extra["desc"] for name, field in RAISE().read.signature.output_fields.items()}
    assert described == {**own, "declined": "tuned by an optimizer"}


def test_a_program_saved_when_fields_had_another_order_keeps_the_text_of_each(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path)
    file = tmp_path / "program.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    fields = state["read"]["signature"]["fields"]
    fields[-1]["prefix"] = "Refused, says an optimizer:"
    state["read"]["signature"]["fields"] = [fields[1], fields[2], fields[0], *fields[3:]]
    file.write_text(json.dumps(state), encoding="utf-8")
    loaded = RAISE.load(tmp_path).read.signature.fields
    own = RAISE().read.signature.fields
    assert list(loaded) == list(own)
    for name, field in own.items():
        assert loaded[name].json_schema_extra["desc"] == field.json_schema_extra["desc"]
    assert loaded["declined"].json_schema_extra["prefix"] == "Refused, says an optimizer:"


def test_what_is_saved_is_what_is_loaded(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path / "new" / "program")
    loaded = RAISE.load(tmp_path / "new" / "program")
    assert prompts(loaded) == prompts(compiled)
    assert loaded.settings == SETTINGS
    assert loaded.paths.paths == PATHS.paths


def test_the_folder_holds_text_and_no_pickle(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["card.json", "paths.jsonl", "program.json"]
    assert all(file.read_bytes().decode("utf-8") for file in tmp_path.iterdir())
    assert set(json.loads((tmp_path / "program.json").read_text("utf-8"))) >= set(PREDICTORS)


def test_saving_again_changes_nothing(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path / "a")
    RAISE.load(tmp_path / "a").save(tmp_path / "b")
    for name in ("program.json", "paths.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_uncompiled_program_saves_too(tmp_path: Path) -> None:
    RAISE().save(tmp_path)
    assert RAISE.load(tmp_path).settings == AgentSettings()


def test_saving_keeps_other_entries_of_the_card(compiled: RAISE, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text('{"target": "sim/gpt-4o", "schema": 0}')
    compiled.save(tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["target"] == "sim/gpt-4o"
    assert card["settings"]["threshold"] == 3
    assert RAISE.load(tmp_path).settings == SETTINGS


@pytest.mark.parametrize("how", [{"path": "program.pkl"}, {"path": "folder", "save_program": True}], ids=str)
def test_pickle_is_refused(compiled: RAISE, tmp_path: Path, how: dict[str, Any]) -> None:
    with pytest.raises(RaiseError, match="pickle"):
        compiled.save(**{**how, "path": tmp_path / str(how["path"])})
    assert list(tmp_path.iterdir()) == []


def test_a_single_json_file_holds_all_that_a_folder_does(compiled: RAISE, tmp_path: Path) -> None:
    file = tmp_path / "best_model.json"
    compiled.save(file)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    loaded = RAISE.load(file)
    assert prompts(loaded) == prompts(compiled)
    assert (loaded.settings, loaded.paths.paths) == (SETTINGS, PATHS.paths)
    assert loaded.identity() == compiled.identity()


def test_a_single_file_of_another_kind_is_refused(compiled: RAISE, tmp_path: Path) -> None:
    file = tmp_path / "program.json"
    dspy.Module.save(compiled, file)  # DSPy's own form has neither settings nor paths
    with pytest.raises(RaiseError, match="schema None"):
        RAISE.load(file)
    compiled.save(file)
    content = json.loads(file.read_text("utf-8"))
    content["program"]["respond"]["lm"] = {"model": "openai/gpt-4o"}
    file.write_text(json.dumps(content))
    with pytest.raises(RaiseError, match="names a language model"):
        RAISE.load(file)


def test_a_save_that_fails_leaves_the_program_that_was_there(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path)
    broken = compiled.deepcopy()
    broken.respond.demos = [dspy.Example(query=object())]
    with pytest.raises(RuntimeError):
        broken.save(tmp_path)
    assert prompts(RAISE.load(tmp_path)) == prompts(compiled)


@given(
    budget=st.floats(0, allow_infinity=False),
    burden=st.floats(0, allow_infinity=False),
    never=st.frozensets(st.sampled_from(ATTRIBUTE_NAMES)),
    contacts=st.dictionaries(st.text(), st.text()),
    paths=st.lists(st.builds(PlannedPath, value=st.floats(allow_nan=False, allow_infinity=False)), max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_whatever_settings_and_paths_can_be_made_come_back(
    budget: float, burden: float, never: frozenset[str], contacts: dict[str, str], paths: list[PlannedPath]
) -> None:
    given_ = AgentSettings(budget=budget, burdens={"age": burden}, never_ask=never, contacts=contacts)
    with TemporaryDirectory() as folder:
        RAISE(PathIndex(paths), given_).save(folder)
        loaded = RAISE.load(folder)
    assert (loaded.settings, loaded.paths.paths) == (given_, tuple(paths))


def test_a_deep_copy_has_the_same_prompts_settings_and_paths(compiled: RAISE) -> None:
    copied = compiled.deepcopy()
    assert (prompts(copied), copied.settings, copied.paths.paths) == (prompts(compiled), SETTINGS, PATHS.paths)
    copied.respond.demos = []
    assert compiled.respond.demos


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="nowhere"):
        RAISE.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["card.json", "paths.jsonl", "program.json"])
def test_a_folder_with_a_file_missing_is_refused(compiled: RAISE, tmp_path: Path, name: str) -> None:
    compiled.save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RaiseError):
        RAISE.load(tmp_path)


@pytest.mark.parametrize("name", ["card.json", "paths.jsonl", "program.json"])
def test_a_folder_with_a_file_corrupt_is_refused(compiled: RAISE, tmp_path: Path, name: str) -> None:
    compiled.save(tmp_path)
    for content in ("", "{", "[]", "null", "3", "{}", '"text"', "\x00"):
        (tmp_path / name).write_text(content)
        with pytest.raises(RaiseError):
            RAISE.load(tmp_path)


@pytest.mark.parametrize(
    "change", [{"schema": 2}, {"schema": None}, {"settings": None}, {"settings": {"threshold": 9}}], ids=str
)
def test_a_card_of_another_schema_or_with_bad_settings_is_refused(
    compiled: RAISE, tmp_path: Path, change: dict[str, object]
) -> None:
    compiled.save(tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps({**card, **change}))
    with pytest.raises(RaiseError, match=r"schema|not a compiled program"):
        RAISE.load(tmp_path)


# What a folder of somebody else's may not do


def tampered(program: RAISE, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A saved program whose ``program.json`` somebody has changed."""
    program.save(folder)
    state = json.loads((folder / "program.json").read_text("utf-8"))
    change(state)
    (folder / "program.json").write_text(json.dumps(state))
    return folder


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda state: state["ask"].update(lm={"model": "openai/gpt-4o"}), "names a language model for 'ask'"),
        (lambda state: state["ask"].update(tools=["shell"]), "unknown entry 'tools' for 'ask'"),
        (lambda state: state.update(extra=state["ask"]), "'extra', which is no predictor"),
        (lambda state: state.pop("triage"), "not a compiled program"),
    ],
    ids=["model", "entry", "predictor", "missing"],
)
def test_a_state_that_holds_more_or_less_than_prompts_is_refused(
    compiled: RAISE, tmp_path: Path, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    with pytest.raises(RaiseError, match=sentence):
        RAISE.load(tampered(compiled, tmp_path, change))


@pytest.mark.parametrize("name", ["program.json", "card.json", "paths.jsonl"])
@pytest.mark.parametrize("kind", ["link", "pipe", "deep", "huge"])
def test_odd_files_are_refused_with_a_sentence(compiled: RAISE, tmp_path: Path, name: str, kind: str) -> None:
    compiled.save(tmp_path / "p")
    file = tmp_path / "p" / name
    file.unlink()
    if kind == "link":
        (tmp_path / "elsewhere").write_text("{}")
        file.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "deep":
        file.write_text("[" * 200_000)
    else:
        with file.open("wb") as out:
            out.truncate(MAX_BYTES + 1)
    with pytest.raises(RaiseError, match=r"is not a (compiled program|file of planned paths)"):
        RAISE.load(tmp_path / "p")


def test_a_hosted_embedder_is_only_used_when_allowed(tmp_path: Path) -> None:
    RAISE(PATHS, AgentSettings(embedder="openai/text-embedding-3-small")).save(tmp_path)
    with pytest.raises(RaiseError, match="hosted_embedder=True"):
        RAISE.load(tmp_path)
    assert RAISE.load(tmp_path, hosted_embedder=True).settings.embedder == "openai/text-embedding-3-small"


def test_numbers_that_would_make_a_million_calls_are_refused(compiled: RAISE, tmp_path: Path) -> None:
    compiled.save(tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    card["settings"]["votes"] = 10**6
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(RaiseError, match="votes"):
        RAISE.load(tmp_path)
