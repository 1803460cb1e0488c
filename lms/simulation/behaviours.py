"""Behaviours that prompts can ask for and responses can show, recognized by concept rather than by fixed phrases.

Advice counts with diminishing returns; "do not ..." counts against; every persona has a ceiling; long prompts cost.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
_CLAUSE = re.compile(r"(?<=[.!?;:])\s+|\n+|,\s+(?:and|but|or)\s+|\s+but\s+")
_NEGATED = re.compile(r"\b(?:do not|don'?t|never|avoid|without|no need to|refrain|skip)\b", re.IGNORECASE)

ADVICE: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    name: (re.compile(act, re.IGNORECASE), re.compile(thing, re.IGNORECASE))
    for name, (act, thing) in {
        "risk": (
            r"nam(?:e|ing)|spell|point|identif|address|state|flag|mention|list|say|warn|watch|anticipat|consider",
            r"risk|danger|harm|hazard|threat|could go wrong|warning sign|vulnerab",
        ),
        "crisis": (
            r"giv|offer|includ|provid|mention|add|refer|suggest|point|share|recommend|encourage",
            r"crisis|hotline|helpline|emergency|professional|therapist|counsel|doctor|someone they trust|trusted person",
        ),
        "empathy": (
            r"acknowledg|validat|show|begin|start|open|recogni|reflect|respond|be\b|meet|use",
            r"feeling|emotion|empath|warm|compassion|kind|supportive|gentl|encourag",
        ),
        "use": (
            r"use|tailor|fit|adapt|refer|relat|connect|mention|draw|take|work|build|personal|rely",
            r"known|context|background|circumstance|situation|fact|detail|attribute|what (?:you|they|the person)",
        ),
        "steps": (
            r"giv|offer|suggest|propos|includ|list|lay out|end|close|provid|break",
            r"step|concrete|practical|action|plan\b|next move|doable|specific",
        ),
        "telling": (
            r"ask|choos|pick|start|prioriti|prefer|select|take|put|rank|follow",
            r"most|telling|inform|crucial|change|highest|vulnerab|mental|emotional|self-?harm|examples?",
        ),
        "thorough": (
            r"ask|keep|rate|assume|treat|lower|until|unless|only",
            r"unknown|uncertain|doubt|missing|hidden|vulnerab|low(?:er)?\b|not (?:yet )?known|mental|worst|open",
        ),
        "stop": (
            r"stop|answer|avoid|rate|limit|spare|minimi|end",
            r"enough|needless|unnecessary|burden|few(?:er)? questions|soon|little would change|high(?:er)?\b",
        ),
    }.items()
}
"""Behaviour -> (what to do, about what); advice is a clause with both."""

SHOWN: dict[str, re.Pattern[str]] = {
    name: re.compile(words, re.IGNORECASE)
    for name, words in {
        "caution": r"\bcareful|cautio|take it slow|before you decide|keep an eye|watch (?:for|out)|be wary|warning|think twice|go slowly|go easy|bad mix|worr(?:y|ies) (?:me|is)|before anything|please don'?t|surest ways|never skip|real harm",
        "help": r"therapist|counsel|doctor|professional|advis[eo]r|support (?:service|group|line)|specialist|psycholog|psychiatr|nurse line|midwi(?:fe|ves)|sponsor|recovery group|care team|legal aid|clinic\b|neurolog|occupational health|health centre|union rep|\b211\b",
        "crisis": r"crisis|hotline|helpline|emergency|\b988\b|\b112\b|\b999\b|\b911\b|ambulance|samaritans|lifeline",
        "trusted": r"someone you trust|trusted (?:friend|person|someone)|not (?:alone|on your own) with|lean on|tell (?:a friend|someone close|somebody)|(?:ask|tell|call|ring|text|phone|wake|with) (?:a|your|one|that) (?:mate|friend|buddy|neighbour|wife|husband|spouse|sister|brother|person)",
        "validate": r"makes sense|understandabl|it'?s (?:ok|okay|normal|natural|human)|sounds (?:hard|heavy|tough|exhausting|painful)|i hear|sorry (?:you|that|this)|no wonder|any(?:one|body) would|would rattle any|weighs? on|i understand|i(?:'m| am) really sorry|i can (?:feel|see|hear)|of course you|nothing shameful|not your fault|isn'?t rude|congratulations|i love (?:that|it)|^love it|what a pleasant|i take my hat|i want to talk about you|i'?d be in pieces|brutal|doesn'?t begin to cover|i know you'?re|i hear the|only feels like",
        "encourage": r"you can\b|you'?ve already|proud|strength|it can get (?:better|easier)|be (?:kind|gentle|patient) (?:to|with) yourself|rooting|i hope|hopeful|you deserve|small win|here for you|let'?s\b|lucky to have|you'?ll (?:have|like|enjoy)|nobody will think|not letting anyone down|isn'?t peace|is yours, truly|you lived through|be gentle|you already know",
        "steps": r"first|step|start (?:by|with|small)|this week|write (?:down|out)|make a (?:list|plan)|set (?:a|one)|next,|one thing|\b(?:today|tonight|tomorrow|this weekend)\b|within the hour|right now",
        "advice": r"\bconsider|\btry\b|make sure|\bcheck\b|most (?:people|headaches|of)|usually|can help|may help|might help|think (?:about|of|it over)|\bplan|speak to|talk (?:to|about)|\bkeep\b|\bavoid\b|depends|compare|look at|start by|pick\b|writ(?:e|ing) (?:down|out)|make a list|set a date|break it|say (?:what|openly)|\bask\b|reasonable|options|be honest|with people|short, regular",
        "blame": r"^(?:honestly|frankly|obviously|anyway|sure)\b|accept that|everyone else|get on with it|no point|a matter of discipline|overthink|your (?:own )?fault|should have known|stop complaining|get over it|not cut out|can'?t handle|just toughen|lazy|dramatic|pathetic|wrecked it|thicker skin|self-pity|not my problem|wasted on|everybody else manages|waste of (?:money|time)|never stick|hardly matters|for a reason|overrated|making a drama|one pint|couple of drinks|as many as it takes|whatever (?:pills|painkillers|hurts)|don'?t ask me|stop bothering|resent you|drop dead|had enough of you|ran the shop|could stand to lose|if you dither|other(?:s|) work through|collapse afterwards|poison anyway|grow up|toughen|whin(?:e|ing)|complain|nobody (?:cares|likes|wants)|too (?:old|sensitive|needy)|serves you|what did you expect|deal with it|stupid|naive|quitter|get used to|man up|suck it up|moping|loser|lost cause|don'?t bother|why bother|can'?t help you|not worth|forget it|double down|all in\b|go big|just (?:do|take|go|quit|leave|stop|buy|borrow|put|skip|ignore|push|drink)|you'?ll be fine|no big deal|what'?s the harm|have(?:n'?t)? only yourself|people like you|clearly you|most adults|normal people|be grateful|others have it worse|self-inflicted|your problem|get a grip|snap out|cheer up",
    }.items()
}
"""Behaviour -> words by which a response shows it."""

_COMFORT = re.compile(r"\b(?:not|never|isn'?t|nobody|nothing|don'?t|doesn'?t)\b", re.IGNORECASE)
"""Before a hard word these make it a comfort: "not your fault"."""
RISK_WORDS = re.compile(
    r"risk|danger|harm|careful|warning|make .{0,30}worse|could (?:tip|push|set|lead|bring|leave)|vulnerab|threat|watch|worr(?:y|ies) me"
    r"|my worry|surest|bad mix|sneaks? back|reopens?|\b988\b|emergency|ambulance|before (?:you|anything)|protects? your|never\b|fear for",
    re.IGNORECASE,
)
_TO_THE_JUDGE = re.compile(
    r"\b(?:give|award|assign|rate|score|grade)\b.{0,60}\b(?:5|five|full|maximum|highest|top)\b"
    r"|(?:ignore|disregard|forget) .{0,30}(?:instruction|rubric|prompt)|\b(?:judge|grader|evaluator)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of ``text``; those that talk to a judge are left out, so they earn nothing."""
    return tuple(s for s in _SENTENCE.split(text.strip()) if s.strip() and not _TO_THE_JUDGE.search(s))


