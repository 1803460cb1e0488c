"""The builder with a vocabulary of one's own: its fields, its people, its language."""

from pathlib import Path

import pytest

from benchmark.jobs.budget import Budget
from benchmark.scenarios.own import violations_of
from benchmark.scenarios.synthetic import GenerateSettings, generate
from benchmark.scenarios.synthetic.checks import language_problem, query_problem
from benchmark.scenarios.synthetic.writer import Writer
from lms import LanguageModels, Role
from modules.languages.detection import UNKNOWN, language_of
from signatures import RaiseError, current_vocabulary, read_vocabulary, using_vocabulary
from tests.own_vocabulary import write_own


def test_the_builder_writes_people_of_the_vocabulary_in_its_fields(tmp_path: Path) -> None:
    vocabulary, _ = write_own(tmp_path, 5)
    text = vocabulary.read_text(encoding="utf-8").replace("\n[[field]]", STORY + "\n[[field]]")
    vocabulary.write_text(text, encoding="utf-8")
    with using_vocabulary(read_vocabulary(vocabulary)):
        made = generate(GenerateSettings(situations=2, profiles=3, queries=2), models=LanguageModels())
        people = {scenario.profile_id: scenario.profile.known() for scenario in made.scenarios}
        assert {scenario.domain for scenario in made.scenarios} == {"advice"}
        assert {scenario.source for scenario in made.scenarios} == {"generated"}
        assert len(people) == 6
        for known in people.values():
            assert set(known) == set(current_vocabulary().names)
            assert list(violations_of(current_vocabulary(), known)) == []
        assert made.report["simulated"] is True
        assert made.report["written"]["people"]["kept"] == 6
        with pytest.raises(RaiseError, match=r"unknown domain 'health'.*advice"):
            GenerateSettings(domains=("health",)).check()


def test_the_writer_is_told_the_language() -> None:
    models = LanguageModels()
    english = Writer(models[Role.TEACHER], seed=0, tries=1, budget=Budget())
    spanish = Writer(models[Role.TEACHER], seed=0, tries=1, budget=Budget(), language="es")
    told = [text for text in spanish.prompts() if text.endswith("ISO 639-1 code es.")]
    assert len(told) == 2  # situations and questions; people have the values of the vocabulary
    assert not any("639" in text for text in english.prompts())
    with pytest.raises(RaiseError, match="ISO 639-1"):
        GenerateSettings(language="Spanish").check()


def test_a_question_that_names_a_value_of_the_vocabulary_is_sent_back(tmp_path: Path) -> None:
    vocabulary, _ = write_own(tmp_path, 3)
    with using_vocabulary(read_vocabulary(vocabulary)):
        found = query_problem("As an asylum seeker, do I wait with the form?", "Someone has a form.", [])
        assert found is not None
        assert found[0] == "gives away the residence status"
        assert query_problem("Do I wait with the new form?", "Someone has a letter.", []) is None


STORY = '\n[[attribute]]\nname = "story"\nlabel = "story"\nmeaning = "what happened to the person"\n'


@pytest.mark.parametrize("language", ["es", "de", "fr", "zh"])
def test_situations_and_questions_are_in_the_language_asked_for(language: str) -> None:
    made = generate(
        GenerateSettings(domains=("health",), situations=2, profiles=2, queries=4, language=language),
        models=LanguageModels(),
    )
    assert len(made.scenarios) == 16
    told = [language_of(query) for query in {scenario.query for scenario in made.scenarios}]
    assert set(told) <= {language, UNKNOWN}
    assert told.count(language) >= 6


def test_what_is_in_another_language_is_sent_back() -> None:
    english = "Should I tell my sister about the money before she comes home?"
    assert language_problem(english, "en") is None
    assert language_problem("Ok?", "es") is None  # its words do not tell
    found = language_problem(english, "es")
    assert found == ("another language", "it is in the language en; write es")
