"""What is checked of answers, questions and responses without a model, as regular expressions and word lists.

The program checks more (``modules.reading``): whose facts they are, whether an answer states what nobody gave. What is
here suffices for the same conversation with people who answer what they are asked; ``docs/portable.md`` has the
difference, measured.
"""

from modules.answers import LONGEST_VALUE, MOST_WORDS, NO_VALUE, REFUSAL, technical_names
from modules.reading import plain, role
from modules.reading.grounds import ALONE, NOT_YES_OR_NO, NUMBER
from modules.reading.statements import CLAUSE, EDGES
from modules.reading.vocabulary import vocabulary
from modules.responding import AGAIN
from optimizers.portable.patterns import NEVER, any_of, any_word, only, vocabulary_pattern, without_properties
from optimizers.portable.schema import Checks
from signatures import Vocabulary, current_vocabulary
from signatures.loading import load_once
from signatures.words import folding_rules, word_pattern

AGE = "age"


def shared_checks() -> Checks:
    """The checks; they are the same for every program of a vocabulary."""
    return _checks(current_vocabulary())


@load_once
def _checks(_: Vocabulary) -> Checks:
    known = vocabulary()
    values = {name: any_of(subject.values) for name, subject in known.subjects.items()}
    if AGE in values:
        values[AGE] = "|".join([_age(), vocabulary_pattern("age_words"), values[AGE]])
    named = {name: f"{values[name]}|{any_of(subject.about)}" for name, subject in known.subjects.items()}
    asks = {
        name: any_of(tuple(phrase for phrases in subject.asks.by_start.values() for phrase in phrases))
        for name, subject in known.subjects.items()
    }
    return Checks(
        again=AGAIN,
        fold=folding_rules(),
        patterns={**_of_answers(), **_of_questions(), **_of_responses()},
        values=values,
        subjects=named,
        questions=asks,
        small_words={code: any_word(words) for code, words in known.languages.items()},
        numbers={
            "refusal_words": MOST_WORDS,
            "longest_value": LONGEST_VALUE,
            "plain_words": plain.MOST_WORDS,
            "plain_characters": plain.LENGTH,
        },
    )


def _of_answers() -> dict[str, str]:
    words = vocabulary().words
    return {
        "word": word_pattern(),
        "clause": without_properties(CLAUSE.pattern),
        "edges": without_properties(EDGES.pattern),
        "refusal": REFUSAL.pattern,
        "no_value": NO_VALUE.pattern,
        "doubt": vocabulary_pattern("doubt"),
        "empty": only(words["empty"]),
        "empty_word": any_word(words["empty"]),
        "yes_or_no": only(words["empty"] | words["yes"] | words["no"]),
        "alone": f"^(?:{'|'.join(sorted(ALONE))})$",
        "tells_no_yes": f"^(?:{'|'.join(sorted(NOT_YES_OR_NO))})$",
        "denies": any_word(words["no"] | words["denials"]),
        "opener": _opener(),
        "plain": without_properties(rf"^{plain.PLAIN.pattern}$"),
        "somebody_else": any_of(vocabulary().others),
    }


def _opener() -> str:
    """Up to three openers, if anything is left behind them."""
    between = without_properties(r"[\s\p{Po}\p{Pi}\p{Pf}]")
    return rf"^(?:(?:{vocabulary_pattern('openers')}){between}*){{1,3}}(?=[^\s.,!])"


def _of_questions() -> dict[str, str]:
    technical = [name for a in current_vocabulary().attributes for name in technical_names(a)]
    return {
        "asks": rf"[?\uff1f\u061f]|{vocabulary_pattern('asks_to_tell')}",
        "technical": "|".join(technical) or NEVER,
        "question": without_properties(r"[^\p{Sentence_Terminal}]*[?\uff1f\u061f]"),
        "asks_leave": vocabulary_pattern("asks_leave"),
        "latin": without_properties(r"\p{Latin}"),
        "han": without_properties(r"\p{Han}"),
        "kana": without_properties(r"[\p{Hiragana}\p{Katakana}]"),
    }


def _of_responses() -> dict[str, str]:
    return {
        "structure": f"^{role.STRUCTURE.pattern}",
        "of_the_person": role.OF_THE_PERSON.pattern,
        "first_person": role.FIRST.pattern,
        "aside": role.ASIDE.pattern,
        "addressed": role.ADDRESSED.pattern,
    }


def _age() -> str:
    """A number that can be an age and counts nothing else."""
    years = NUMBER.pattern.replace(r"\d{1,3}", r"(?:[5-9]|[1-9]\d|1[01]\d|120)")
    counted = vocabulary_pattern("counted").replace("(?:^", "(?:")
    return f"{years}(?!{counted})"
