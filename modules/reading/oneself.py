"""Whether a value in a clause is said of the speaker: not "the doctor", "my neighbour is a nurse", "I feed the poor".

Rules on the order of words, without a parser: what they cannot tell is taken as not said of oneself. The tables are in
``vocabulary.toml``.
"""

from collections.abc import Sequence

from modules.reading.matching import find
from modules.reading.statements import Clause
from modules.reading.vocabulary import vocabulary

ROLES = ("gender", "profession")
"""Attributes whose values are mostly nouns for people: naming one says nothing about oneself."""
_FRAGMENT = 6
"""Words of a clause without a verb: "a single mother of two"."""
_NEAR = 2
"""Words from "my" to what is mine ("my chronic migraine"), and of a phrase before a value."""


def is_of_oneself(name: str, clause: Clause, start: int, end: int) -> bool:
    """Whether the value of ``name`` at the words ``start`` to ``end`` of ``clause`` is said of the speaker."""
    words = [word.text for word in clause.words]
    known, table = vocabulary(), vocabulary().words
    if known.patterns["idioms"].search(" ".join(words[max(start - _NEAR, 0) : end + 1])):
        return False
    subject = max((i for i, word in enumerate(words[:start]) if word in table["speaker"]), default=None)
    linked = subject is not None and _is_linked(words[subject:start], words[start])
    if not linked and any(find(other, clause.words[end : end + 1], gap=0) for other in known.others):
        return False  # "my sick child", but not "I am a single mother"
    role = name in ROLES and not known.covered(known.states, clause.words[start:end])
    if subject is None:
        return _has_no_other_subject(name, clause, start, end, role=role)
    if role:
        return linked
    return start == 0 or words[start - 1] not in table["pointing"]


def _has_no_other_subject(name: str, clause: Clause, start: int, end: int, *, role: bool) -> bool:
    """Whether a clause in which the speaker is not named before the value has no other subject either."""
    known, table = vocabulary(), vocabulary().words
    words = [word.text for word in clause.words]
    first = next((i for i, word in enumerate(words) if word not in table["leading"]), start)
    opening = words[first]
    if first >= start:  # the value comes first: "retired", "nurse at a clinic", not "doctor says"
        return not role or end == len(words) or words[end].isdigit() or words[end] in table["continuing"]
    if opening in table["mine"]:
        return _is_mine(name, clause, first, start, role=role)
    if opening in table["articles"]:
        rest = words[end:]
        return len(words) <= _FRAGMENT and not any(word in table["verbs"] or word in table["speaker"] for word in rest)
    if known.covered(known.subjects[name].about, clause.words[start - 1 : start]) and start - first == 1:
        return True  # "gender: woman"
    if opening in table["it_is"]:
        return start - first <= _NEAR + 1
    return opening not in table["pointing"] and (not role or _is_linked(words[first:start], words[start]))


def _is_mine(name: str, clause: Clause, at: int, start: int, *, role: bool) -> bool:
    """Whether "my" at ``at`` makes the value mine: "my depression", "my health is good", not "my dog has"."""
    known, words = vocabulary(), [word.text for word in clause.words]
    if words[at + 1] == words[start] and not role:
        return True
    named = known.covered(known.subjects[name].about, clause.words[at + 1 : at + 1 + _NEAR])
    if named:
        return not role or _is_linked(words[at + 1 : start], words[start])
    between = words[at + 1 : start]
    return (
        not role and len(between) < _NEAR and not any("'" in word or word in known.words["verbs"] for word in between)
    )


def _is_linked(before: Sequence[str], value: str) -> bool:
    """Whether the words from the subject to a noun for people say that the one is the other."""
    table = vocabulary().words
    if value in table["trades"] and len(before) <= _NEAR:  # "I teach"
        return True
    link = max((i for i, word in enumerate(before) if word in table["links"]), default=None)
    if link is None:
        return False
    return not any(
        word in table["pointing"] or word in table["mine"] or word in table["towards"] or word.endswith("ing")
        for word in before[link + 1 :]
    )
