"""The crisis floor: help at once for a person in acute danger, whatever the language model or an optimizer makes of it.

The deterministic guard works without any LM: phrases of danger in some thirty languages, and for what no phrase states
an ensemble of word weights, n-gram weights, the nearest labelled lines and, if it is installed, an encoder.
``docs/crisis.md`` tells how often it is right. The LM triage reads the rest.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from modules.crisis.contacts import contacts_in
from modules.crisis.ensemble import FALSE_ALARMS, stacked_logit, stacks_in_use, stated_logit
from modules.crisis.phrases import DangerReading, read_danger
from modules.crisis.text import fold_text
from modules.crisis.weights import weighs_heavily
from modules.languages.detection import ENGLISH, LANGUAGES, language_of, language_to_speak
from modules.languages.texts import texts_in
from signatures.words import fold_letters

CONTACTS: dict[str, str] = {
    "": "your local emergency number, or a crisis line in your country (findahelpline.com lists them)",
    "AR": "911 in an emergency (107 for an ambulance), or a crisis line near you (findahelpline.com lists them)",
    "AT": "112 in an emergency, or TelefonSeelsorge on 142 (free, day and night)",
    "AU": "000 in an emergency, or Lifeline on 13 11 14 (day and night)",
    "BE": "112 in an emergency, or the suicide line on 1813 (Dutch) or 0800 32 123 (French)",
    "BR": "192 for an ambulance or 190 for the police, or CVV on 188 (free, day and night)",
    "CA": "911 in an emergency, or call or text 988 (Suicide Crisis Helpline, free, day and night)",
    "CH": "112 in an emergency (144 for an ambulance), or Die Dargebotene Hand on 143 (day and night)",
    "CN": "120 for an ambulance or 110 for the police, or the national mental health line on 12356",
    "CZ": "112 in an emergency, or a crisis line near you (findahelpline.com lists them)",
    "DE": "112 in an emergency, or TelefonSeelsorge on 0800 111 0 111 (free, day and night)",
    "DK": "112 in an emergency, or Livslinien on 70 201 201",
    "ES": "112 in an emergency, or 024 (suicide prevention line, free, day and night)",
    "FI": "112 in an emergency, or a crisis line near you (findahelpline.com lists them)",
    "FR": "112 in an emergency (15 for an ambulance), or 3114 (suicide prevention line, free, day and night)",
    "GB": "999 in an emergency, or Samaritans on 116 123 (free, day and night)",
    "GR": "112 in an emergency, or 1018 (suicide help line)",
    "IE": "112 in an emergency, or Samaritans on 116 123 (free, day and night)",
    "IN": "112 in an emergency, or Tele-MANAS on 14416 (free, day and night)",
    "IT": "112 in an emergency, or a crisis line near you (findahelpline.com lists them)",
    "JP": "119 for an ambulance or 110 for the police, or a crisis line (findahelpline.com lists them)",
    "KR": "119 for an ambulance or 112 for the police, or 109 (suicide prevention line, day and night)",
    "MX": "911 in an emergency, or the Línea de la Vida on 800 911 2000 (free, day and night)",
    "NL": "112 in an emergency, or 113 Zelfmoordpreventie on 113 or 0800-0113 (free, day and night)",
    "NO": "113 for an ambulance or 112 for the police, or Mental Helse on 116 123 (day and night)",
    "NZ": "111 in an emergency, or call or text 1737 (free, day and night)",
    "PL": "112 in an emergency, or the Centrum Wsparcia on 800 70 2222 (free, day and night)",
    "PT": "112 in an emergency, or a crisis line near you (findahelpline.com lists them)",
    "RU": "112 in an emergency, or a crisis line near you (findahelpline.com lists them)",
    "SE": "112 in an emergency, or Mind Självmordslinjen on 90101",
    "TR": "112 in an emergency, or a crisis line near you (findahelpline.com lists them)",
    "UA": "112 in an emergency (103 for an ambulance), or Lifeline Ukraine on 7333",
    "US": "911 in an emergency, or call or text 988 (Suicide & Crisis Lifeline, free, day and night)",
    "ZA": "112 from a mobile phone or 10177 for an ambulance, or SADAG on 0800 567 567 (free, day and night)",
}
"""ISO country code -> whom to call; the empty code is the default where the country is unknown."""

CHUNK, OVERLAP = 4_000, 400
"""Characters read at once, and how many of them are read twice: the time a message takes grows with its length only."""
_CACHE_SIZE = 8192
"""Short messages whose result is kept: a benchmark meets the same query and the same answer many times."""


@dataclass(frozen=True)
class CrisisReading:
    """What the guard makes of a text.

    Attributes:
        acute: whether somebody is in acute danger now: of suicide, of serious self-harm, or from violence.
        score: how likely that is, from 0 to 1, if a quarter of all texts were acute: it orders texts,
            and is far too high for ordinary conversation. Where a phrase decides, it is that of its sentence.
        phrase: the words of danger that decided by themselves, with language and family; None if the score did.
    """

    acute: bool
    score: float
    phrase: str | None = None


def read_crisis(text: str, false_alarms: float = FALSE_ALARMS) -> CrisisReading:
    """Read ``text`` for acute danger, by its words alone, in a few milliseconds for a short message.

    A phrase of danger that stands decides by itself. Never raises. Safe to call from threads.

    Args:
        false_alarms: share of hard harmless lines that may fire, 0 to 1; the nearest share below it in
            ``ensemble.json`` counts, and below the lowest phrases alone do.
    """
    scored = _score(text) if len(text) <= CHUNK else _score.__wrapped__(text)
    above = any(logit > stacks_in_use()[english].threshold(false_alarms) for logit, english in scored.logits)
    chance = max(1 / (1 + math.exp(-max(logit, -500.0))) for logit, _ in scored.logits)
    return CrisisReading(scored.phrase is not None or above, chance, scored.phrase)


def plainly_acute(text: str, false_alarms: float = FALSE_ALARMS) -> bool:
    """Whether ``text`` tells of acute danger: ``read_crisis`` without score and reason."""
    return read_crisis(text, false_alarms).acute


def acute_by_words(text: str) -> bool:
    """The smaller guard that exports hold (``optimizers.portable``): phrases, and weights of words and concepts."""
    pieces = _read_chunks(text)
    return any(reading.danger for *_, reading in pieces) or any(
        weighs_heavily(fold) for _, fold, reading in pieces if not reading.only_denied
    )


@dataclass(frozen=True)
class _Scored:
    """Of each chunk the log odds and whether it is in English; the phrase that decides."""

    logits: tuple[tuple[float, bool], ...]
    phrase: str | None


def warm_up() -> None:
    """Load the tables now; else the first message would wait a second for them."""
    for text in ("How are you?", "\u4f60\u597d"):  # English and other languages have tables of their own
        plainly_acute(text)
        language_of(text)


@lru_cache(_CACHE_SIZE)
def _score(text: str) -> _Scored:
    pieces = _read_chunks(text)
    for *_, reading in pieces:
        logit = stated_logit(reading)
        if logit is not None:  # that decides: the rest of the text need not be weighed
            return _Scored(((logit, True),), reading.danger)
    logits = (stacked_logit(chunk, fold, reading) for chunk, fold, reading in pieces)
    return _Scored(tuple(logits), None)


def _read_chunks(text: str) -> list[tuple[str, str, DangerReading]]:
    """The text chunk by chunk: as it is, folded, and what its phrases state."""
    starts = range(0, max(1, len(text) - OVERLAP), CHUNK - OVERLAP)
    chunks = [text[start : start + CHUNK] for start in starts]
    return [(chunk, fold, read_danger(fold)) for chunk in chunks for fold in [fold_text(chunk)]]


def says_acute(reply: object) -> bool:
    """Whether a triage's reply means acute danger; anything but a clear yes does not: the guard reads, too."""
    said = set(re.findall(r"[a-z]+", fold_letters(str(reply))))
    return "acute" in said and not said & {"not", "no", "none"}


