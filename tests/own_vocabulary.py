"""Vocabularies of any size with scenarios that fit them, as a team would bring them."""

import json
from pathlib import Path

SUBJECTS = (
    ("residence_status", "residence status", ("student visa", "asylum seeker", "permanent resident")),
    ("medication", "medication", ("blood thinner", "insulin", "no medicine")),
    ("housing", "housing", ("rented room", "emergency shelter", "own house")),
    ("dependants", "dependants", ("two toddlers", "an elderly parent", "nobody")),
    ("allergies", "allergies", ("penicillin", "peanuts", "no allergies")),
    ("travel_document", "travel document", ("expired passport", "refugee document", "valid passport")),
    ("insurance", "insurance", ("private cover", "uninsured", "public scheme")),
    ("mobility", "mobility", ("wheelchair", "crutches", "walks freely")),
    ("spoken_language", "spoken language", ("Tigrinya", "Portuguese", "English")),
    ("support_network", "support network", ("church group", "isolated", "close neighbours")),
    ("court_date", "court date", ("hearing tomorrow", "hearing in spring", "no hearing")),
    ("internet_access", "internet access", ("library terminal", "smartphone", "offline")),
    ("pregnancy", "pregnancy", ("second trimester", "postpartum", "not expecting")),
    ("vaccination", "vaccination", ("fully vaccinated", "partly vaccinated", "unvaccinated")),
    ("literacy", "literacy", ("reads fluently", "reads slowly", "cannot read")),
    ("transport", "transport", ("bicycle", "rural bus", "drives daily")),
    ("pets", "pets", ("guide dog", "two cats", "petless")),
    ("savings", "savings", ("three months saved", "overdrawn", "comfortable cushion")),
    ("employer", "employer", ("warehouse agency", "hospital trust", "self employed")),
    ("citizenship", "citizenship", ("stateless", "Brazilian", "Irish")),
    ("diet", "diet", ("vegan", "kosher", "gluten free")),
    ("sleep_pattern", "sleep pattern", ("night shifts", "insomniac", "sleeps soundly")),
    ("childcare", "childcare", ("grandmother helps", "nursery place", "childcare missing")),
    ("criminal_record", "criminal record", ("spent conviction", "pending charge", "clean record")),
    ("disability_benefit", "disability benefit", ("benefit granted", "benefit refused", "never applied")),
)
MATTERS = (
    "the landlord's letter",
    "a missed appointment",
    "the new form",
    "an offer abroad",
    "a refund",
    "the deadline",
)
ASKS = ("What should I do about {}?", "How do people usually handle {}?", "Is it wise to wait with {}?")


def write_own(folder: Path, size: int, language: str = "en") -> tuple[Path, Path]:
    """A vocabulary of ``size`` attributes, and 18 scenarios: six situations of three people each."""
    chosen = SUBJECTS[:size]
    entries = "".join(
        f'[[attribute]]\nname = "{name}"\nlabel = "{label}"\nmeaning = "{label} of the person"\n'
        f"delicate = {str(place % 3 == 0).lower()}\nvalues = {json.dumps(values)}\n"
        f'questions = {{ {language} = "What is your {label}, if you like to say?" }}\n\n'
        for place, (name, label, values) in enumerate(chosen)
    )
    head = f'schema = 1\nname = "own-{size}"\nlanguage = "{language}"\n\n'
    field = '[[field]]\nname = "advice"\nareas = ["papers", "money"]\n'
    vocabulary, scenarios = folder / "vocabulary.toml", folder / "scenarios.jsonl"
    vocabulary.write_text(head + entries + field, encoding="utf-8")
    rows = [
        {
            "id": f"{matter}-{person}",
            "domain": "advice",
            "situation": f"advice/matter-{matter}",
            "source": "own",
            "query": ASKS[person].format(MATTERS[matter]),
            "profile": {name: values[(person + place + matter) % 3] for place, (name, _, values) in enumerate(chosen)},
        }
        for matter in range(len(MATTERS))
        for person in range(3)
    ]
    scenarios.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return vocabulary, scenarios
