"""How people speak to somebody without naming the fact: "on your own now" to a widow, "the bill" to the poor."""

_MONEY = r"it'?s free|costs? nothing|no cost|doesn'?t charge|don'?t charge|afford|\brent\b|bankrupt|penny|grant\b|sick pay|charity care|paperwork|the bill\b|cushion"
_MIND = r"heaviness|hopeless|wish(?:ing)? (?:you weren'?t|not to be)|feels this empty|low spirits|close to crying|the dark|so low|mood"
_FEELING = r"\bguilt|asham|shame|scared|afraid|frighten|exhaust|worn out|weep|crying|tears|humiliat|\braw\b|rattle|brutal|dread|empty|numb|this tired|loses sleep|undone|lonel"
_DYING = r"\b988\b|end(?:ing|ed)? (?:your life|it\b)|that edge|hurt yourself|hurting yourself|wanting to die|death look|not to be here|urge|plan(?:ning)? to die"
ECHOES: dict[str, tuple[tuple[str, str], ...]] = {
    "age": (
        ("18", r"at your age|under 25|campus"),
        ("25", r"around thirty"),
        ("5", r"ten to fifteen"),
        ("65", r"grandmother|grandfather|your pension"),
    ),
    "gender": (("wom", r"\bmother|grandmother|sister\b|lady"), ("m[ae]n", r"\bbrother\b|father|a man who")),
    "marital_status": (
        ("married", r"your (?:wife|husband|spouse)|you both|you two"),
        (
            "separat|divorc|widow",
            r"on your own|by yourself|living by|empty flat|losing your (?:wife|husband)|nobody in the next chair",
        ),
        ("single", r"on your own|by yourself|flatmate"),
    ),
    "profession": (
        ("student", r"campus|your course|financial aid|student health"),
        ("nurse", r"a patient|the ward|doubles"),
        ("teacher", r"lessons|marking|whiteboard|pupils|a teacher who"),
        ("driver|warehouse|server", r"your shift|lifting boxes|clocking off|on your feet|other people'?s drinks"),
        ("business", r"the business|owners|your shop"),
        ("unemploy", r"get a job|job help"),
        ("retire", r"your pension"),
        ("account|engineer|lawyer|manager", r"desk hours|spreadsheet|modelling"),
    ),
    "economic_status": (
        ("severe|pay|tight", _MONEY),
        ("comfort|wealth", r"your salary|investing|employer match|race fee"),
    ),
    "education_level": (
        ("no high", r"\bged\b|never got to finish"),
        ("high school|vocation", r"adult-learner|diploma"),
    ),
    "health_status": (
        ("heart", r"your heart|tight chest"),
        ("cancer", r"infusion|oncolog|palliative"),
        ("pregnan", r"expecting|on the way|midwife|maternity"),
        ("epilep", r"seizure|neurolog"),
        ("pressure", r"energy drinks"),
        ("surgery", r"stitches|wound|heal"),
        ("pain", r"pain medication|flare"),
        ("insomni", r"hardly sleeping|you don'?t sleep|about the sleep|all-nighters"),
        ("asthma", r"inhaler|lungs"),
        ("good", r"\bfit,|raring"),
    ),
    "mental_health_status": (
        ("depress", _MIND),
        ("anxi", r"panic|worrying|your nerves"),
        ("trauma", r"old memories|memories|flashback|survivor|surviving"),
        ("bipolar", r"the highs|mood flip|full speed"),
        ("eating", r"a plate|meal plan|be fed|the illness"),
        ("alcohol", r"sobriety|craving|sponsor|the pub|gave up the drink|wanted to drink"),
    ),
    "self_harm_history": (("attempt|thoughts|self", _DYING),),
    "emotional_state": (
        ("despair|overwhelm|worr", _FEELING),
        ("calm", r"congratulations|love (?:it|that)|what a pleasant|enjoy"),
    ),
}
"""Attribute -> (words that mark a concept, words by which a response speaks to it)."""