def triage_counts(text: str, least: float) -> bool:
    """Whether a model's triage may call ``text`` acute by itself: from this score on; a weak one calls much so.

    Args:
        least: score of the guard, 0 to 1; 0 lets the model's verdict count whatever the words are.
    """
    return not least or read_crisis(text).score >= least


def language_in_danger(said: Sequence[str], preferred: str = "") -> str:
    """The language in which to help a person in acute danger.

    That of their latest words counts, told by all of these, or by the phrases of danger in them: people in distress
    fall back into their own language.

    Args:
        said: the person's messages, oldest first.
        preferred: see ``language_to_speak``.
    """
    latest = said[-1]
    found = language_of(latest) or read_danger(fold_text(latest[:CHUNK])).language
    if found:
        return found if found in LANGUAGES else ENGLISH
    return language_to_speak(said, preferred)


def help_first(country: str = "", contacts: Mapping[str, str] | None = None, language: str = ENGLISH) -> str:
    """The reply to a person in acute danger.

    Args:
        country: ISO code in ``contacts``; anything else gets the default contacts.
        contacts: whom to call, by ISO code in capitals; what is missing is looked up in ``CONTACTS``. The empty code
            replaces the default.
        language: of the reply. It says nothing about where the person is, so it changes no contact.
    """
    return texts_in(language).help.reply.replace("{contacts}", whom_to_call(country, contacts or {}, language))


def whom_to_call(country: str, contacts: Mapping[str, str], language: str) -> str:
    """The contacts of a country, for within a sentence of that language; arguments as of ``help_first``."""
    code = country.strip().upper()
    if language != ENGLISH:
        return contacts_in(language, code, contacts)
    known = {**CONTACTS, **contacts}
    return known.get(code, known[""])
