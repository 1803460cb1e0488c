"""What models do with one post: mark what it reveals, extract profile and question, word the question anew.

Every reply is checked in code, asked again a few times where it fails, and the post is then dropped with the reason.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from benchmark.scenarios.reddit.prefilter import Prefilter
from benchmark.scenarios.reddit.scrub import scrub
from benchmark.scenarios.reddit.support import Minor, find_support
from benchmark.scenarios.reddit.tables import personal
from benchmark.scenarios.reddit.wording import SHORTEST, find_shared_words, leaks, spoken, tells
from benchmark.scenarios.reddit.yields import Drop, Stage
from lms.whole import IncompleteReplyError
from signatures import (
    ATTRIBUTE_NAMES,
    ExtractStated,
    MarkRevealed,
    Profile,
    RewordQuery,
    StatedFact,
    default_vocabulary,
    parse_attribute,
)
from signatures.identity import content_id

ATTEMPTS = 3
"""A reply that cannot be used is asked again at most twice."""
CHECKS = 1
"""Version of the checks on replies; raised with every change, so that posts are read again."""
MEANINGS = default_vocabulary().meanings


@dataclass(frozen=True)
class Reading:
    """What came of one post; nothing in it is a quotation.

    Attributes:
        stages: what the post came through.
        drop: why it went no further; None for a scenario.
        query, profile: of the scenario.
        refused: values that were not taken, by reason.
    """

    stages: tuple[Stage, ...]
    drop: Drop | None
    query: str = ""
    profile: Profile = field(default_factory=Profile)
    refused: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "stages": [stage.value for stage in self.stages],
            "drop": self.drop.value if self.drop else None,
            "query": self.query,
            "profile": self.profile.known(),
            "refused": dict(self.refused),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Reading":
        """What ``to_json`` wrote."""
        return cls(
            tuple(Stage(name) for name in row["stages"]),
            Drop(row["drop"]) if row["drop"] else None,
            row["query"],
            Profile(**row["profile"]),
            Counter(row["refused"]),
        )


class _Dropped(Exception):
    """Ends the reading of a post."""

    def __init__(self, drop: Drop) -> None:
        super().__init__(drop.value)
        self.drop = drop


class PostReader:
    """Reads posts with one model; may be used by several threads at once.

    Args:
        lm: marking and extracting run at temperature 0, rewording at the model's own.
        at_least: how many of the ten attributes a post must reveal (paper, A.2: seven).
    """

    def __init__(self, lm: dspy.LM, *, at_least: int = 7) -> None:
        self.lm, self.at_least = lm, at_least
        self.mark = dspy.Predict(MarkRevealed)
        self.extract = dspy.Predict(ExtractStated)
        self.reword = dspy.Predict(RewordQuery)
        self._prefilter = Prefilter()

    def identity(self) -> str:
        """A hash of all that a reading depends on besides the post and the model."""
        prompts = [repr(predictor.signature) for predictor in (self.mark, self.extract, self.reword)]
        return content_id("read", CHECKS, personal().version, self.at_least, MEANINGS, prompts)

    def read(self, post: str) -> Reading:
        """Read a scrubbed post.

        Raises:
            dspy.utils.exceptions.LMError: if the model cannot be reached.
        """
        stages, refused = [Stage.READ], Counter[str]()
        try:
            if self._revealed(post) < self.at_least:
                return Reading(tuple(stages), Drop.FEW_REVEALED)
            stages.append(Stage.FILTER)
            profile, query = self._extracted(post, refused)
            stages.append(Stage.EXTRACTED)
            worded = self._reworded(query, profile, post)
        except _Dropped as dropped:
            return Reading(tuple(stages), dropped.drop, refused=refused)
        return Reading((*stages, Stage.SCENARIO), None, worded, profile, refused)

    def _revealed(self, post: str) -> int:
        """How many attributes the model marks."""
        reply = self._ask(self.mark, exact=True, text=post, attributes=MEANINGS)
        named = [parse_attribute(str(name), ATTRIBUTE_NAMES) for name in reply.revealed]
        return len(set(named) - {None})

    def _extracted(self, post: str, refused: Counter[str]) -> tuple[Profile, str]:
        """Profile and question; the attributes that fall through are counted in ``refused``."""
        reply = self._ask(self.extract, exact=True, text=post, attributes=MEANINGS)
        try:
            support = find_support([StatedFact.model_validate(fact) for fact in reply.stated], post)
        except Minor as error:
            raise _Dropped(Drop.MINOR) from error
        refused.update(support.refused)
        if len(support.facts) < self.at_least:
            raise _Dropped(Drop.FEW_SUPPORTED)
        query = " ".join(str(reply.query or "").split())
        if len(spoken(query)) < SHORTEST:
            raise _Dropped(Drop.NO_QUERY)
        return Profile(**support.facts), scrub(query).text

    def _reworded(self, query: str, profile: Profile, post: str) -> str:
        """The question in words of its own; each attempt is told what was wrong with those before."""
        complaints: list[str] = []
        drop = Drop.UNREADABLE
        for _ in range(ATTEMPTS):
            reply = self._ask(self.reword, query=query, avoid="\n".join(complaints) or "(first attempt)")
            worded = scrub(" ".join(str(reply.reworded or "").split())).text
            problem = self._problem(worded, profile, post)
            if problem is None:
                return worded
            drop, complaint = problem
            complaints.append(f"- {complaint}")
        raise _Dropped(drop)

    def _problem(self, worded: str, profile: Profile, post: str) -> tuple[Drop, str] | None:
        """Why a wording cannot be used, and how to say so to the model; None if it can."""
        if len(spoken(worded)) < SHORTEST:
            return Drop.NO_QUERY, "there was no question; ask it in at least four words"
        if runs := find_shared_words(worded, post, least=SHORTEST):
            return Drop.QUOTES, f"do not use these words in a row: {'; '.join(runs[:5])}"
        if leaks(worded, post):
            return Drop.PERSONAL, "leave out names, places, firms, dates, numbers and anything in brackets"
        if tells(worded, profile) or self._prefilter.told_young(worded):
            return Drop.TELLS, "do not say who the asker is: no age, family status, work, health or diagnosis"
        return None

    def _ask(self, predictor: dspy.Predict, *, exact: bool = False, **inputs: str) -> dspy.Prediction:
        """One reply that can be read; another sample is asked for where one cannot."""
        cold = {"temperature": 0.0} if exact and self.lm.kwargs.get("temperature") is not None else {}
        for attempt in range(ATTEMPTS):
            config = {"rollout_id": attempt} if attempt else cold  # cold, the second reply would be the first
            try:
                return predictor(**inputs, lm=self.lm, config=config)
            except (AdapterParseError, IncompleteReplyError):
                continue
        raise _Dropped(Drop.UNREADABLE)
