"""Whether a response is an answer to the person at all: small models speak as the person, of the person, or in JSON.

Seen on a real 1.5-billion-parameter model: "The person is married.", "35-44 years", "I give no preference to my
gender.", '{response: "I did self-harm before ..."}'. Rules for few false alarms; whoever breaks one is asked once more.
"""

import re
from collections.abc import Iterable

import regex

from signatures.words import fold_letters, split_words

OF_THE_PERSON = regex.compile(
    r"^\W*(?:the (?:person|user|human|individual|asker|speaker|client)|die (?:person|nutzerin)|der (?:nutzer|mensch)"
    r"|la (?:personne|persona)|l'utilisat\w+|el usuario|la usuaria|该?用户)\b"
)
FIRST = regex.compile(r"\b(?:i|i'm|i've|i'd|ich|je|j'\w+|yo)\b")
ADDRESSED = regex.compile(
    r"\b(?:you\w*|your\w*|u|let's|du|dein\w*|dir|dich|sie|ihnen|ihr\w*|vous|votre|vos|tu|toi|ton|ta|tes|usted|ti|te|tus?|sus?"
    r"|dear|hi|hello|hallo|liebe\w*|sehr geehrte\w*|bonjour|cher|chere|hola|estimad\w+|querid\w+)\b"
)
ASIDE = regex.compile(r'[^.!?\n]*[?\uff1f]|["\u201c\u201e\u00ab][^"\u201d\u00bb]*["\u201d\u00bb]')
"""Questions and quotations, which may be in anybody's words."""
STRUCTURE = re.compile(r"""\s*(?:```\w*\s*)?[{\[]\s*["']?\w+["']?\s*:""")


def is_said_to_the_person(response: str, known: Iterable[str] = ()) -> bool:
    """Whether ``response`` can be an answer: not the rest of a structure, a known value alone, a statement about "the
    person", or words in the first person, questions and quotations aside, without anybody who is spoken to.

    Args:
        known: values that are known of the person.
    """
    folded = fold_letters(response)
    words = {word.text for word in split_words(response)}
    if not words or STRUCTURE.match(response) or OF_THE_PERSON.match(folded):
        return False
    if any(words <= {word.text for word in split_words(value)} for value in known):
        return False
    return not FIRST.search(ASIDE.sub(" ", folded)) or bool(ADDRESSED.search(folded))
