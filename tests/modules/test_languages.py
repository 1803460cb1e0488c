"""The person is spoken to in their language, which says nothing of where they are."""

import re
import subprocess
import sys
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario
from experiments.crisis.lines import lines
from lms import LanguageModels, Role
from modules.answers import refuses
from modules.crisis.contacts import contacts_by_country
from modules.crisis.guard import CONTACTS, help_first, language_in_danger, plainly_acute
from modules.languages.detection import ENGLISH, LANGUAGES, OTHER, language_of, language_to_speak
from modules.languages.texts import LanguageTexts, attribute_asked_plainly, plain_question, texts_in
from modules.reading.questions import fault_of
from signatures import ATTRIBUTE_NAMES, ATTRIBUTES, Ask, Conversation, StopReason
from tests.modules.lines import SHORT, TABLE, person_lines
from tests.modules.scripted import Scripted, agent, answered, asked

FOREIGN = tuple(code for code in LANGUAGES if code != ENGLISH)
WITHOUT_TEXTS = tuple(code for code in TABLE["lines"] if code not in LANGUAGES)
ACUTE = [line for part in ("build", "twins") for line in lines(part) if line.acute and plainly_acute(line.text)]
ACUTE_HERE = {"hi": "मैं आज रात मर जाना चाहता हूँ", "vi": "tôi muốn tự tử đêm nay"}
COUNTRIES = sorted(CONTACTS.keys() - {""})


