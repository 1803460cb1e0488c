"""Plain rules around the models that read answers and phrase questions; they hold when those fail."""

import re
from collections.abc import Mapping

from modules.languages.detection import ENGLISH
from modules.languages.texts import texts_in
from signatures import ATTRIBUTES, Attribute, current_vocabulary

LONGEST_VALUE = 300
"""Characters of a fact that prompts quote; what is longer is cut."""
MOST_WORDS = 25
"""Longer answers that mention a wish for privacy usually say something all the same."""

_TELL = r"(?:(?:say|tell|answer|discuss|talk)(?:ing)?|shar(?:e|ing)|go(?:ing)? there|that|this)"
_WILL_NOT = r"(?:do ?n'?t|do not|wo ?n'?t|will not|would ?n'?t) (?:want|wanna|care|wish|like|feel like)?"
_REFUSALS = (
    r"\b(?:rather|prefer|choose|like) (?:not|no(?:t)? to)\b",
    rf"\b{_WILL_NOT}[^.!?]{{0,15}}\b{_TELL}\b",
    rf"\b(?:not (?:going|willing|ready|comfortable|happy|keen)|refuse|no wish)\b[^.!?]{{0,15}}\b{_TELL}\b",
    r"\b(?:none of your (?:business|concern)|not your business|mind your own|no comment)\b",
    r"\bkeep (?:that|this|it) (?:to myself|private)\b",
    r"\b(?:that|this|it)(?:'?s| is) (?:too |a bit |rather )?(?:private|personal|sensitive)\b",
    r"\b(?:next question|ask (?:me )?something else)\b",
    r"^\W*(?:i'?(?:ll|d) )?(?:pass|skip)(?: (?:on )?(?:that|this|it)(?: one)?)?(?:,? (?:please|thanks|thank you))?\W*$",
    r"\b(?:prefiero no|no quiero (?:decir|hablar|contestar))\b",
    r"\bje (?:pr[eé]f[eè]re ne pas|ne veux pas (?:dire|r[eé]pondre|en parler))\b",
    r"\blieber nicht\b|\bnicht (?:sagen|beantworten)\b",
    r"\b(?:prefiro n[aã]o|preferisco (?:di )?non|liever niet|helst inte|helst ikke|wol[eę] nie)\b",
    r"\b(?:geht (?:sie|dich|euch) nichts an|das ist (?:mir )?(?:zu )?privat|kein kommentar|m[oö]chte ich nicht)\b",
    r"\b(?:[cç]a ne vous regarde pas|c'est (?:trop )?(?:priv[eé]|personnel)|sans commentaire)\b",
    r"\b(?:no es asunto tuyo|es (?:muy |demasiado )?(?:privado|personal)|sin comentarios|no quisiera)\b",
    r"不(?:想|愿(?:意)?|方便|便)(?:说|回答|谈|讲|透露|告诉)",
    r"保密|隐私|无可奉告|跳过|(?:言い|答え|話し)たく(?:ない|あり?ません)|(?:말하고|대답하고|말씀드리고) 싶지 않",
    r"не (?:хочу|буду) (?:говорить|отвечать|обсуждать)|предпочитаю не",
    r"\b(?:n[aã]o quero (?:dizer|falar|responder)|non voglio (?:dirlo|dire|parlarne|rispondere))\b",
    r"\bnie chc[eę] (?:m[oó]wi[cć]|odpowiada[cć])|(?:s[oö]ylememeyi|yan[i\u0131]tlamamay[i\u0131]) tercih ederim",
    r"(?:s[oö]ylemek|cevap vermek|yan[i\u0131]tlamak|konu[sş]mak) istemiyorum",
    r"kh[oô]ng mu[oố]n (?:n[oó]i|tr[aả] l[oờ]i|chia s[eẻ])",
    r"أفض\u0651?ل (?:ألا|ألّا|أن لا|عدم)|لا (?:أريد|أود|أرغب) (?:أن أقول|أن أجيب|أن أتحدث|قول|الإجابة|في القول|الحديث)",
    r"बताने का मन नहीं|(?:बताना|कहना|जवाब देना) नहीं चाह|नहीं (?:बताना|कहना) चाह",
)
REFUSAL = re.compile("|".join(_REFUSALS), re.IGNORECASE)
"""Words that say that somebody would rather not say, with straight apostrophes."""
_NO_VALUES = (
    "unknown|unclear|unspecified|undisclosed|declined|refused|null|n/?a",
    "not (?:stated|specified|mentioned|given|known|disclosed|provided|sure|applicable)",
    "none (?:stated|given|mentioned)|no (?:answer|information)|prefers? not to say",
)
NO_VALUE = re.compile(rf"^\W*(?:{'|'.join(_NO_VALUES)})?\W*$", re.IGNORECASE)


def refuses(answer: str) -> bool:
    """Whether ``answer`` plainly says that the person would rather not say. Short answers only."""
    plain = answer.replace("\u2019", "'")
    return len(plain.split()) <= MOST_WORDS and bool(REFUSAL.search(plain))


def facts_in(read: Mapping[str, object], answer: str) -> dict[str, str]:
    """The facts of a model's reading that can stand: known attributes, real values, and something was said at all."""
    names = current_vocabulary().by_name
    facts = {}
    for name, value in read.items():
        text = " ".join(str(value if value is not None else "").split())
        if name in names and text and answer.strip() and not NO_VALUE.match(text):
            facts[name] = text[:LONGEST_VALUE]
    return facts


def is_presentable(question: str, asked: tuple[str, ...]) -> bool:
    """Whether ``question`` can be put to a person: not blank, not asked before, in everyday words."""
    plain = " ".join(question.lower().split())
    if not plain or plain in {" ".join(earlier.lower().split()) for earlier in asked}:
        return False
    return not any(name in plain for a in current_vocabulary().attributes for name in technical_names(a))


def technical_names(attribute: Attribute) -> tuple[str, ...]:
    """Names that only a questionnaire uses; "age" is everybody's word, and so may be a label of one's own."""
    labels = (attribute.label,) if " " in attribute.label and attribute in ATTRIBUTES else ()
    return (*((attribute.name,) if "_" in attribute.name else ()), *labels)


PLAIN_QUESTIONS = texts_in(ENGLISH).questions
"""For when the model has no question that can be put; ``modules.languages`` has them in more languages."""
