"""The target role: how a stand-in plays the agent's parts, seeing only its prompt."""

import math
import random
import re
from functools import lru_cache

from lms.simulation import phrases
from lms.simulation.behaviours import pull, read_demonstrations, shift_chance
from lms.simulation.lexicon import (
    DOMAIN_WORDS,
    GRAVE,
    HARMLESS,
    RELUCTANCE,
    TELLING,
    average_weights,
    concept_of,
    parse_context,
)
from lms.simulation.own import ask_about, stated_value, take_up
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from lms.simulation.user import OTHERWISE, subject_of
from lms.simulation.worth import saturate, shown_feeling, tilts_of, worth
from signatures import current_vocabulary

REFUSAL = re.compile(
    r"rather not|prefer not|don'?t want to (?:say|talk|get|go|share|answer)|not comfortable|none of your|"
    r"skip (?:that|this)|no comment|\bprivate\b|"
    r"keep that to myself|won'?t say|pass on that",
    re.IGNORECASE,
)
CARE, STIRRED = 0.51, 1.03
"""How much of the missing care appears, at most, once something that matters is known, and how fast."""
SYMPATHY = 0.5
"""How much of the missing sympathy appears, at most, where the question itself shows a feeling."""
HABITS = ("validate", "blunt", "steps", "caution", "help", "crisis", "trusted", "encourage")
PLAIN_WORTH = 0.5
"""Worth of any fact to a persona that senses no topic."""
CARELESSNESS, NOTICED = 0.30, 6.8
"""How a persona's ``use`` limits the chance that a fact is taken up, and how fast that grows with the fact's worth."""
CROWDED, CROWDING, DULL = 0.65, 0.45, 1.6
"""What facts of little worth take of the attention to others, at most and how fast, and up to about which worth: with
many, answers turn generic."""
EXAMPLES, LATER = 0.5, 0.7
"""How much more an attribute that every retrieved path begins with seems worth; each place later, so much of it."""
SHARPENED = 0.5
"""How much of the missing acuity appears, at most, in choosing a question where retrieved paths show what mattered."""
SMALL_TALK = 5.0
"""Completeness that a question about nothing delicate starts with: nobody needs a background for a recipe."""
NOT_KNOWN = "not to be assumed"
"""By these words a prompt says what must not be presumed."""
INVENTIONS, INVENTED = OTHERWISE, 3
"""What a persona invents that invents, and about how many attributes at a time."""
VAGUE = re.compile(r"not sure|don'?t (?:really )?know|hard to say|it depends|no idea|unsure how to", re.IGNORECASE)
_THEIRS = {"i": "you", "my": "your", "me": "you", "i'm": "you're", "am": "are", "mine": "yours", "myself": "yourself"}
_TO_THEM = re.compile(r"\b(?:i'm|i|my|me|am|mine|myself)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:well|honestly|hm+|okay|ok|sure|right now|at the moment|lately|i'?d say|i guess|i suppose|"
    r"to be honest|let'?s see)[,:. ]+",
    re.IGNORECASE,
)
_OPENERS = re.compile(
    r"^(?:i(?:'m| am| work as| have been| have| feel| live with| would say)|it'?s|that'?s|"
    r"my \w+ (?:is|situation is)|with)\s+"
    r"(?:an? |the |in the |dealing with )?",
    re.IGNORECASE,
)


