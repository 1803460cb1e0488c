"""The order of a program's calls in words, true for every variant."""

from modules.abstention import HIGHEST
from modules.settings import AgentSettings

GUARD = "Before any call, the crisis guard reads the person's latest words: plain danger is answered with help at once."
_OTHERS = "A reply of abstain that cannot be read means to ask."


def order_of(settings: AgentSettings) -> list[str]:
    """What happens in a turn, one sentence or two a step."""
    if settings.abstention == "turn":
        return [GUARD, *_one_call(settings), _budget(settings), *_asking(settings), _RESPOND]
    return [GUARD, _triage(settings), _abstain(settings), _budget(settings), *_asking(settings), _READ, _RESPOND]


_READ = (
    "read: facts out of the answer, unless it is a plain one or tells nothing, which needs no call; only what rests on "
    "words of the answer is kept. Then the next turn begins."
)
_RESPOND = (
    "respond: the answer. It is asked for once more if it is not said to the person, or states what nobody gave; the "
    "better of the two is given. RAISE itself also reads answers for help to do harm, and adds whom to call where "
    "there is concern; this file holds neither."
)


def _triage(settings: AgentSettings) -> str:
    beside = "abstain and plan" if settings.eager else "abstain"
    return f"triage, beside {beside}: acute danger is answered with help, and nothing else is asked."


def _abstain(settings: AgentSettings) -> str:
    rating = f"a completeness of {settings.threshold} on (0 to {HIGHEST})"
    says = {
        "scale": f"rates what is known; answer from {rating}.",
        "vote": f"rates what is known {settings.votes} times at once; answer if at least {settings.agreement:g} of the "
        f"ratings are from {rating}; one that cannot be read counts against answering.",
        "binary": "says yes (answer) or no (ask).",
        "basic": "says answer, or names the attribute to ask about, which wins over the word.",
        "fused": f"rates what is known, names the attribute to ask about and words the question; answer from {rating}.",
    }
    return f"abstain: {says[settings.abstention]} {_OTHERS}"


def _one_call(settings: AgentSettings) -> list[str]:
    return [
        "abstain, the one call of a turn: reads the last answer, sees danger, rates what is known, and prepares the "
        f"question, or from a completeness of {settings.threshold} on (0 to {HIGHEST}) the answer. After an answer it "
        "is made as soon as that is heard.",
        "What its reply leaves out is asked for by triage, by a rating alone, by ask or by read.",
    ]


def _budget(settings: AgentSettings) -> str:
    never = f" Never asked: {', '.join(sorted(settings.never_ask))}." if settings.never_ask else ""
    return (
        f"Whatever abstain says: answer if no attribute is left to ask about, or none that fits into a burden of "
        f"{settings.budget:g} for the whole conversation.{never}"
    )


def _asking(settings: AgentSettings) -> list[str]:
    chosen = "seeing the planned paths of similar queries" if settings.retrieved else "without planned paths"
    if settings.shortlist == 1:
        plan = "plan is not called while planned paths favour an attribute: the one they favour most is asked about."
    elif settings.shortlist:
        plan = f"plan: chooses among the {settings.shortlist} attributes that planned paths favour, {chosen}."
    else:
        plan = f"plan: chooses the attribute to ask about, {chosen}; not called where one is left."
    if settings.abstention in ("basic", "fused", "turn"):
        plan = plan.removesuffix(".") + "; not called if abstain has named one."
    ask = {
        "plain": "ask is not called: the plain question about the attribute is put.",
        "model": "ask: words the question; a plain one is put if it cannot be presented.",
        "checked": "ask: words the question; a plain one is put if it cannot be presented or misses the attribute.",
    }[settings.phrasing]
    if settings.abstention in ("fused", "turn") and settings.phrasing != "plain":
        ask = ask.replace("ask: words the question", "ask: words the question, unless abstain has")
    return [plan, ask]