def texts_of(texts: LanguageTexts) -> dict[str, str]:
    """All texts of a language by where they stand."""
    found = {("questions", name): text for name, text in texts.questions.items()}
    found |= {("about", name): text for name, text in texts.about.items()}
    found |= {("notes", name): text for name, text in texts.help.notes.items()}
    found |= {("page", name): text for name, text in texts.page.items()}
    fixed = {("help", name): getattr(texts.help, name) for name in ("reply", "anywhere", "item", "comma", "joiner")}
    return {".".join(place): text for place, text in {**found, **fixed}.items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def digits(text: str) -> set[str]:
    """The telephone numbers in a text."""
    return {re.sub(r"[ -]", "", number) for number in re.findall(r"\d[\d -]*\d|\d", text)}


@pytest.mark.parametrize("language", FOREIGN)
def test_every_language_has_every_text(language: str) -> None:
    english, own = texts_of(texts_in(ENGLISH)), texts_of(texts_in(language))
    assert own.keys() == english.keys()
    assert {name for name in own if placeholders(own[name]) != placeholders(english[name])} == set()
    assert {name for name, text in own.items() if not text.strip()} <= {"help.comma"}
    same = {name for name in own if own[name] == english[name] and len(own[name]) > 10}
    assert same <= {"help.item", "notes.ambulance"}  # a word that many languages share


def test_plain_questions_tell_their_attribute_in_all_languages() -> None:
    for language in LANGUAGES:
        assert texts_in(language).questions.keys() == {*ATTRIBUTE_NAMES}
        assert [attribute_asked_plainly(plain_question(name, language)) for name in ATTRIBUTE_NAMES] == [
            *ATTRIBUTE_NAMES
        ]


def test_english_says_what_a_question_is_for_as_the_attributes_do() -> None:
    assert texts_in(ENGLISH).about == {attribute.name: attribute.meaning for attribute in ATTRIBUTES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_says_to_skip_is_understood_and_is_in_its_language(language: str) -> None:
    assert refuses(texts_in(language).page["decline"])
    assert {language_of(question) for question in texts_in(language).questions.values()} == {language}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_told_from_a_typical_sentence(language: str) -> None:
    assert len(person_lines(language)) > 4
    assert {line: told for line in person_lines(language) if (told := language_of(line)) != language} == {}


@pytest.mark.parametrize("language", WITHOUT_TEXTS)
def test_a_language_without_texts_is_not_taken_for_its_neighbour(language: str) -> None:
    assert {language_of(line) for line in person_lines(language)} <= {OTHER, ""}
    assert {language_to_speak([line]) for line in person_lines(language)} == {ENGLISH}


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_words_change_nothing(language: str) -> None:
    for line in person_lines(language):
        assert language_to_speak([line, *SHORT[:6]]) == language
        assert {language_to_speak([line, short]) for short in SHORT} == {language}


def test_short_words_alone_are_english_or_what_is_preferred() -> None:
    assert {language_to_speak([short]) for short in SHORT} == {ENGLISH}
    assert {language_to_speak([short], "es") for short in SHORT} == {"es"}
    assert language_to_speak([], "xx") == ENGLISH


def test_the_words_of_the_whole_conversation_count() -> None:
    english, spanish = person_lines("en"), person_lines("es")
    assert language_to_speak([english[0], english[1], spanish[4]]) == ENGLISH
    assert language_to_speak([english[5], *spanish]) == "es"
    assert language_to_speak([spanish[0], "32", "ok", "no", "IT"]) == "es"
    assert language_to_speak(["hm", "Ok.", person_lines("ar")[0]]) == "ar"


def test_english_stays_english(test_scenarios: list[Scenario]) -> None:
    assert {scenario.query for scenario in test_scenarios if language_to_speak([scenario.query]) != ENGLISH} == set()
    wrong = [line.text for line in ACUTE if line.language == "en" and language_in_danger([line.text]) != ENGLISH]
    assert wrong == []


@given(st.lists(st.text(max_size=40), max_size=3), st.sampled_from(("", *LANGUAGES)))
def test_any_words_have_a_language_to_speak(said: list[str], preferred: str) -> None:
    assert language_to_speak(said, preferred) in LANGUAGES


@pytest.mark.parametrize("language", ["es", "ar"])
@pytest.mark.parametrize("abstention", ["scale", "fused", "turn"])
def test_a_whole_conversation_is_asked_in_its_language(language: str, abstention: str) -> None:
    program, said = agent(phrasing="plain", abstention=abstention), person_lines(language)
    conversation, questions = Conversation(query=said[0]), list[str]()
    with LanguageModels().context(Role.TARGET):
        while isinstance(move := program.step(conversation), Ask):
            questions.append(move.question)
            assert move.question == plain_question(move.attribute, language)
            assert move.why == texts_in(language).about[move.attribute]
            conversation = program.hear(conversation, texts_in(language).page["decline"], move)
            assert move.attribute in conversation.declined
    assert len(questions) > 1


@pytest.mark.parametrize("language", ["es", "ar"])
def test_a_question_of_the_model_in_another_language_gives_way(engine: Scripted, language: str) -> None:
    engine.plan, engine.ask = {"attribute": "age"}, {"question": "How old are you?"}
    talk = Conversation(query=person_lines(language)[0])
    assert asked(agent().step(talk)).question == plain_question("age", language)
    assert fault_of("How old are you?", "age", talk.query) == "other language"
    own = {"es": "¿Me dices tu edad, más o menos?", "ar": "هل يمكنك أن تخبرني كم تبلغ من العمر؟"}[language]
    engine.ask = {"question": own}
    assert asked(agent().step(talk)).question == own
    [prompt, *_] = engine.prompts("ask")
    assert "in the language of their own question" in " ".join(str(prompt).split())


def test_help_is_in_the_language_of_the_words_of_danger() -> None:
    missed = [line for line in ACUTE if language_in_danger([line.text]) != spoken(line.language)]
    assert len(missed) < 0.01 * sum(line.language != "en" for line in ACUTE), missed
    assert {spoken(line.language) for line in ACUTE} | {*ACUTE_HERE} == {*LANGUAGES}


def spoken(language: str) -> str:
    return language if language in LANGUAGES else ENGLISH


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_in_danger_is_helped_in_their_language(engine: Scripted, language: str) -> None:
    danger = next((line.text for line in ACUTE if line.language == language), ACUTE_HERE.get(language, ""))
    english = agent().hear(Conversation(query=person_lines("en")[0]), danger)
    for talk in (Conversation(query=danger), english):
        move = answered(agent(country="GB").step(talk))
        assert move.reason is StopReason.CRISIS
        assert move.text == help_first("GB", None, language)
        assert "116 123" in move.text
    assert "abstain" not in engine.parts()


def test_words_too_short_are_helped_in_the_preferred_language(engine: Scripted) -> None:
    engine.triage = {"danger": "acute"}
    assert answered(agent().step(Conversation(query="?", language="pl"))).text == help_first(language="pl")
    assert answered(agent().step(Conversation(query="?"))).text == help_first()


@pytest.mark.parametrize("language", FOREIGN)
def test_contacts_do_not_depend_on_the_language(language: str) -> None:
    assert contacts_by_country().keys() == {*COUNTRIES}
    for country in COUNTRIES:
        said = help_first(country, None, language)
        assert digits(said) == digits(CONTACTS[country]), country
        assert "{" not in said
        assert not re.search(r"[a-z]_[a-z]", said)  # every note has a text
        assert ("findahelpline.com" in said) == ("findahelpline.com" in CONTACTS[country])
    own = {"US": "Desk on 555-0100", "": "the front desk"}
    assert "Desk on 555-0100" in help_first("us", own, language)
    assert "the front desk" in help_first("XX", own, language)


@given(st.text(max_size=60), st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES))
def test_no_country_is_guessed_from_a_language(words: str, language: str, preferred: str) -> None:
    said = help_first("", None, language_in_danger([person_lines(language)[0], words], preferred))
    assert digits(said) == set()
    assert "findahelpline.com" in said


def test_numbers_keep_their_order_from_right_to_left() -> None:
    assert "\u206613 11 14\u2069" in help_first("AU", None, "ar")
    assert "\u2068Desk on 555-0100\u2069" in help_first("US", {"US": "Desk on 555-0100"}, "ar")
    assert "\u2066" not in help_first("AU", None, "de")


def test_nothing_is_loaded_before_words_are_to_be_told() -> None:
    check = "import sys, cli.app, modules, serving.app; sys.exit('py3langid' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
