"""What RAISE says in each language: plain questions, what they are for, help in acute danger, and the chat page."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modules.languages.detection import ENGLISH, LANGUAGES
from signatures.loading import load_once


class Texts(BaseModel):
    """Texts that belong together; every language has the same entries."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HelpTexts(Texts):
    """What is said to a person in danger.

    Attributes:
        reply: to one in acute danger; ``{contacts}`` is where those go whom to call.
        concern: what is added to an answer to somebody at risk; ``{contacts}`` as in ``reply``.
        anywhere: the contacts for all countries.
        item: one contact with a ``{number}`` and ``{notes}`` on it.
        notes: what can be said of a number, by the names that ``modules/crisis/contacts.toml`` has for it.
        comma, joiner: what stands between notes, and between contacts.
    """

    reply: str
    concern: str
    anywhere: str
    item: str
    comma: str
    joiner: str
    notes: dict[str, str]


class LanguageTexts(Texts):
    """All texts of one language.

    Attributes:
        name: of the language, in itself.
        questions: plain questions by attribute, each a text of its own in all languages.
        about: attribute -> what a question about it is for.
        page: texts of the chat page, and what it says in the person's place.
    """

    name: str
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
    """The plain question about ``attribute``."""
    return texts_in(language).questions[attribute]


def attribute_asked_plainly(question: str) -> str | None:
    """What ``question`` is about, if it is a plain one, in whatever language."""
    return _attributes().get(question)


@load_once
def _attributes() -> dict[str, str]:
    return {question: name for code in LANGUAGES for name, question in texts_in(code).questions.items()}
