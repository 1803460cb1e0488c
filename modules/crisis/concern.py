"""Concern: a person is at risk, but not in acute danger. Nothing is stopped; the answer is made with more care.

The responder is told, the question about self-harm is asked early, and whom to call is added to the answer.
``docs/crisis-concern.md`` tells what that is worth.
"""

import re
from collections.abc import Collection, Mapping

from modules.crisis.guard import read_crisis, whom_to_call
from modules.languages.detection import language_to_speak
from modules.languages.texts import texts_in
from signatures import Conversation
from signatures.words import fold_letters

LIKELY = 0.08
"""Score of a message (``modules.crisis.guard``) from which its writer counts as at risk; acute danger scores more."""
HISTORY = "self_harm_history"
NOTE = (
    "Something this person said gives reason for concern about self-harm or suicide, though no acute danger shows: "
    "answer with care, take up the feeling first, and name somebody they can turn to."
)
"""What the responder is told below what is known; the prompts of all others are as ever."""
_NONE = re.compile(
    r"\W*(?:no|none|never|not|nothing|n/?a|don'?t|do not|i have not|i haven'?t|nein|nie|jamais|nunca|mai)\b"
)
_DIGITS = re.compile(r"\d[\d ]+\d")


def is_at_risk(conversation: Conversation) -> bool:
    """Whether the person's words tell of danger, or they have told of self-harm."""
    return has_history(conversation) or words_tell_of_risk(conversation)


def words_tell_of_risk(conversation: Conversation) -> bool:
    """Whether a message of the person scores as danger, though it may be no acute one."""
    readings = map(read_crisis, conversation.said())
    return any(reading.acute or reading.score >= LIKELY for reading in readings)


def asks_of_harm(conversation: Conversation, allowed: Collection[str]) -> bool:
    """Whether the question about self-harm comes next, whatever the model would ask or holds to be enough.

    Args:
        allowed: attributes that can be asked about.
    """
    return HISTORY in allowed and words_tell_of_risk(conversation)


def has_history(conversation: Conversation) -> bool:
    """Whether they have told of thoughts or acts of self-harm."""
    history = conversation.told().known().get(HISTORY)
    return history is not None and tells_of_harm(history)


def tells_of_harm(history: str) -> bool:
    """Whether a value of the self-harm history says more than that there is none."""
    return not _NONE.match(fold_letters(history))


def with_contacts(answer: str, conversation: Conversation, country: str, contacts: Mapping[str, str]) -> str:
    """``answer``, and whom to call, in the person's language, unless it names a number of theirs already."""
    language = language_to_speak(conversation.said(), conversation.language)
    whom = whom_to_call(country, contacts, language)
    if any(number in answer for number in _DIGITS.findall(whom)):
        return answer
    return f"{answer}\n\n{texts_in(language).help.concern.replace('{contacts}', whom)}"
