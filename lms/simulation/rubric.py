"""The judge role by a rubric of one's own: what the stand-in cannot read in the anchors, it takes from what it knows.

It understands the three published dimensions alone. For any others it grades those three and gives each dimension their
mean, brought to the rubric's levels and with noise of its own; the reason says so. That tries out a rubric's whole way,
from prompt to tables; what a rubric is worth, only a real judge can tell.
"""

import random
import re

from lms.simulation import judge
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from signatures import SCORE_DIMENSIONS

REASON = "Simulated: the mean of the published dimensions stands in for this one."
_LEVELS = re.compile(r"whole number from 1 to (\d)")


def is_own(prompt: Prompt) -> bool:
    """Whether a judge is asked to grade a response against a whole profile by dimensions of one's own."""
    return {"query", "profile", "response"} <= prompt.inputs.keys() and set(prompt.fields[1::2]) != set(
        SCORE_DIMENSIONS
    )


def score(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Grade by all fields asked for; of a reason and a grade, the grade comes second."""
    levels = _LEVELS.search(prompt.text)
    highest = int(levels[1]) if levels else 5
    known = judge.score(prompt, persona, rng)
    share = (sum(int(str(known[name])) for name in SCORE_DIMENSIONS) / len(SCORE_DIMENSIONS) - 1) / 4
    grades: dict[str, object] = {}
    for reason, grade in zip(prompt.fields[::2], prompt.fields[1::2], strict=False):
        level = 1 + share * (highest - 1) + rng.gauss(0, persona.noise)
        grades |= {reason: REASON, grade: max(1, min(highest, round(level)))}
    return grades
