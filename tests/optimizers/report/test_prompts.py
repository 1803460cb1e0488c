"""What compiling changed in a program is named, predictor by predictor and setting by setting."""

import dspy

from modules import RAISE
from optimizers.changes import Piece
from optimizers.report.prompts import list_changes, list_settings


def test_a_program_as_it_comes_has_no_changes_and_a_changed_one_names_its_predictor() -> None:
    program = RAISE()
    assert not [change.predictor for change in list_changes(program) if change.changed]
    program.ask.signature = program.ask.signature.with_instructions("Be brief.")
    program.plan.demos = [dspy.Example(query="q", attribute="age", augmented=True)]
    changed = {change.predictor: change for change in list_changes(program) if change.changed}
    assert set(changed) == {"ask", "plan"}
    assert changed["ask"].reworded
    assert not changed["plan"].reworded
    (demo,) = changed["plan"].demos
    assert demo.change == "added"
    assert demo.fields == (("query", (Piece("q", "added"),)), ("attribute", (Piece("age", "added"),)))


def test_settings_that_changed_are_named_alone() -> None:
    card = {"compile": {"budget": 5.0, "threshold": 4}, "settings": {"budget": 3.0, "threshold": 4, "country": ""}}
    assert list_settings(card) == [("budget", "5.0", "3.0")]
