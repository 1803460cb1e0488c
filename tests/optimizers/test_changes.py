"""Differences of prompts and settings are whole, read well, and are none where nothing differs."""

from hypothesis import given
from hypothesis import strategies as st

from optimizers.changes import Piece, Prompt, ValueChange, compare_prompts, compare_values, diff_words, fields_of

TEXTS = st.text(st.sampled_from("ab \n.é"), max_size=40)
DEMO = {"query": "Is it ok?", "response": "Take it slowly."}
OTHER = {"query": "Should I go?", "response": "Rest first."}


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_the_difference(before: str, after: str) -> None:
    pieces = diff_words(before, after)
    assert "".join(piece.text for piece in pieces if piece.change != "added") == before
    assert "".join(piece.text for piece in pieces if piece.change != "removed") == after
    assert all(piece.text for piece in pieces)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert [piece for piece in diff_words(text, text) if piece.change != "same"] == []


def test_words_that_stay_are_not_called_changed() -> None:
    found = [(piece.text.strip(), piece.change) for piece in diff_words("Ask one thing.", "Ask one kind thing.")]
    assert ("kind", "added") in found
    assert not [text for text, change in found if change == "removed"]


def test_words_replaced_side_by_side_are_one_replacement() -> None:
    assert diff_words("Name the risk now.", "Say a danger now.") == (
        Piece("Name the risk", "removed"),
        Piece("Say a danger", "added"),
        Piece(" now.", "same"),
    )


def test_a_demonstration_that_begins_alike_was_edited_others_came_and_went() -> None:
    edited = {**DEMO, "response": "Take it very slowly."}
    (change,) = compare_prompts({"respond": Prompt("x", (DEMO, OTHER))}, {"respond": Prompt("x", (edited,))})
    assert [demo.change for demo in change.demos] == ["edited", "removed"]
    (query, response) = change.demos[0].fields
    assert query == ("query", (Piece(DEMO["query"], "same"),))
    assert Piece("very ", "added") in response[1] or Piece(" very", "added") in response[1]
    assert (change.reworded, change.changed, change.kept) == (False, True, 0)


def test_another_order_or_a_repetition_of_demonstrations_is_a_change() -> None:
    for after in ((OTHER, DEMO), (DEMO, OTHER, OTHER)):
        (change,) = compare_prompts({"ask": Prompt("x", (DEMO, OTHER))}, {"ask": Prompt("x", after)})
        assert change.reordered
        assert change.changed
    (same,) = compare_prompts({"ask": Prompt("x", (DEMO, OTHER))}, {"ask": Prompt("x", (DEMO, OTHER))})
    assert not same.changed


def test_a_predictor_of_one_side_is_all_removed_or_all_added() -> None:
    gone, come = compare_prompts({"plan": Prompt("Choose.")}, {"turn": Prompt("Do all.")})
    assert (gone.predictor, gone.instructions) == ("plan", (Piece("Choose.", "removed"),))
    assert (come.predictor, come.instructions) == ("turn", (Piece("Do all.", "added"),))


def test_another_request_is_a_change() -> None:
    (change,) = compare_prompts({"ask": Prompt("x", request="{query}")}, {"ask": Prompt("x", request="{question}")})
    assert change.asked_anew
    assert change.changed


def test_what_dspy_notes_in_a_demonstration_is_no_field() -> None:
    assert fields_of({**DEMO, "augmented": True, "count": 2}) == {**DEMO, "count": "2"}


def test_values_that_differ_are_named_in_full() -> None:
    before = {"budget": 5.0, "burdens": {"age": 1.0, "gender": 1.0}, "gone": 1}
    after = {"budget": 5.0, "burdens": {"age": 2.0, "gender": 1.0}, "new": True}
    assert compare_values(before, after) == [
        ValueChange("burdens.age", 1.0, 2.0),
        ValueChange("gone", 1, None),
        ValueChange("new", None, True),
    ]
