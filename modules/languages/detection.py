"""Which language a person writes, told from their words; in doubt it is not told.

The library is py3langid: 4.5 MB, and it gives calibrated probabilities, so that a word or two tell nothing by
themselves. docs/languages.md compares it with lingua. It is loaded when the first words are to be told.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from signatures.loading import load_once

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es", "fr", "de", "it", "pt", "nl", "pl", "tr", "ar", "hi", "zh", "ja", "ko", "ru", "vi")
"""ISO 639-1 codes of the languages there are texts in."""
OTHERS = (
    *("uk", "bg", "sr", "fa", "ur", "mr", "ne", "sv", "da", "no", "fi", "cs", "sk", "hr", "ro", "hu", "el", "id"),
    *("he", "th", "bn"),
)
"""Further languages that are told apart, so that nobody is spoken to in a language that only resembles theirs."""
OTHER, UNKNOWN = "other", ""
"""A language without texts, and one that cannot be told."""
SURE, LIKELY = 0.6, 0.4
"""Probability from which a language is told: of 7,654 lines of the crisis data, none is taken for another of
``LANGUAGES`` with more than 0.54. What a model says is well formed, and less will do."""
LONGEST = 4_000
"""Characters that are read, the latest ones; more takes time and tells nothing new."""
_CACHE_SIZE = 512


@lru_cache(_CACHE_SIZE)
def language_of(text: str, sure: float = SURE) -> str:
    """The code of the language that ``text`` is in, one of ``LANGUAGES``; else ``OTHER`` or ``UNKNOWN``.

    Takes some 0.05 ms for a sentence, the first call half a second.

    Args:
        sure: probability from which a language is told.
    """
    code, probability = _identifier().classify(text[-LONGEST:])
    if probability < sure:
        return UNKNOWN
    return str(code) if code in LANGUAGES else OTHER


def language_written(said: Sequence[str]) -> str:
    """The language that a person writes, as ``language_of`` gives it.

    All their words count, so that "ok" changes nothing; where these do not tell, those up to an earlier message do.

    Args:
        said: the person's messages, oldest first.
    """
    texts = ("\n".join(said[:end]) for end in range(len(said), 0, -1))
    return next((found for text in texts if (found := language_of(text))), UNKNOWN)


def language_to_speak(said: Sequence[str], preferred: str = "") -> str:
    """The language in which to speak to a person: theirs, if there are texts in it, else English.

    Args:
        said: the person's messages, oldest first.
        preferred: the language where their words do not tell; empty for English.
    """
    found = language_written(said) or preferred
    return found if found in LANGUAGES else ENGLISH


@load_once
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  half a second, 90 MB of memory

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*LANGUAGES, *OTHERS])
    return identifier
