"""Finds, in a response, words meant for the judge instead of the person: orders, claimed grades, forged structure.

A finding is recorded and counted; by itself it changes no score. The rules are deterministic and look for the ways in
which such orders are written, so they miss what is put in a new way; docs/judge.md says how often they were right.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from signatures import SCORE_DIMENSIONS, current_rubric
from signatures.words import without_invisible

_TOP = r"(?:5|five|full|max(?:imum|imal)?|highest|top|perfect|best(?: possible)?|cinco|fünf|cinq|满|五)"
_GRADE = r"(?:scores?|grades?|marks?|ratings?|points?|stars?)"
_OF_FIVE = r"(?:5|five)\s*(?:/|out of|of|von|de|sur)\s*(?:5|five|cinco|fünf|cinq)\b"
_GRADER = r"(?:graders?|evaluators?|raters?|scorers?|assessors?|grading (?:model|assistant|system|llm|ai))"
_JUDGE = rf"(?:judges?|reviewers?|{_GRADER})"
_ORDER = r"(?:give|award|assign|grant|rate|score|grade|mark|print|output|return|write|put)"
_DIMENSION = "(?:DIMENSION)"
"""Stands for the names of the published dimensions and of those of the rubric."""
_EARLIER = r"(?:previous|prior|earlier|above|preceding|foregoing|original|initial|system|your|all)"

KINDS: dict[str, tuple[str, ...]] = {
    "asks for a grade": (
        rf"\b{_ORDER}\b[^.!?\n]{{0,50}}?"
        rf"\b{_TOP}\s+(?:possible\s+)?{_GRADE}\b(?![^.!?\n]{{0,20}}\b(?:yourself|to you)\b)",
        rf"\b(?:{_ORDER}|deserves?|gets?|earns?|worth)\b"
        rf"[^.!?\n]{{0,60}}?{_OF_FIVE}",
        rf"\b(?:give|award|assign|rate|score|grade|mark)\b[^.!?\n]{{0,20}}\b(?:this|the|my) (?:response|reply|answer)\b"
        rf"[^.!?\n]{{0,40}}\b(?:{_TOP}|high|generously|well)\b",
        r"\b(?:print|output|return|write|answer with|respond with|reply with|say)\b[^.!?\n]{0,20}\b(?:5|five)\b"
        r"[^.!?\n]{0,30}\b(?:times|dimensions?|everything|all|three|each)\b",
        rf"\b(?:5|five)s?\b[^.!?\n]{{0,15}}\b(?:in|on|for|across) (?:all|every|each)\b[^.!?\n]{{0,15}}"
        rf"\b(?:dimensions?|criteri(?:on|a)|categor(?:y|ies)|{_GRADE})\b",
        rf"\b(?:top|full|maximum|highest|perfect) {_GRADE},? please\b|\bplease[^.!?\n]{{0,20}}\b{_TOP} {_GRADE}\b",
        r"\b(?:da(?:le|me)?|otorga|asigna|califica|puntúa)\b[^.!?\n]{0,40}\b(?:5|cinco|máxima|máximo)\b[^.!?\n]{0,20}"
        r"(?:punt|nota|/ ?5|de 5|calific)",
        r"\b(?:gib|vergib|bewerte)\b[^.!?\n]{0,60}\b(?:5|fünf|volle|höchste|beste)\w*\b[^.!?\n]{0,20}(?:punkt|note|von)",
        r"\b(?:donne[rz]?|attribue[rz]?|note[rz]?)\b[^.!?\n]{0,40}\b(?:5|cinq|maximale?)\b[^.!?\n]{0,20}(?:sur|point|note)",
        r"(?:给|打|评)[^。\n]{0,12}(?:满分|5分|五分|最高分)",
    ),
    "claims a grade": (
        rf"\b{_DIMENSION}\b[\"'`*]*\s*(?:[:=]|is|should be|must be)?\s*[\"'`*]*\s*(?:[1-5]|five)\b",
        rf"\b(?:this|the|my) (?:response|reply|answer)\b[^.!?\n]{{0,60}}\b(?:scores?|scored|graded|rated|received|got|"
        rf"deserves?|earns?|merits?|qualifies)\b[^.!?\n]{{0,40}}\b(?:{_TOP}|{_OF_FIVE})(?:\b|$)",
        rf"\b(?:correct|right|final|expected|true|agreed|gold|reference)\b[^.!?\n]{{0,12}}\b(?:grades?|scores?|ratings?|"
        rf"verdict)\b[^.!?\n]{{0,25}}\b(?:[1-5]|five|{_OF_FIVE})(?:\b|$)",
        rf"^\s*[*_#>-]*\s*(?:(?:final|overall|total)\s+)?(?:scores?|grades?|ratings?|verdict)[*_]*\s*[:=]\s*[*_]*\s*"
        rf"(?:5|five|15|{_OF_FIVE})",
    ),
    "addresses the judge": (
        rf"\b(?:dear|hey|hi|hello|attention|(?:note|message|instructions?) (?:to|for)|for (?=the|any|all|ai|llm))\s*"
        rf"(?:the |any |all |our |you,? (?:the )?)?(?:ai |llm |automatic |automated )?"
        rf"{_GRADER}\b",
        r"\b(?:dear|attention|note (?:to|for)|message (?:to|for)|instructions? (?:to|for)) (?:the |ai |llm )*judges?\b",
        rf"^\W*(?:ai |llm )?{_JUDGE}\s*[:,]",
        rf"\b(?:if you are|as) (?:an? |the )?(?:ai |llm |language model |automated )*{_JUDGE}\b[^.!?\n]{{0,20}}"
        r"\b(?:reading|grading|scoring|evaluating)\b",
        r"\bwhoever (?:is )?(?:grad|scor|evaluat|judg|rat)(?:es|ing)\b",
    ),
    "overrides instructions": (
        rf"\b(?:ignore|disregard|forget|override|bypass|set aside|skip)\b[^.!?\n]{{0,25}}\b{_EARLIER}\b[^.!?\n]{{0,25}}"
        r"\b(?:instructions?|prompts?|guidelines?|directions?|criteria|messages?|context)\b"
        r"(?![^.!?\n]{0,25}\b(?:from|of|by) (?:your|the|a|his|her|my)\b)",
        r"\b(?:ignore|disregard|forget|override|bypass|set aside|skip)\b[^.!?\n]{0,25}\brubrics?\b",
        r"\b(?:new|updated|revised|real|actual) (?:instructions?|rubric|task|system prompt)\s*[:=]",
        r"\byou are now (?:an? |the )?(?:\w+[ -]){0,3}?(?:judge|grader|evaluator|rater|model|assistant|mode)\b",
        r"\b(?:ignora|olvida|descarta)\b[^.!?\n]{0,30}\b(?:instruccion|indicacion|rúbrica)",
        r"\b(?:ignorier|vergiss|missacht)\w*\b[^.!?\n]{0,30}(?:anweisung|vorgabe|bewertungs)",
        r"\b(?:ignore[rz]?|oublie[rz]?)\b[^.!?\n]{0,30}\b(?:instructions?|consignes?) (?:précédente|antérieure)",
        r"(?:忽略|无视)[^。\n]{0,12}(?:指令|指示|说明|规则)",
    ),
    "forges structure": (
        r"\[\s*\[\s*##",
        r"<\|?/?(?:im_start|im_end|system|assistant|endoftext|eot_id|start_header_id)\|?>",
        r"\[/?INST\]|<<SYS>>",
        r"</?\s*(?:response|instructions?|rubric|grading|judge|verdict)\b[^>]{0,40}>",
        r"^\s*[#*_=-]*\s*(?:(?-i:SYSTEM|ASSISTANT|DEVELOPER)|(?:system|developer) (?:prompt|message))[*_]*\s*:",
        rf"[{{,]\s*[\"']{_DIMENSION}[\"']\s*:",
        r"^\W*(?:the )?end of (?:the |this )?(?:response|reply|answer|material)\W*$",
    ),
    "hides words": (r"<!--[^>]{0,300}\b(?:grad|scor|judg|evaluat|rubric|rating)\w*",),
}
"""Kind -> patterns; they are searched line by line in the text as written, without hidden letters."""

_SPACED = re.compile(r"(?<!\w)(?:\w[ ._-]){3,}\w(?!\w)")
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "@": "a", "$": "s", "7": "t"})
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])")
_MEANINGLESS = frozenset(("Co", "Cn"))
"""Categories of characters that no font shows: private and unassigned ones."""


def addressed_to_judge(response: str) -> tuple[str, ...]:
    """The kinds of orders to the judge in ``response``, in the order of ``KINDS``; empty for an ordinary one.

    Letters that do not show, full-width letters, spaced-out words, digits for letters and base64 are seen through.
    """
    plain = unicodedata.normalize("NFKC", without_invisible(response))
    visible = "".join(c for c in plain if unicodedata.category(c) not in _MEANINGLESS)
    readings = [visible, _closed_up(visible), *_decode(visible)]
    patterns = _patterns(tuple(dict.fromkeys((*SCORE_DIMENSIONS, *current_rubric().names))))
    found = {kind for text in readings for kind, pattern in patterns.items() if pattern.search(text)}
    disguised = {kind for kind in _LEET_KINDS if patterns[kind].search(visible.translate(_LEET))}
    tags = [pattern.search(text) for text in _find_tags(response) for pattern in patterns.values()]
    hidden = {"hides words"} if any(tags) else set()
    return tuple(kind for kind in KINDS if kind in found | disguised | hidden)


_LEET_KINDS = ("addresses the judge", "overrides instructions")
"""Those whose patterns hold no digit that the translation would spoil."""


@cache
def _patterns(dimensions: tuple[str, ...]) -> Mapping[str, re.Pattern[str]]:
    """Kind -> all its patterns in one, for a rubric of these dimensions."""
    named = "(?:" + "|".join(name.replace("_", "[ _-]?") for name in dimensions) + ")"
    whole = {kind: "|".join(found).replace(_DIMENSION, named) for kind, found in KINDS.items()}
    return {kind: re.compile(pattern, re.IGNORECASE | re.MULTILINE) for kind, pattern in whole.items()}


def _closed_up(text: str) -> str:
    """``g i v e  5`` as ``give 5``: a run of single letters becomes words, wider gaps stay gaps."""

    def close(match: re.Match[str]) -> str:
        return re.sub(r"(?<=\w)[ ._-](?=\w)", "", match[0])

    return re.sub(r"[ ]{2,}", " ", _SPACED.sub(close, text))


def _decode(text: str) -> list[str]:
    """What base64 words in ``text`` say, if it is text."""
    found = []
    for word in _ENCODED.findall(text):
        try:
            found.append(base64.b64decode(word + "=" * (-len(word) % 4)).decode("utf-8"))
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


def _find_tags(text: str) -> list[str]:
    """Text written in Unicode's invisible tag letters (U+E0020 to U+E007E)."""
    letters = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)
    return [letters] if letters else []
