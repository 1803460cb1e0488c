"""The ten attributes, their burdens, and reading an attribute out of a model's reply."""

from hypothesis import given
from hypothesis import strategies as st

from signatures import ATTRIBUTE_NAMES, ATTRIBUTES, UserContext, default_burdens, parse_attribute


def test_there_are_ten_attributes_in_the_order_of_the_context() -> None:
    assert len(ATTRIBUTE_NAMES) == 10
    assert tuple(UserContext().model_dump()) == (  # README and design, section 8: the columns of scenario files
        *("age", "gender", "marital_status", "profession", "economic_status", "education_level", "health_status"),
        *("mental_health_status", "self_harm_history", "emotional_state"),
    )
    assert tuple(UserContext().model_dump()) == ATTRIBUTE_NAMES


def test_every_attribute_says_what_it_means() -> None:
    assert all(attribute.label.strip() and attribute.meaning.strip() for attribute in ATTRIBUTES)


def test_delicate_subjects_are_marked() -> None:
    delicate = {attribute.name for attribute in ATTRIBUTES if attribute.delicate}
    assert {"self_harm_history", "mental_health_status"} <= delicate
    assert "age" not in delicate


def test_default_burdens_are_the_papers_uniform_cost() -> None:
    assert default_burdens() == dict.fromkeys(ATTRIBUTE_NAMES, 1.0)


def test_changing_one_answer_of_default_burdens_changes_no_other() -> None:
    default_burdens()["age"] = 9.0
    assert default_burdens()["age"] == 1.0


def test_an_attribute_is_read_however_it_is_written() -> None:
    forms = ["{}", " {} \n", '"{}"', "'{}'", "`{}`", "**{}**", "{}.", "The next attribute to ask is {}."]
    misread = []
    for name in ATTRIBUTE_NAMES:
        plain = name.replace("_", " ")
        for spelling in (name, name.upper(), plain, name.replace("_", "-"), plain.title()):
            replies = [form.format(spelling) for form in forms]
            misread += [reply for reply in replies if parse_attribute(reply, ATTRIBUTE_NAMES) != name]
    assert misread == []


def test_none_when_no_single_allowed_attribute_is_named() -> None:
    cases = [
        ("age or gender", ("age", "gender")),
        ("health status", ("age", "gender")),
        ("answer", ATTRIBUTE_NAMES),
        ("", ATTRIBUTE_NAMES),
        ("?!", ATTRIBUTE_NAMES),
        ("age", ()),
        ("the wage of this stage of marriage", ("age", "gender")),
    ]
    assert [(reply, allowed) for reply, allowed in cases if parse_attribute(reply, allowed) is not None] == []


def test_a_longer_reply_may_name_attributes_that_are_not_allowed() -> None:
    assert parse_attribute("not age again, gender please", ("gender", "profession")) == "gender"


def test_naming_mental_health_is_not_naming_health() -> None:
    assert parse_attribute("I would ask about the mental health status first", ("age", "health_status")) is None


@given(st.text(), st.sets(st.sampled_from(ATTRIBUTE_NAMES)))
def test_any_reply_gives_an_allowed_attribute_or_none(reply: str, allowed: set[str]) -> None:
    assert parse_attribute(reply, allowed) in {None, *allowed}