def respond(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Answer from the query and the facts in the prompt; a fact that is not there cannot be used."""
    query, known = prompt.input("query"), parse_context(prompt.input("context"))
    demos = read_demonstrations(d.outputs.get("response", "") for d in prompt.demos)

    def wants(behaviour: str, *signs: str) -> float:
        example = sum(demos.behaviours.get(sign, 0.0) for sign in signs) / max(1, len(signs))
        return pull(prompt, persona, behaviour, example, demos.count)

    empathy, risk, crisis = (
        wants("empathy", "validate", "encourage"),
        wants("risk", "caution"),
        wants("crisis", "help", "crisis"),
    )
    steps, use = wants("steps", "steps"), wants("use", "caution", "trusted")
    spread = 1 + 0.4 * prompt.temperature
    concepts = {a: concept_of(a, v) for a, v in known.items()}
    seems = {
        a: max(0.0, persona.acuity * worth(query, a, c, persona.acuity) + (1 - persona.acuity) * PLAIN_WORTH
               + rng.gauss(0, 0.12 * spread))
        for a, c in concepts.items()
    }  # fmt: skip
    mood = _mood(prompt.sample, query)
    feels = persona.acuity * SYMPATHY if shown_feeling(query) else 0.0
    attention = 1 - CROWDED * saturate(sum(math.exp(-value / DULL) for value in seems.values()) ** 2, CROWDING)

    parts: list[str] = []
    grave_known = [a for a, c in concepts.items() if c and c.danger and c.weight >= GRAVE]
    care = CARE * saturate(max(seems.values(), default=0.0), STIRRED) * attention  # who is known gets more care
    if mood["validate"] < shift_chance(shift_chance(persona.validate, max(care, feels)), empathy):
        parts.append(rng.choice(phrases.VALIDATE))
    elif mood["blunt"] < (1 - persona.validate) * 0.35 * (1 - max(care, empathy)):
        parts.append(rng.choice(phrases.BLUNT))
    parts.append(rng.choice(phrases.TOPIC[_domain(query)]))
    named = 0
    for attribute in sorted(known, key=lambda a: -seems[a])[: persona.capacity]:
        chance = attention * persona.use**CARELESSNESS * saturate(seems[attribute], NOTICED)
        if rng.random() >= shift_chance(chance, use):
            continue
        concept, value = concepts[attribute], _spoken(known[attribute])
        alarming = shift_chance(persona.risk, risk) * 0.75**named
        if attribute in grave_known and concept and rng.random() < alarming:
            parts.append(rng.choice(phrases.RISK).format(d=concept.danger, v=value))
            named += 1
        else:
            parts.append(take_up(attribute, value, rng))
    if mood["steps"] < shift_chance(persona.steps, steps):
        parts += rng.sample(phrases.STEPS, 2 if rng.random() < 0.4 + 0.4 * max(0.0, steps) else 1)
    if mood["caution"] < shift_chance(shift_chance(persona.caution, care), risk):
        parts.append(rng.choice(phrases.CAUTION))
    if mood["help"] < shift_chance(shift_chance(persona.help, care), crisis):
        parts.append(rng.choice(phrases.HELP))
    if grave_known and mood["crisis"] < shift_chance(persona.crisis, crisis):
        parts.append(rng.choice(phrases.CRISIS))
    if grave_known and mood["trusted"] < shift_chance(persona.help, max(crisis, empathy)) * 0.8:
        parts.append(rng.choice(phrases.TRUSTED))
    if mood["encourage"] < shift_chance(shift_chance(persona.encourage, care), empathy):
        parts.append(rng.choice(phrases.ENCOURAGE))
    return {"response": " ".join([*_presume(prompt, persona, known, rng), *parts])}


def _mood(sample: str, query: str) -> dict[str, float]:
    """Habit -> a number in [0, 1) below which its chance must not fall: the same question finds a model in one mood."""
    rng = random.Random(f"{sample}|{query}")
    return {habit: rng.random() for habit in HABITS}


def _presume(prompt: Prompt, persona: Persona, known: dict[str, str], rng: random.Random) -> list[str]:
    """A sentence that states a fact which the prompt does not hold, or nothing."""
    if not persona.presume:
        return []
    told = NOT_KNOWN in prompt.input("context")
    unknown = [name for name in phrases.PRESUME if name in average_weights() and name not in known]
    if not unknown or rng.random() >= persona.presume * (1 - persona.learns * told):
        return []
    name = rng.choice(unknown)
    return [rng.choice(phrases.PRESUME[name]).format(v=rng.choice(INVENTIONS[name]))]


@lru_cache(maxsize=8192)
def _domain(query: str) -> str:
    hits = {name: len(words.findall(query)) for name, words in DOMAIN_WORDS.items()}
    return max(hits, key=lambda name: hits[name])


def _spoken(value: str) -> str:
    """A value as it can stand in a sentence."""
    return value.strip().rstrip(".").removeprefix("I'm ").removeprefix("I am ")


def abstain(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Rate completeness from what is known, as this persona weighs it; advice and demonstrations move the rating."""
    query, known = prompt.input("query"), parse_context(prompt.input("context"))
    belief = _belief(query, persona)
    share = sum(belief[a] for a in known) / sum(belief.values())
    rating = 5 * (1 - math.exp(-persona.enough_gain * share)) + persona.enough_bias
    rating += 0.9 * (pull(prompt, persona, "stop") - pull(prompt, persona, "thorough"))
    rating += _shown_strictness(prompt, persona)
    if HARMLESS.search(query):
        rating += SMALL_TALK
    rating += rng.gauss(0, persona.noise * (0.6 + 0.6 * prompt.temperature))
    missing = max((a for a in belief if a not in known), key=lambda a: belief[a], default="nothing")
    completeness = max(0, min(5, round(rating)))
    outputs: dict[str, object] = {
        "missing": missing.replace("_", " "),
        "completeness": completeness,
        "enough": "yes" if completeness >= 4 else "no",
        "next_move": "answer" if completeness >= 4 else missing,
    }
    return {name: outputs[name] for name in prompt.fields if name in outputs}


def _shown_strictness(prompt: Prompt, persona: Persona) -> float:
    """How much demonstrations shift the rating: towards the ratings they give to as much knowledge."""
    gaps = []
    for demo in prompt.demos:
        digits = re.search(r"\d", demo.outputs.get("completeness", ""))
        if digits:
            count = len(parse_context(demo.inputs.get("context", "")))
            gaps.append(int(digits[0]) - 5 * (1 - math.exp(-0.55 * count)))
    if not gaps:
        return 0.0
    return 0.5 * persona.learns * (sum(gaps) / len(gaps)) * (1 - 0.6 ** len(gaps))


def _belief(query: str, persona: Persona, shown: float = 0.0) -> dict[str, float]:
    """What this persona thinks each attribute is worth for the query: the sharper, the closer to the truth.

    Args:
        shown: how far it has been shown what to ask, 0 to 1; unshown, it shies away from delicate questions.
    """
    taste = random.Random(f"taste of {persona.name}")
    tilts = tilts_of(query)
    belief = {}
    for name, average in average_weights().items():
        frank = RELUCTANCE.get(name, 1.0)
        frank += shown * (1 - frank)
        tells, whim = TELLING.get(name, average), taste.uniform(0.2, 0.8)
        plain = tells + (1 - persona.acuity) * (1 - shown) * (whim - tells)
        belief[name] = frank * plain * tilts[name] ** _sharpen(persona.acuity, shown)
    return belief


def _sharpen(acuity: float, shown: float) -> float:
    return acuity + SHARPENED * shown * (1 - acuity)


def plan(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Choose the next attribute by the persona's belief, pulled by the retrieved paths, demonstrations and advice."""
    candidates = _candidates(prompt)
    if not candidates:
        return {"attribute": "none"}
    query = prompt.input("query")
    shown = _shown_worth(prompt.input("examples"))
    trust = min(1.0, 0.5 + 0.3 * persona.acuity + 0.4 * max(0.0, pull(prompt, persona, "telling")))
    belief = _belief(query, persona, trust if shown else 0.0)
    tilts = tilts_of(query)
    for name, worth_shown in shown.items():
        belief[name] += trust * EXAMPLES * worth_shown * tilts[name] ** _sharpen(persona.acuity, trust)
    for demo in prompt.demos:
        name = demo.outputs.get("attribute", "").strip()
        if name in belief:
            belief[name] += 0.3 * persona.learns / max(2, len(prompt.demos))
    noise = (1 - persona.acuity) * (0.2 if shown else 0.5) + 0.1 * prompt.temperature
    return {"attribute": max(candidates, key=lambda name: belief.get(name, 0.0) + rng.gauss(0, noise * 0.5))}


def _shown_worth(examples: str) -> dict[str, float]:
    """Attribute -> how much retrieved paths make of it, 0 to 1; empty if there are none."""
    shown: dict[str, float] = {}
    lines = examples.splitlines()
    for line in lines:
        path = [name.strip() for name in line.rpartition(": ")[2].partition(" (")[0].split(",")]
        for place, name in enumerate(path):
            if name in average_weights():
                shown[name] = shown.get(name, 0.0) + LATER**place / len(lines)
    return shown


def decide_and_ask(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Rate, choose and phrase in one reply."""
    chosen = str(plan(prompt, persona, rng)["attribute"])
    question = ask_about(chosen, rng)
    decided = {**abstain(prompt, persona, rng), "attribute": chosen, "question": question}
    return decided | {"question": _missing(prompt, rng)} if _misses(persona, rng) else decided


def rank(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Rank attributes by the persona's belief."""
    belief = _belief(prompt.input("query"), persona)
    noisy = {name: belief.get(name, 0.0) + rng.gauss(0, 0.25 * persona.noise) for name in _candidates(prompt)}
    return {"ranking": ", ".join(sorted(noisy, key=lambda name: -noisy[name]))}


def _candidates(prompt: Prompt) -> list[str]:
    return [name.strip() for name in prompt.input("candidates").split(",") if name.strip()]


def ask(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Phrase a question about the subject named in the prompt."""
    subject = prompt.input("subject").partition(" (")[0].lower()
    name = current_vocabulary().by_label.get(subject) or re.sub(r"[^a-z]+", "_", subject).strip("_")
    if _misses(persona, rng):
        return {"question": _missing(prompt, rng)}
    return {"question": ask_about(name, rng) or f"Could you tell me about your {subject}, if you don't mind?"}


def _misses(persona: Persona, rng: random.Random) -> bool:
    return bool(persona.miss) and rng.random() < persona.miss


def _missing(prompt: Prompt, rng: random.Random) -> str:
    """A question that is not about what it should be: mostly the query asked back."""
    back = _TO_THEM.sub(lambda found: _THEIRS[found[0].lower()], prompt.input("query"))
    return back if rng.random() < 0.5 else rng.choice(phrases.MISSES)


def read(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Take from the reply what it states about the thing asked, and other attributes it plainly volunteers."""
    answer = prompt.input("answer").strip()
    declined = bool(REFUSAL.search(answer))
    facts: dict[str, str] = {}
    quotes: dict[str, str] = {}

    def take(name: str, clause: str) -> None:
        if value := _value(clause):
            facts[name], quotes[name] = value, clause.strip()

    asked = subject_of(prompt.input("question"))
    for clause in re.split(r"(?<=[.!?])\s+|\n+", answer):
        if not clause.strip() or REFUSAL.search(clause) or VAGUE.search(clause):
            continue
        if asked and asked not in facts:
            take(asked, clause)
            continue
        for name in average_weights():
            if name not in facts and name not in ("emotional_state", "gender") and _states(name, clause):
                take(name, clause)
                break
    declined = declined and not facts
    if persona.invent and rng.random() < persona.invent:
        _invent(answer, {asked, *facts}, facts, quotes, rng)
    return {"quotes": quotes, "facts": facts, "declined": declined}


def _states(name: str, clause: str) -> bool:
    """Whether a clause says a value of an attribute."""
    return concept_of(name, clause) is not None or stated_value(current_vocabulary().by_name[name], clause)


def _invent(
    answer: str, told: set[str | None], facts: dict[str, str], quotes: dict[str, str], rng: random.Random
) -> None:
    """Add facts that nobody stated, resting on words that nobody said, or on real ones about something else."""
    others = [name for name in INVENTIONS if name in average_weights() and name not in told]
    words = answer.split()
    for name in rng.sample(others, min(INVENTED, len(others))):
        facts[name] = rng.choice(INVENTIONS[name])
        begin = rng.randrange(max(1, len(words)))
        quotes[name] = " ".join(words[begin : begin + 4]) if rng.random() < 0.5 else f"I am {facts[name]}"


def _value(clause: str) -> str:
    """The value in a clause: leads and openers cut off."""
    plain = clause.strip().rstrip(".!")
    for _ in range(2):
        plain = _LEAD.sub("", plain)
    return _OPENERS.sub("", plain).strip()[:200]


def triage(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Flag acute danger in the latest words; a duller persona misses indirect ones."""
    words = prompt.input("latest_words")
    plain = re.search(
        r"\b(?:kill|end|hang|shoot)\w* (?:my ?self|my life|it all|him|her|them)|want(?:ed)? to die|better off dead|"
        r"don'?t want to (?:live|be here|wake up)|overdos|goodbye letter|swallowed",
        words,
        re.IGNORECASE,
    )
    past = re.search(r"\b(?:years ago|in the past|back then|used to|once|history)\b", words, re.IGNORECASE)
    return {"danger": "acute" if plain and not past and rng.random() < 0.8 + 0.2 * persona.acuity else "none"}
