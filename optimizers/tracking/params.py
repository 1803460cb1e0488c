"""Params of a program as people can read them: instructions by their first words, demonstrations by their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modules import RAISE
from optimizers.pareto.search_space import COMPONENTS

PREDICTORS = ("respond", "abstain", "plan", "ask", "read")
"""Predictors that optimizers change; ``triage`` they leave as it is."""
AS_SHIPPED = "as shipped"
LEAST_WORDS, MORE_WORDS = 10, 5


@dataclass(frozen=True)
class Beginnings:
    """How the instructions of some programs are shown.

    Attributes:
        words: predictor -> instruction -> its first words, as many as tell it from the others.
    """

    words: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, programs: Sequence[RAISE]) -> "Beginnings":
        """Those that tell the instructions of ``programs`` apart."""
        changed = [changed_instructions(program) for program in programs]
        return cls(
            {
                name: first_words(list(dict.fromkeys(each[name] for each in changed if name in each)))
                for name in PREDICTORS
            }
        )


def changed_instructions(program: RAISE) -> dict[str, str]:
    """Predictor -> its instruction, where that is not the shipped one."""
    shipped = RAISE(settings=program.settings)
    texts = {name: str(getattr(program, name).signature.instructions) for name in PREDICTORS}
    return {name: text for name, text in texts.items() if text != getattr(shipped, name).signature.instructions}


def first_words(texts: Sequence[str]) -> dict[str, str]:
    """Text -> its first words on one line, as many as tell the texts apart."""
    longest = max((len(text.split()) for text in texts), default=0)
    count = LEAST_WORDS
    while count < longest and len({_beginning(text, count) for text in texts}) < len(texts):
        count += MORE_WORDS
    return {text: _beginning(text, count) for text in texts}


def _beginning(text: str, count: int) -> str:
    words = text.split()
    return " ".join(words[:count]) + (" ..." if len(words) > count else "")


def program_params(program: RAISE, chosen: Mapping[str, Any], beginnings: Beginnings) -> dict[str, Any]:
    """A program's params.

    Args:
        chosen: what the optimizer chose; indices of options are left out.
        beginnings: of a set of programs that holds this one.

    Returns:
        Settings as chosen, ``PREDICTOR`` -> the first words of its instruction or ``as shipped``, and
        ``demos_PREDICTOR`` -> how many demonstrations it shows.
    """
    changed = changed_instructions(program)
    return {
        **{name: value for name, value in chosen.items() if name not in COMPONENTS},
        **{n: beginnings.words[n][changed[n]] if n in changed else AS_SHIPPED for n in PREDICTORS},
        **{f"demos_{name}": len(getattr(program, name).demos) for name in PREDICTORS},
    }
