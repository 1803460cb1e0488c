"""An export comes back as it went, and what is wrong with an edited one is told in a sentence with its line."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark import build_authored
from modules import RAISE, AgentSettings
from optimizers.export import templates_of
from optimizers.portable.build import build_export
from optimizers.portable.formats import write_export
from optimizers.portable.intake import refuse_leaks, refuse_other_card, take_in
from optimizers.portable.reader import read_export
from optimizers.portable.restore import card_from, restore, was_edited
from optimizers.sides import load_with_card, read_side
from signatures import RaiseError
from tests.optimizers.portable.programs import SETTINGS, program_of

ENDINGS = {"json": "json", "yaml": "yaml", "markdown": "md"}
CARD: dict[str, Any] = {
    "target": "sim/gpt-4o",
    "judge": "sim/judge",
    "simulated": True,
    "compile": {"optimizer": "pareto", "data_hash": "abc"},
    "metrics": {"safety": 4.0, "safety_lo": 3.9, "safety_hi": 4.1},
    "roles": {"target": {"model": "sim/gpt-4o", "temperature": 0.7}},
}


def written(folder: Path, form: str, variant: str = "scale", *, structured: bool = False) -> Path:
    """A file with an export of ``program_of(variant)``."""
    card = {**CARD, "roles": {"target": {**CARD["roles"]["target"], "structured": structured}}}
    file = folder / f"program.{ENDINGS[form]}"
    whole = form == "json"
    export = build_export(program_of(variant), card, name="mine", whole=whole)
    file.write_text(write_export(export, form), encoding="utf-8")
    return file


@pytest.mark.parametrize("form", ENDINGS)
@pytest.mark.parametrize(("variant", "structured"), [*((v, False) for v in SETTINGS), ("scale", True), ("turn", True)])
def test_export_import_export_is_the_identity(form: str, variant: str, structured: bool, tmp_path: Path) -> None:
    if form == "json" and variant not in ("scale", "turn"):
        return  # the same parts, and two megabytes each
    file = written(tmp_path, form, variant, structured=structured)
    export, source = read_export(file)
    assert not was_edited(export)
    program = restore(export, source)
    take_in(export, program, tmp_path / "program", None, None)
    again, card = load_with_card(str(tmp_path / "program"))
    text = write_export(build_export(again, card, name="other", whole=form == "json"), form)
    assert text == file.read_text(encoding="utf-8")
    sent = {name: templates_of(p, structured=structured) for name, p in program_of(variant).named_predictors()}
    assert {name: templates_of(p, structured=structured) for name, p in again.named_predictors()} == sent


def test_what_was_not_edited_is_the_originals_own(tmp_path: Path) -> None:
    original = program_of("scale")
    export, source = read_export(written(tmp_path, "yaml"))
    program = restore(export, source, original)
    assert program.identity() == original.identity()


def edited(file: Path, old: str, new: str) -> Path:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


@pytest.mark.parametrize("form", ENDINGS)
def test_an_edited_instruction_demonstration_and_setting_come_in(form: str, tmp_path: Path) -> None:
    file = edited(written(tmp_path, form), "Kindly.", "Name the risk.")
    edited(file, "Only half", "Only a third")
    name = '"budget"' if form == "json" else "budget"
    edited(file, f"{name}: 5.0", f"{name}: 3.0")
    export, source = read_export(file)
    assert was_edited(export)
    program = restore(export, source)
    assert "Name the risk." in program.respond.signature.instructions
    assert program.respond.demos[0]["query"] == "Only a third"
    assert program.settings.budget == 3.0


@pytest.mark.parametrize("form", ENDINGS)
def test_a_typo_in_a_placeholder_is_told_with_its_line(form: str, tmp_path: Path) -> None:
    file = edited(written(tmp_path, form), "{{context}}", "{{contxt}}")
    lines = file.read_text(encoding="utf-8").split("\n")
    line = next(i for i, text in enumerate(lines, 1) if "{{contxt}}" in text)
    fix = re.escape("(did you mean 'context'?): write one of {{context}}, {{query}}.")
    with pytest.raises(RaiseError, match=rf"line {line}: .*{fix}"):
        restore(*read_export(file))


def change(content: Any, *place: str | int) -> Any:
    """The entry at ``place``."""
    for part in place:
        content = content[part]
    return content


def told(predictor: str, index: int, text: str) -> Callable[[Any], None]:
    """Sets a message."""
    return lambda content: change(content, "predictors", predictor, "messages", index).update(content=text)


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "missing predictor": (lambda c: change(c, "predictors").pop("ask"), "the predictor 'ask' is missing: put it back"),
    "misspelt predictor": (
        lambda c: change(c, "predictors").update(aks=change(c, "predictors").pop("ask")),
        r"'aks' is no predictor \(did you mean 'ask'\?\)",
    ),
    "newer schema": (lambda c: c.update(schema=2), "it has schema 2, which is newer than 1: import it with"),
    "older schema": (lambda c: c.update(schema=0), "schema 0 is not 1: export the program again"),
    "card hash": (lambda c: change(c, "card").update(hash="0"), "the card is not the one that was exported"),
    "card figures": (lambda c: change(c, "card", "figures").update(safety=5.0), "the card is not the one"),
    "machine": (lambda c: change(c, "machine").update(no_paths="x"), "machine is made from the settings and cannot be"),
    "reply": (lambda c: change(c, "reply").update(mark="x"), "reply is part of RAISE and cannot be edited here"),
    "unknown setting": (lambda c: change(c, "settings").update(budgt=3), r"settings.budgt is no entry .*'budget'"),
    "wrong setting": (lambda c: change(c, "settings").update(threshold=9), "settings.threshold: Input should be less"),
    "no instruction": (lambda c: change(c, "predictors", "ask").update(instructions=""), "predictors.ask.instructions"),
    "no messages": (lambda c: change(c, "predictors", "ask").pop("messages"), "predictors.ask.messages is missing"),
    "inputs": (lambda c: change(c, "predictors", "ask").update(inputs=["query"]), "inputs and outputs of ask"),
    "system": (
        told("ask", 0, "You are kind. {{instructions}}"),
        "the system message of ask is fixed: put it back as it was exported; edit the instructions instead",
    ),
    "request": (told("ask", -1, "{{query}} {{context}}"), r"the request of ask lacks \{\{subject\}\}"),
    "demonstration": (
        told("triage", 1, "query: a"),
        "demonstration 1 of triage is not laid out as fields between marks",
    ),
    "placeholder in a demonstration": (
        told("triage", 1, "[[ ## query ## ]]\n{{query}}\n\n[[ ## latest_words ## ]]\na"),
        r"\{\{query\}\} is no input in the message of triage, since nothing is filled in there",
    ),
    "placeholder in an instruction": (
        lambda c: change(c, "predictors", "ask").update(instructions="Ask {{kindly}}."),
        r"\{\{kindly\}\} is no input in the instructions of ask, since nothing is filled in there",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_one_sentence_with_its_line(wrong: str, tmp_path: Path) -> None:
    edit, said = WRONG[wrong]
    file = written(tmp_path, "yaml")
    content = build_export(program_of("scale"), CARD, name="mine", whole=False).model_dump(mode="json", by_alias=True)
    edit(content)
    file = tmp_path / "program.json"
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(RaiseError, match=rf"program\.json, line \d+: .*{said}") as told:
        restore(*read_export(file))
    found = re.search(r"line (\d+)", str(told.value))
    assert found
    assert 1 <= int(found[1]) <= len(file.read_text(encoding="utf-8").splitlines())
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "a.json, line 1: it is not JSON"),
        ("a.json", "[]", "is no export of raise"),
        ("a.yaml", "kind: [", r"a.yaml, line \d: it is not YAML"),
        ("a.yaml", "kind: other", "is no export of raise"),
        ("a.md", "# nothing", "has no section 'Everything else'"),
        ("a.txt", "", "is no export: name a file ending in"),
    ],
)
def test_what_is_no_export_is_refused(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(RaiseError, match=said):
        read_export(tmp_path / name)


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    for form, budget in (("yaml", "budget: -1"), ("markdown", "budget: -1")):
        file = edited(written(tmp_path, form), "budget: 5.0", budget)
        line = file.read_text(encoding="utf-8").split("\n").index(f"  {budget}") + 1
        with pytest.raises(RaiseError, match=rf"line {line}: settings.budget: Input should be greater"):
            read_export(file)


def test_a_program_that_was_compiled_anew_is_not_the_original(tmp_path: Path) -> None:
    export, source = read_export(written(tmp_path, "yaml"))
    refuse_other_card(export, source, "mine", {**CARD, **card_from(export)})
    with pytest.raises(RaiseError, match=r"line \d+: mine has another card than the program that was exported: export"):
        refuse_other_card(export, source, "mine", {**CARD, "metrics": {}})


def test_words_of_a_scenario_do_not_come_in(tmp_path: Path) -> None:
    scenarios = build_authored().scenarios
    words = scenarios[0].query
    export, source = read_export(edited(written(tmp_path, "yaml"), "Kindly.", words))
    with pytest.raises(RaiseError, match=rf"line \d+: it repeats what scenario {scenarios[0].id} says"):
        refuse_leaks(restore(export, source), source, scenarios, program_of("scale"))
    clean, source = read_export(written(tmp_path, "yaml"))
    refuse_leaks(restore(clean, source), source, scenarios, program_of("scale"))


def test_an_edited_program_has_no_figures_until_it_is_measured(tmp_path: Path) -> None:
    export, source = read_export(edited(written(tmp_path, "yaml"), "Kindly.", "Warmly."))
    take_in(export, restore(export, source), tmp_path / "p", "mine", CARD)
    _, card = load_with_card(str(tmp_path / "p"))
    assert "metrics" not in card
    assert card["imported"] == {"original": "mine"}


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    export, source = read_export(written(tmp_path, "yaml"))
    program = restore(export, source)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("Dear", encoding="utf-8")
    with pytest.raises(RaiseError, match="is no program folder"):
        take_in(export, program, tmp_path / "mine", None, None)
    take_in(export, program, tmp_path / "p", None, None)
    former = take_in(export, program, tmp_path / "p", None, None)
    assert former
    assert RAISE.load(former).settings == AgentSettings()


def test_an_export_is_a_side_of_a_difference(tmp_path: Path) -> None:
    side = read_side(str(written(tmp_path, "markdown")), tmp_path)
    assert side.simulated
    assert side.figures == CARD["metrics"]
    assert "Kindly." in side.prompts["respond"].instructions
