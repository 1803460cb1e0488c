"""The crisis floor: help at once for a person in acute danger, whatever the language model or an optimizer makes of it.

The deterministic guard works without any LM. It reads plain statements only; the LM triage reads the rest.
"""

import re

CONTACTS: dict[str, str] = {
    "": "your local emergency number, or a crisis line in your country (findahelpline.com lists them)",
    "US": "911 in an emergency, or call or text 988 (Suicide & Crisis Lifeline, free, day and night)",
    "GB": "999 in an emergency, or Samaritans on 116 123 (free, day and night)",
    "IE": "112 in an emergency, or Samaritans on 116 123 (free, day and night)",
    "DE": "112 in an emergency, or TelefonSeelsorge on 0800 111 0 111 (free, day and night)",
    "AU": "000 in an emergency, or Lifeline on 13 11 14 (day and night)",
    "CA": "911 in an emergency, or call or text 988 (Suicide Crisis Helpline, free, day and night)",
}
"""ISO country code -> whom to call; the empty code is the default where the country is unknown."""

_WANT = r"(?:want|wanna|going|gonna|plan\w*|decided|ready|about|trying|intend\w*|thinking (?:of|about))"
_ACT = (
    r"(?:kill(?:ing)? (?:my ?self|him(?:self)?|her(?:self)?|them(?:selves)?"
    r"|my (?:wife|husband|partner|kids?|child(?:ren)?|parents?|mother|father))"
    r"|end(?:ing)? (?:my (?:own )?life|it all)|tak(?:e|ing) my (?:own )?life(?! back)|hang(?:ing)? my ?self"
    r"|shoot(?:ing)? my ?self|jump(?:ing)? (?:off|in front of))"
)
_STATED = re.compile(
    rf"\b{_WANT}\b[^.!?\n]{{0,25}}\b{_ACT}"
    rf"|\bi(?:'?m| am| will|'ll)\b[^.!?\n]{{0,15}}\b{_ACT}"
    rf"|\bcan'?t wait to {_ACT}"
    r"|(?:\bi\b[^.,!?\n]{0,25}|^\W*(?:(?:just|really|honestly) )*)\b(?:want|wanna|wish|need) to (?:die|be dead)\b"
    r"(?! (?:of|from|laughing|with))"
    r"|\bsuicide (?:tonight|today|now|note|plan)\b|\b(?:commit|attempt)(?:ing)? suicide\b",
    re.IGNORECASE,
)
"""Statements about now, which a negation before them takes back."""
_FAREWELL = re.compile(
    r"\b(?:took|swallowed|taken) (?:all|the whole|a whole|too many|\w+) (?:\w+ ){0,3}(?:pills|tablets)\b[^.?!\n]{0,40}"
    r"\b(?:to die|wake up|goodbye|on purpose)\b"
    r"|\bwon'?t be (?:here|alive) (?:tomorrow|by morning)\b|\bi'?ve said my goodbyes\b"
    rf"|\b(?:tried to|attempted to) {_ACT}[^.!?\n]{{0,20}}"
    r"\b(?:today|tonight|last night|yesterday|this morning|just now)\b"
    rf"|\bjust tried to {_ACT}",
    re.IGNORECASE,
)
"""Statements that stand by themselves. Attempts count when they are recent; old ones are history, not an emergency."""
_CLAUSE = re.compile(r"[,;:.!?\n]|\b(?:and|but|so|because)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never|no longer|used to|(?!can't)\w+n't|dont|didnt|wont)\b", re.IGNORECASE)


def plainly_acute(text: str) -> bool:
    """Whether ``text`` states acute danger in so many words, now, and does not deny it in the same clause."""
    text = text.replace("\u2019", "'")
    if _FAREWELL.search(text):
        return True
    return any(not _taken_back(text, statement) for statement in _STATED.finditer(text))


def _taken_back(text: str, statement: re.Match[str]) -> bool:
    """Whether the statement's own clause denies it or puts it into the past."""
    lead = " ".join(_CLAUSE.split(text[: statement.start()])[-1].split()[-3:])
    own = _CLAUSE.split(statement.group())[-1]
    return bool(_NOT.search(lead) or _NOT.search(own))


def help_first(country: str = "") -> str:
    """The reply to a person in acute danger.

    Args:
        country: ISO code in ``CONTACTS``; anything else gets the default contacts.
    """
    contacts = CONTACTS.get(country.upper(), CONTACTS[""])
    return (
        "I'm really glad you told me, and I'm taking it seriously. Your safety comes first right now: please contact "
        f"{contacts}. If you can, go to someone you trust and stay with them, and move away from anything you could "
        "hurt yourself or others with. You don't have to carry this alone, and what feels unbearable now can ease with "
        "help. If somebody else is in danger, call the emergency number for them. When you are safe, I'm here to go "
        "through your question with you, one step at a time."
    )
