"""The stand-in that reads posts knows only the words in its prompt, and says that it is simulated."""

from typing import Any

from lms.simulation.reader import LABEL
from signatures import ATTRIBUTE_NAMES, ExtractStated, MarkRevealed, RewordQuery
from tests.lms.simulation.asking import persona, predictor, stand_in

POST = (
    "I'm 34F, divorced. I work as a nurse and my rent eats my paycheck, I'm in debt. I have a bachelor's degree. "
    "I have asthma and I was diagnosed with severe depression. I used to hurt myself. I feel hopeless. Should I leave?"
)
LISTED = ", ".join(ATTRIBUTE_NAMES)


def ask(signature: Any, **inputs: str) -> Any:
    return predictor(signature)(**inputs, lm=stand_in(persona("teacher")))


def test_it_marks_what_the_writer_says_and_nothing_else() -> None:
    marked = ask(MarkRevealed, text=POST, attributes=LISTED).revealed
    assert set(marked) == set(ATTRIBUTE_NAMES)
    assert ask(MarkRevealed, text="He is 34, divorced and a nurse in debt.", attributes=LISTED).revealed == []
    assert ask(MarkRevealed, text="I am divorced.", attributes=LISTED).revealed == ["marital_status"]


def test_its_quotations_are_in_the_post_and_its_values_in_the_quotations() -> None:
    found = ask(ExtractStated, text=POST, attributes=LISTED)
    assert len(found.stated) == len(ATTRIBUTE_NAMES)
    for fact in found.stated:
        assert fact.quote in POST
        assert fact.attribute == "gender" or fact.value in fact.quote.lower()
    assert found.query == "Should I leave?"
    assert ask(ExtractStated, text="I am divorced.", attributes=LISTED).query == ""


def test_its_wordings_carry_the_label_and_change_once_something_was_wrong() -> None:
    first = ask(RewordQuery, query="Should I leave my landlord's flat?", avoid="(first attempt)").reworded
    again = ask(RewordQuery, query="Should I leave my landlord's flat?", avoid="- do not say flat").reworded
    assert first.endswith(LABEL)
    assert again.endswith(LABEL)
    assert "landlord" in first
    assert "landlord" not in again
    assert first == ask(RewordQuery, query="Should I leave my landlord's flat?", avoid="(first attempt)").reworded
