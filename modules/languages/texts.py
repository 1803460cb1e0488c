"""What RAISE says in each language: plain questions, what they are for, help in acute danger, and the chat page."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modules.languages.detection import ENGLISH, LANGUAGES
from signatures import Vocabulary, current_vocabulary
from signatures.loading import load_once


class Texts(BaseModel):
    """Texts that belong together; every language has the same entries."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HelpTexts(Texts):
    """The reply to a person in acute danger.

    Attributes:
        reply: ``{contacts}`` is where those go whom to call.
        anywhere: the contacts for all countries.
        item: one contact with a ``{number}`` and ``{notes}`` on it.
        notes: what can be said of a number, by the names that ``modules/crisis/contacts.toml`` has for it.
        comma, joiner: what stands between notes, and between contacts.
    """

    reply: str
    anywhere: str
    item: str
    comma: str
    joiner: str
    notes: dict[str, str]


class LanguageTexts(Texts):
    """All texts of one language.

    Attributes:
        name: of the language, in itself.
        any_question: about an attribute of a vocabulary that has no question in this language; ``{label}`` is where
            its label goes.
        questions: plain questions by attribute, each a text of its own in all languages.
        about: attribute -> what a question about it is for.
        page: texts of the chat page, and what it says in the person's place.
    """

    name: str
    any_question: str
    right_to_left: bool = False
    questions: dict[str, str]
    about: dict[str, str]
    help: HelpTexts
    page: dict[str, str]


@load_once
def texts_in(language: str) -> LanguageTexts:
    """The texts of a language; English for a code that is none of ``LANGUAGES``."""
    code = language if language in LANGUAGES else ENGLISH
    file = Path(__file__).with_name(f"{code}.toml")
    return LanguageTexts.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def plain_question(attribute: str, language: str) -> str:
    """The plain question about ``attribute``: the vocabulary's own, else ours, else one with its label in it."""
    vocabulary, texts = current_vocabulary(), texts_in(language)
    own = vocabulary.by_name[attribute]
    if language in own.questions:
        return own.questions[language]
    ours = texts.questions.get(attribute) or own.question_in(vocabulary.language, ENGLISH)
    return ours or texts.any_question.replace("{label}", own.label)


def purpose_of(attribute: str, language: str) -> str:
    """What a question about ``attribute`` is for, in a few words; its label if nothing else is said."""
    own = current_vocabulary().by_name[attribute]
    return own.purposes.get(language) or texts_in(language).about.get(attribute) or own.label


def attribute_asked_plainly(question: str) -> str | None:
    """What ``question`` is about, if it is a plain one, in whatever language."""
    return _attributes(current_vocabulary()).get(question)


@load_once
def _attributes(vocabulary: Vocabulary) -> dict[str, str]:
    """Plain question -> attribute, in all languages; what several attributes are asked by tells none."""
    codes = {*LANGUAGES, *(code for attribute in vocabulary.attributes for code in attribute.questions)}
    found: dict[str, set[str]] = {}
    for name in vocabulary.names:
        for code in codes:
            found.setdefault(plain_question(name, code), set()).add(name)
    return {question: names.pop() for question, names in found.items() if len(names) == 1}
