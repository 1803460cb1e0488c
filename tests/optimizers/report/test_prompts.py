"""What compiling changed is shown word by word, and nothing of either text is lost."""

import dspy
from hypothesis import given
from hypothesis import strategies as st

from modules import RAISE
from optimizers.report.prompts import diff_words, list_changes, list_settings

TEXTS = st.text(st.sampled_from("ab \n.é"), max_size=40)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_the_difference(before: str, after: str) -> None:
    pieces = diff_words(before, after)
    assert "".join(piece.text for piece in pieces if piece.change != "added") == before
    assert "".join(piece.text for piece in pieces if piece.change != "removed") == after
    assert all(piece.text for piece in pieces)


def test_words_that_stay_are_not_called_changed() -> None:
    found = [(piece.text.strip(), piece.change) for piece in diff_words("Ask one thing.", "Ask one kind thing.")]
    assert ("kind", "added") in found
    assert not [text for text, change in found if change == "removed"]


def test_a_program_as_it_comes_has_no_changes_and_a_changed_one_names_its_predictor() -> None:
    program = RAISE()
    assert not [change.predictor for change in list_changes(program) if change.changed]
    program.ask.signature = program.ask.signature.with_instructions("Be brief.")
    program.plan.demos = [dspy.Example(query="q", attribute="age", augmented=True)]
    changed = {change.predictor: change for change in list_changes(program) if change.changed}
    assert set(changed) == {"ask", "plan"}
    assert changed["ask"].reworded
    assert not changed["plan"].reworded
    assert changed["plan"].demos == ((("query", "q"), ("attribute", "age")),)


def test_settings_that_changed_are_named_alone() -> None:
    card = {"compile": {"budget": 5.0, "threshold": 4}, "settings": {"budget": 3.0, "threshold": 4, "country": ""}}
    assert list_settings(card) == [("budget", "5.0", "3.0")]