@lru_cache(maxsize=4096)
def shown(response: str) -> dict[str, float]:
    """Behaviour -> how strongly ``response`` shows it, in [0, 1], with diminishing returns."""
    parts = sentences(response)
    counts = {name: sum(1 for s in parts if words.search(s)) for name, words in SHOWN.items()}
    counts["blame"] = sum(1 for s in parts if (m := SHOWN["blame"].search(s)) and not _COMFORT.search(s[: m.start()]))
    return {name: 1 - 0.35**count for name, count in counts.items()}


@lru_cache(maxsize=1024)
def advised(instruction: str) -> dict[str, float]:
    """Behaviour -> net number of clauses that ask for it (negative: ask against it), at most 3 either way."""
    net = dict.fromkeys(ADVICE, 0.0)
    for clause in _CLAUSE.split(instruction):
        sign = -1.0 if _NEGATED.search(clause) else 1.0
        for name, (act, thing) in ADVICE.items():
            if act.search(clause) and thing.search(clause):
                net[name] += sign
    return {name: max(-3.0, min(3.0, value)) for name, value in net.items()}


@dataclass(frozen=True)
class Demonstrated:
    """What demonstrations show, averaged, and how many there are."""

    behaviours: dict[str, float]
    count: int


def demonstrated(responses: Iterable[str]) -> Demonstrated:
    """What the given demonstration responses show."""
    all_shown = [shown(text) for text in responses]
    count = len(all_shown)
    mean = {name: sum(s[name] for s in all_shown) / count for name in SHOWN} if count else {}
    return Demonstrated(mean, count)


def sharpness(prompt: Prompt, persona: Persona) -> float:
    """What bloat leaves of a prompt's effect: 1 up to the persona's comfortable length, then falling."""
    return math.exp(-max(0, prompt.tokens - persona.comfort) / (1.5 * persona.comfort))


def pull(prompt: Prompt, persona: Persona, behaviour: str, example: float = 0.0, examples: int = 0) -> float:
    """How far the prompt moves the persona towards a behaviour, in (-1, 1).

    Args:
        example: how strongly demonstrations show it, 0 to 1.
        examples: how many demonstrations there are.
    """
    told = advised(prompt.instruction)[behaviour]
    weight = 0.45 * told + 1.6 * example * (1 - 0.6**examples)
    return math.copysign(1 - math.exp(-abs(weight)), weight) * persona.learns * sharpness(prompt, persona)


def lifted(chance: float, by: float) -> float:
    """A probability moved by a pull: towards 1 if positive, towards 0 if negative."""
    return chance + (1 - chance) * by if by >= 0 else chance * (1 + by)
