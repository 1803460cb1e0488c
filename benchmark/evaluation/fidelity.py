"""Audit of simulated users: does what programs heard agree with the profile that the user was playing?"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from signatures import Profile, Turn
from signatures.words import WORD, split_words

_FILLER = frozenset("an and at for have having in is it my of on or the to with years year".split())  # noqa: SIM905
AGREES = 0.5
"""Share of the shorter value's words that must be shared."""


@dataclass(frozen=True)
class Fidelity:
    """Counts over all answers of an evaluation.

    Attributes:
        answers: questions answered.
        declined: answered by declining.
        facts: attribute values heard.
        faithful: facts that the profile bears out.
        contradicted: facts about an attribute for which the profile says something else.
        unfounded: facts about an attribute that the profile does not mention.
    """

    answers: int
    declined: int
    facts: int
    faithful: int
    contradicted: int
    unfounded: int

    @property
    def unfaithful_share(self) -> float:
        """Share of heard facts that the profile does not bear out; 0 if nothing was heard."""
        return (self.contradicted + self.unfounded) / self.facts if self.facts else 0.0

    def as_dict(self) -> dict[str, float]:
        """The counts and the share."""
        return {**asdict(self), "unfaithful_share": round(self.unfaithful_share, 4)}


def agree(heard: str, true: str) -> bool:
    """Whether two phrases share at least half the words of the shorter one, fillers aside; see ``_telling``."""
    a, b = (frozenset(_telling(text)) - _FILLER for text in (heard, true))
    if not a or not b:
        return heard.strip().lower() == true.strip().lower()
    return len(a & b) >= AGREES * min(len(a), len(b))


def _telling(text: str) -> Iterator[str]:
    """Words of two letters or more; single characters where a script does not part its words."""
    for word in split_words(text):
        parts = word.text.replace("_", "'").split("'")
        yield from (part for part in parts if len(part) > 1 or word.worth < WORD)


def audit(conversations: Iterable[tuple[Profile, Iterable[Turn]]]) -> Fidelity:
    """Audit conversations, each a profile and its turns.

    Turns without a question are left out: they were looked up in the profile, nobody was asked.
    """
    counts = dict.fromkeys(("answers", "declined", "facts", "faithful", "contradicted", "unfounded"), 0)
    for profile, turns in conversations:
        known = profile.known()
        for turn in turns:
            if not turn.question:
                continue
            counts["answers"] += 1
            counts["declined"] += bool(turn.declined)
            for name, value in turn.heard.items():
                counts["facts"] += 1
                verdict = (
                    "unfounded" if name not in known else "faithful" if agree(value, known[name]) else "contradicted"
                )
                counts[verdict] += 1
    return Fidelity(**counts)
