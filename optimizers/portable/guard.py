"""The crisis floor as data: rules of spelling, phrases, concepts, weights, and what to say.

Everything is what ``modules.crisis`` itself reads, as ``modules.crisis.guard.acute_by_words`` puts it together;
``tests/optimizers/portable`` holds an interpreter of the file against that, line by line.
"""

from modules.crisis.abroad import sign_tables
from modules.crisis.concepts import NEAR as CONCEPTS_NEAR
from modules.crisis.concepts import WORD, concept_patterns
from modules.crisis.guard import CHUNK, CONTACTS, OVERLAP, help_first
from modules.crisis.phrases import LOOK_BACK, MASK, NEAR, SHORT, context_patterns, languages
from modules.crisis.text import english_rules, folding_rules, international_rules
from modules.crisis.weights import (
    CAUTION,
    COMMON_ENGLISH,
    COMMON_SHARE,
    UNSPACED,
    WINDOW,
    weights_tables,
)
from modules.settings import AgentSettings
from optimizers.portable.placeholders import as_template, mark
from optimizers.portable.schema import Guard
from signatures.loading import load_once
from signatures.words import ranges_of


def guard_of(settings: AgentSettings) -> Guard:
    """The guard, with the contacts of a program."""
    return shared_guard().model_copy(update={"contacts": {**CONTACTS, **settings.contacts}})


@load_once
def shared_guard() -> Guard:
    """What is the same for every program."""
    marks = ranges_of(r"\p{M}")
    letters = rf"(?:(?![\d_])\w|{marks})+"
    return Guard(
        fold=folding_rules(),
        english=english_rules(),
        international=international_rules(),
        patterns={
            **context_patterns(),
            "letters": letters,
            "word": rf"{letters}|\d+",
            "unspaced": UNSPACED,
            "concept_token": WORD,
            "acute": "(?<![a-z])acute(?![a-z])",
            "not_acute": "(?<![a-z])(?:not|no|none)(?![a-z])",
        },
        numbers={
            "chunk": CHUNK,
            "overlap": OVERLAP,
            "look_back": LOOK_BACK,
            "near": NEAR,
            "short": SHORT,
            "window": WINDOW,
            "caution": CAUTION,
            "common_share": COMMON_SHARE,
            "concepts_near": CONCEPTS_NEAR,
        },
        mask=MASK,
        common_english=sorted(COMMON_ENGLISH),
        languages=[language.as_table() for language in languages()],
        signs=sign_tables(),
        concepts=concept_patterns(),
        weights=weights_tables(),
        reply=as_template(help_first("", {"": mark("contacts")})),
        contacts=CONTACTS,
    )
