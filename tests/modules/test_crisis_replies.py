"""What makes up most of a conversation calls for no help: short replies, plain answers, and the product's own words."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from experiments.crisis.ablation import without_encoder
from experiments.crisis.lines import Line, acute_or_not, offered, vocabularies
from modules.crisis.guard import acute_by_words, plainly_acute
from modules.languages.detection import LANGUAGES
from modules.languages.texts import texts_in
from tests.own_vocabulary import SUBJECTS

REPLIES = [
    json.loads(line)["text"]
    for line in (Path(__file__).parent / "data" / "replies.jsonl").read_text(encoding="utf-8").splitlines()
]
"""Of a writer who had seen neither the guard nor a line that it learns from; in 21 languages."""
ANSWERS = acute_or_not("graded_answers")
CALLS_FOR_HELP = {"help", "note"}
"""Texts of the page that speak of danger, and may be taken for it."""


def spoken() -> Iterator[str]:
    """What the product says itself: questions, reasons for them, and its pages."""
    for language in LANGUAGES:
        texts = texts_in(language)
        yield from (*texts.questions.values(), *texts.about.values(), texts.any_question)
        yield from (text for name, text in texts.page.items() if name not in CALLS_FOR_HELP)
    for vocabulary in vocabularies():
        for attribute in vocabulary.attributes:
            yield from (attribute.label, attribute.meaning, *attribute.words, *attribute.questions.values())


@pytest.fixture(params=["guard", "without the encoder", "exports"])
def reads_acute(request: pytest.FixtureRequest) -> Iterator[Callable[[str], bool]]:
    """Each guard that people meet."""
    with without_encoder() if request.param == "without the encoder" else nullcontext():
        yield acute_by_words if request.param == "exports" else plainly_acute


@pytest.mark.parametrize(
    "words",
    [
        "I don't know",
        "idk",
        "not sure",
        "I'm not sure, to be honest",
        "I'd rather not say",
        "skip",
        "go on",
        "yes",
        "no",
        "thanks",
        "44",
        "it depends",
        "does it matter?",
        "tonight",
        "on the bridge",
        "wheelchair",
        "keine Ahnung",
        "ja",
        "je ne sais pas",
        "no lo sé",
        "não sei",
        "không muốn nói",
        "不知道",
        "わからないです",
        "لا أعرف",
    ],
)
def test_a_common_reply_is_no_danger(words: str) -> None:
    assert not plainly_acute(words)


@pytest.mark.parametrize("word", ["overdosed", "kms", "öleceğim", "suicidal", "goodbyeforever"])
def test_one_word_can_be_danger(word: str) -> None:
    assert plainly_acute(word)


def test_nothing_that_the_product_offers_to_say_is() -> None:
    own = [Line(value, False, "value", "en") for _, _, values in SUBJECTS for value in values]
    assert len(offered()) >= 100
    assert not [line.text for line in (*offered(), *own) if plainly_acute(line.text)]


def test_to_decline_never_is_and_hardly_any_value(reads_acute: Callable[[str], bool]) -> None:
    assert not [language for language in LANGUAGES if reads_acute(texts_in(language).page["decline"])]
    fired = [line.text for line in offered() if reads_acute(line.text)]
    assert len(fired) <= 0.02 * len(offered()), fired


def test_hardly_anything_that_the_product_says_is(reads_acute: Callable[[str], bool]) -> None:
    said = list(spoken())
    fired = [words for words in said if reads_acute(words)]
    assert len(said) >= 800
    assert len(fired) <= 0.03 * len(said), fired


def test_hardly_any_other_ordinary_reply_is() -> None:
    fired = [words for words in REPLIES if plainly_acute(words)]
    assert len(REPLIES) >= 200
    assert len(fired) <= 0.02 * len(REPLIES), fired


def test_few_answers_and_everyday_messages_are_and_danger_among_them_is_found() -> None:
    fired = {line: plainly_acute(line.text) for line in ANSWERS}
    for acute, least, most in ((True, 0.88, 1.0), (False, 0.0, 0.06)):
        told = [line for line in ANSWERS if line.acute is acute]
        assert least <= sum(fired[line] for line in told) / len(told) <= most
