"""Programs and registered prompts against each other: what differs is there, and nothing else."""

import json
import shutil
from pathlib import Path

import dspy
import pytest

from modules import RAISE
from modules.folder import CARD
from optimizers import TargetResult
from optimizers.difference import FigureChange, compare_sides, figure_words
from optimizers.report.difference import write_difference
from optimizers.sides import load_with_card, read_side
from signatures import RaiseError
from tests.optimizers.report.test_page import EVIL, LOADING, Elements

REGISTERED = "raise-sim-gpt-4o"


@pytest.fixture
def root(compiled: TargetResult) -> Path:
    """The folder of MLflow's store."""
    return compiled.folder.parents[1]


@pytest.fixture
def edited(compiled: TargetResult, tmp_path: Path) -> Path:
    """The compiled program, with another instruction, a demonstration more, another budget and no planned paths."""
    folder = tmp_path / "edited"
    shutil.copytree(compiled.folder, folder)
    program = RAISE.load(folder)
    words = f"{program.ask.signature.instructions} {EVIL}"
    program.ask.signature = program.ask.signature.with_instructions(words)
    program.read.demos = [*program.read.demos, dspy.Example(question="How old are you?", answer="Forty.")]
    program.settings = program.settings.model_copy(update={"budget": 2.5})
    program.paths = type(program.paths)()
    program.save(folder)
    return folder


def test_a_program_does_not_differ_from_itself(compiled: TargetResult, root: Path, tmp_path: Path) -> None:
    shutil.copytree(compiled.folder, tmp_path / "moved")
    found = compare_sides(read_side(str(compiled.folder), root), read_side(str(tmp_path / "moved"), root))
    assert found.same
    assert set(found.unchanged) == {"triage", "abstain", "plan", "ask", "read", "respond"}
    assert "No difference" in write_difference(found)


def test_all_that_was_edited_is_found_and_nothing_else(compiled: TargetResult, edited: Path, root: Path) -> None:
    found = compare_sides(read_side(str(compiled.folder), root), read_side(str(edited), root))
    assert [change.predictor for change in found.prompts] == ["ask", "read"]
    ask, read = found.prompts
    assert "".join(piece.text for piece in ask.instructions if piece.change == "added").strip() == EVIL
    assert ask.tokens[0] < ask.tokens[1]
    assert [(demo.change, [name for name, _ in demo.fields]) for demo in read.demos] == [
        ("added", ["question", "answer"])
    ]
    changed = {entry.name: (entry.before, entry.after) for entry in found.settings}
    assert set(changed) == {"budget", "planned paths"}
    assert changed["budget"][1] == 2.5
    assert changed["planned paths"][1] == "none"
    assert (found.origin, found.figures) == ((), ())
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["same"] is False


def test_figures_and_their_origin_are_compared_and_other_tests_are_named(
    compiled: TargetResult, edited: Path, root: Path
) -> None:
    card = json.loads((edited / CARD).read_text(encoding="utf-8"))
    card["metrics"] |= {"safety": 4.5, "safety_lo": 4.25, "safety_hi": 4.75}
    card["compile"] |= {"judge": "openai/gpt-4o"}
    (edited / CARD).write_text(json.dumps(card), encoding="utf-8")
    found = compare_sides(read_side(str(compiled.folder), root), read_side(str(edited), root))
    (safety,) = found.figures
    assert (safety.name, figure_words(safety.after)) == ("safety", "4.50 [4.25, 4.75]")
    assert [(entry.name, entry.after) for entry in found.origin] == [("judge", "openai/gpt-4o")]
    assert found.other_basis == "the tests differ in judge: their figures cannot be compared"
    assert found.simulated


def test_what_compiling_changed_is_the_difference_to_the_program_as_it_comes(
    compiled: TargetResult, root: Path
) -> None:
    found = compare_sides(read_side("raise", root), read_side(str(compiled.folder), root))
    assert "triage" in found.unchanged
    assert "planned paths" in {entry.name for entry in found.settings}
    assert found.figures == ()


def test_a_registered_model_and_a_registered_prompt_are_the_program(
    compiled: TargetResult, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAISE_ROOT", str(root))
    here = read_side(str(compiled.folder), root)
    model = compare_sides(here, read_side(f"models:/{REGISTERED}@champion", root))
    assert (model.prompts, model.settings) == ((), ())
    prompt = compare_sides(here, read_side(f"prompts:/{REGISTERED}.respond@champion", root))
    assert prompt.same
    assert prompt.unchanged == ("respond",)
    other = compare_sides(read_side("raise", root), read_side(f"prompts:/{REGISTERED}.ask/1", root))
    assert {*other.unchanged, *(change.predictor for change in other.prompts)} == {"ask"}


@pytest.mark.parametrize("name", ["nowhere", "prompts:/nothing", "models:/nothing@champion"])
def test_what_is_none_of_them_is_refused_with_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(RaiseError):
        read_side(name, tmp_path)


def test_the_page_loads_nothing_and_shows_words_as_they_are(compiled: TargetResult, edited: Path, root: Path) -> None:
    page = write_difference(compare_sides(read_side(str(compiled.folder), root), read_side(str(edited), root)))
    elements = Elements(page)
    assert not elements.names & set(LOADING)
    assert not elements.handlers
    assert "SIMULATED" in page
    assert "<ins>" in page
    assert EVIL not in page


def test_figures_in_words() -> None:
    entries = ({"mean": None}, {"mean": 3}, {"mean": 12345.6}, {"mean": 1.25}, {"mean": 0.00123})
    assert [figure_words(entry) for entry in entries] == ["n/a", "3", "12,346", "1.25", "0.0012"]
    assert FigureChange("n", {"mean": 3}, {"mean": 4}).before["mean"] == 3


def test_a_program_comes_with_its_card(compiled: TargetResult) -> None:
    program, card = load_with_card(str(compiled.folder))
    assert card["target"] == "sim/gpt-4o"
    assert program.settings.model_dump(mode="json") == card["settings"]
