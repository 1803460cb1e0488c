"""The deterministic crisis guard: plain statements fire, figures of speech and denials do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.crisis import CONTACTS, help_first, plainly_acute


@pytest.mark.parametrize(
    "words",
    [
        "I want to kill myself",
        "i wanna kill my self",
        "I'm going to end my life tonight.",
        "I\u2019m going to hang myself",  # typed on a phone: curly apostrophe
        "im going to kill myself",
        "I'll kill myself if she leaves",
        "I just want to die",
        "I WANT TO DIE",
        "I am thinking of ending it all",
        "I'm about to jump off the bridge",
        "I swallowed a whole bottle of pills and I don't want to wake up",
        "Should I leave a suicide note?",
        "I'm planning to attempt suicide",
        "I've said my goodbyes",
        "I\u2019ve said my goodbyes",
        "I won't be alive tomorrow",
        "I won\u2019t be alive tomorrow",
        "I am going to kill my wife",
        "My brother is going to kill himself",
        "Thanks for asking. Money is fine. But I want to end my life.",
        # a denial of something else in the same breath does not take the statement back
        "I'm not okay and I want to kill myself",
        "I do not care anymore, I want to die",
        "I can't sleep and I want to kill myself",
        "I'm not joking, I'm going to kill myself tonight",
        "I can't stop thinking about killing myself",
        "I can't wait to kill myself",
        # nor does something that happened long ago
        "She left me two years ago and I want to die",
        "I lost my job six months ago and now I'm going to kill myself",
        "I want to end my life because of what happened when I was a child",
    ],
)
def test_plain_statements_of_acute_danger_fire(words: str) -> None:
    assert plainly_acute(words)


@pytest.mark.parametrize(
    "words",
    [
        "this job is killing me",
        "I'm dying to know what she thinks",
        "I could kill for a coffee",
        "I want to die of embarrassment",
        "I'm dying of laughter",
        "my boss is going to kill me",
        "I'm killing it at work",
        "I'm going to kill the weeds",
        "the deadline nearly killed us",
        "I want to take my life back after the divorce",
        "Should I jump into a new career?",
        "",
    ],
)
def test_figures_of_speech_do_not_fire(words: str) -> None:
    assert not plainly_acute(words)


@pytest.mark.parametrize(
    "words",
    [
        "I do not want to kill myself",
        "I don't want to kill myself",
        "I don\u2019t want to kill myself",
        "I'm not going to kill myself",
        "I am not going to kill myself",
        "I would never commit suicide",
        "I will never kill myself",
        "I no longer want to end my life",
        "I don't want to die",
        "I'd never hang myself",
    ],
)
def test_denied_statements_do_not_fire(words: str) -> None:
    assert not plainly_acute(words)


def test_one_denied_statement_does_not_hide_another() -> None:
    assert plainly_acute("I never wanted to die before. Now I want to kill myself.")


@pytest.mark.parametrize(
    "words",
    [
        "I tried to kill myself ten years ago",
        "Years ago I attempted suicide",
        "I tried to kill myself in 2015",
        "I attempted suicide once",
        "I used to want to die",
    ],
)
def test_a_painful_memory_is_not_acute(words: str) -> None:
    assert not plainly_acute(words)  # it is the honest answer to the question about self-harm history


@given(st.text(), st.sampled_from([" ", "\n", ". ", "! "]))
def test_a_statement_fires_after_any_preamble_that_does_not_deny_it(preamble: str, gap: str) -> None:
    assert plainly_acute(f"{preamble}.{gap}I want to kill myself.{gap}{preamble}")


def test_help_names_whom_to_call_where_the_person_lives() -> None:
    assert "988" in help_first("US")
    assert help_first("us") == help_first("US")
    assert "116 123" in help_first("GB")


@pytest.mark.parametrize("country", ["", "XX", "Atlantis"])
def test_help_falls_back_to_contacts_that_exist_everywhere(country: str) -> None:
    assert CONTACTS[""] in help_first(country)
