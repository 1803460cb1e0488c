"""The settings of a RAISE program: everything that it can be told besides its prompts."""

from collections.abc import Iterable
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from modules.abstention import HIGHEST, Abstention, Basic, Binary, Fused, Scale, Variant, Vote
from modules.crisis.ensemble import FALSE_ALARMS
from modules.embedding import TFIDF
from modules.turn import OneCall
from signatures import current_vocabulary, default_burdens

Phrasing = Literal["model", "checked", "plain"]
PHRASINGS: tuple[Phrasing, ...] = get_args(Phrasing)
MOST = 100
"""Calls or examples a turn that no sensible program goes beyond; a settings file from elsewhere might."""


class AgentSettings(BaseModel):
    """What a RAISE program can be told besides its prompts.

    Attributes:
        abstention: how to decide whether enough is known: ``scale`` (the paper's best), ``binary``, ``basic``, ``vote``
            (several ratings), ``fused`` (rating, choice and question in one call), or ``turn`` (one call reads the
            last answer and prepares the next move: n questions, n + 1 calls).
        threshold: completeness (0 to 5) from which the agent answers.
        votes: ratings that ``vote`` takes.
        agreement: share of them that must find enough.
        eager: choose the next attribute while it is still being judged whether enough is known; a call more at the end,
            a round of waiting less for every question.
        phrasing: who words a question: ``checked``, the model, unless what it says misses its attribute (then a plain
            question is put); ``model``, the model, whatever it asks; ``plain``, nobody: plain questions without a call.
        budget: what the questions of one conversation may cost, in units of burden.
        retrieved: how many planned paths the planner sees (the paper's k; 3 to 10 do alike).
        shortlist: how many attributes the planner chooses among, those that all planned paths together favour; 1
            follows them without a call, 0 leaves all open, as in the paper.
        embedder: what similarity of queries is measured by: ``tfidf``, a model string that ``dspy.Embedder`` takes, or
            ``sentence-transformers/all-MiniLM-L6-v2``, the paper's.
        burdens: cost of asking, by attribute; where nothing is said, as the vocabulary has it: 1.0, the paper's uniform
            cost, unless its file says otherwise.
        never_ask: attributes that must not be asked about.
        country: ISO code for crisis contacts.
        contacts: country -> whom to call, in place of the contacts that come with RAISE.
        concern: whether signs of risk short of acute danger change what is asked and said (``modules.crisis.concern``).
        false_alarms: share of hard harmless messages that the crisis guard may take for acute danger, 0 to 1; there are
            thresholds for 0.01 to 0.1 (``modules/crisis/ensemble.json``). Phrases of danger fire whatever it is.
        triage_from: the guard's score, 0 to 1, from which the model's triage can call for help by itself; 0: whatever
            the words are. For a model that takes harmless words for danger, 0.2 (``docs/crisis-triage.md``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)  # JSON has neither
    abstention: Variant = "scale"
    threshold: int = Field(default=4, ge=0, le=HIGHEST)
    votes: int = Field(default=3, ge=1, le=MOST)
    agreement: float = Field(default=0.6, gt=0, le=1)
    eager: bool = False
    phrasing: Phrasing = "checked"
    budget: float = Field(default=5.0, ge=0)
    retrieved: int = Field(default=5, ge=0, le=MOST)
    shortlist: int = Field(default=0, ge=0)
    embedder: str = TFIDF
    burdens: dict[str, float] = Field(default_factory=default_burdens)
    never_ask: frozenset[str] = frozenset()
    country: str = ""
    contacts: dict[str, str] = Field(default_factory=dict)
    concern: bool = True
    false_alarms: float = Field(default=FALSE_ALARMS, ge=0, le=1)
    triage_from: float = Field(default=0.0, ge=0, le=1)

    def way(self) -> Abstention:
        """How to decide whether enough is known."""
        ways: dict[Variant, Abstention] = {
            "scale": Scale(self.threshold),
            "binary": Binary(),
            "basic": Basic(),
            "vote": Vote(self.threshold, self.votes, self.agreement),
            "fused": Fused(self.threshold),
            "turn": OneCall(self.threshold),
        }
        return ways[self.abstention]

    @field_validator("burdens")
    @classmethod
    def _complete(cls, given: dict[str, float]) -> dict[str, float]:
        _refuse_unknown(given)
        if any(burden < 0 for burden in given.values()):
            raise ValueError("a burden cannot be negative")
        return {**default_burdens(), **given}

    @field_serializer("never_ask")
    def _in_order(self, names: frozenset[str]) -> list[str]:
        return sorted(names)  # sets have no order of their own, and settings are hashed

    @field_validator("never_ask")
    @classmethod
    def _known(cls, given: frozenset[str]) -> frozenset[str]:
        _refuse_unknown(given)
        return given


def _refuse_unknown(names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(current_vocabulary().names))
    if unknown:
        raise ValueError(f"unknown attributes {unknown}")
