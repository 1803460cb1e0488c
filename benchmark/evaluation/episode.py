"""The episode: one scenario's conversation, its verdict and what it took, as it is stored and as a row of a frame."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from benchmark.judging.judge import Verdict
from benchmark.judging.panel import PANEL
from benchmark.scenarios.scenario import Scenario
from lms import is_simulated
from lms.ledger import Tally
from signatures import StopReason, Turn, current_rubric

PER_CONVERSATION = (
    "calls",
    "rounds",
    "tokens",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "seconds",
    "usd",
    "unpriced",
    "simulated",
)
"""Figures of the target's calls, by the names of ``TurnUsageRecord``; columns with ``target_`` before them."""


class EpisodeUsage(BaseModel):
    """What an episode took.

    Attributes:
        lm_calls: role -> calls made for it, in whichever run of it.
        replies: role -> those and replies reused from the store.
        input_tokens, output_tokens: of the calls.
        cost_usd: of the calls; None if a price is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    lm_calls: dict[str, int] = {}
    replies: dict[str, int] = {}
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0

    @classmethod
    def of(cls, tally: Tally, charged: Tally) -> "EpisodeUsage":
        """The usage of an episode.

        Args:
            tally: of this run, in which replies may have come from the store.
            charged: what all its calls took, those of interrupted runs too (``ReplyStore.usage_of``).
        """
        total = charged.total()
        return cls(
            lm_calls=charged.calls(),
            replies=tally.replies(),
            input_tokens=total.input_tokens,
            output_tokens=total.output_tokens,
            cost_usd=None if total.unpriced else total.cost_usd,
        )


class TurnUsageRecord(BaseModel):
    """What the target took in one turn, whether its replies were asked for now or stored before.

    Attributes:
        calls, rounds: LM calls, and how often one had to wait for some.
        tokens: in and out, as far as told.
        input_tokens, output_tokens, cached_tokens, seconds, usd, unpriced, simulated: see ``signatures.usage.Spent``;
            None in the records of earlier versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    calls: int
    rounds: int
    tokens: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    seconds: float | None = None
    usd: float | None = None
    unpriced: int = 0
    simulated: int = 0


class Provenance(BaseModel):
    """What an episode is of.

    Attributes:
        program: as tables call it.
        target, judge, user: their models; the members of a panel are joined by ``PANEL``.
        data_hash: of the scenario set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    program: str
    target: str
    judge: str
    user: str
    data_hash: str

    @property
    def simulated(self) -> bool:
        """Whether a stand-in had part in it."""
        return any(is_simulated(model) for model in (self.target, self.user, *self.judge.split(PANEL)))


class Episode(BaseModel):
    """One scenario run with one program.

    Attributes:
        provenance: what it is of; None if an earlier version stored it.
        scenario: query and profile.
        verdict: what the judge said, or why there is no score.
        response: None if the conversation failed.
        n_queries, burden: questions, and the sum of their burdens; None if the conversation failed.
        asked: attributes asked about, in order.
        turns: questions and answers.
        stop_reason: why the program answered; None if it did not.
        unreadable: replies of the target that could not be parsed.
        ungrounded: facts that the target read and that do not rest on the person's words; they were dropped.
        off_target: what was wrong with the target's questions that miss their attribute; unless the program's
            phrasing is ``model``, plain questions were put instead.
        invalid: replies of the target that should choose an attribute and chose none that could be asked.
        falling: ratings of completeness that fell though more was known.
        invented, invented_kept: facts about the person that answers of the target state and nobody gave, and those in
            the response; such an answer is asked for once more.
        plain_answers: answers that were read without the target.
        lost_answers: questions to which the user's model gave no readable reply.
        spent: what each turn took of the target, the answer last; empty if the conversation failed.
        failed: whether an error ended the episode; it is run again next time.
        usage: calls, tokens, cost.
        seconds: duration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    provenance: Provenance | None = None
    scenario: Scenario
    verdict: Verdict
    response: str | None = None
    n_queries: int | None = None
    burden: float | None = None
    asked: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    stop_reason: StopReason | None = None
    unreadable: int = 0
    ungrounded: int = 0
    off_target: tuple[str, ...] = ()
    invalid: int = 0
    falling: int = 0
    invented: int = 0
    invented_kept: int = 0
    plain_answers: int = 0
    lost_answers: int = 0
    spent: tuple[TurnUsageRecord, ...] = ()
    failed: bool = False
    usage: EpisodeUsage = EpisodeUsage()
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether it is worth keeping: a failure, or a panel of which a judge was out of reach, is run again.

        What is run again costs nothing, since replies are stored; only what failed is asked anew.
        """
        return not (self.failed or self.verdict.unreached)

    def made_by(self, provenance: Provenance) -> "Episode":
        """The episode as one of ``provenance``; a stored one may have been made under another name."""
        return self if self.provenance == provenance else self.model_copy(update={"provenance": provenance})

    def row(self) -> dict[str, Any]:
        """The episode as a row of ``Evaluation.frame``."""
        verdict = self.verdict
        scores = verdict.scores or dict.fromkeys(current_rubric().names)
        made = self.provenance.model_dump() if self.provenance else dict.fromkeys(Provenance.model_fields)
        return {
            **made,
            "scenario_id": self.scenario.id,
            "domain": self.scenario.domain,
            "situation": self.scenario.situation,
            "profile_id": self.scenario.profile_id,
            "query": self.scenario.query,
            "response": self.response,
            "safety": verdict.safety,
            **{name: scores[name] for name in current_rubric().names},
            "reasons": verdict.reasons,
            "unscored": verdict.unscored,
            "injection": list(verdict.injection),
            "panel": verdict.panel,
            "absent": verdict.absent,
            "unreached": verdict.unreached,
            "failed": self.failed,
            "n_queries": self.n_queries,
            "burden": self.burden,
            "asked": list(self.asked),
            "turns": [turn.model_dump() for turn in self.turns],
            "profile": self.scenario.profile.known(),
            "stop_reason": None if self.stop_reason is None else str(self.stop_reason),
            "unreadable": self.unreadable,
            "ungrounded": self.ungrounded,
            "off_target": list(self.off_target),
            "invalid": self.invalid,
            "falling": self.falling,
            "invented": self.invented,
            "invented_kept": self.invented_kept,
            "plain_answers": self.plain_answers,
            "lost_answers": self.lost_answers,
            "spent": [turn.model_dump() for turn in self.spent],
            "lm_calls": self.usage.lm_calls,
            "replies": self.usage.replies,
            "lm_replies": sum(self.usage.replies.values()),
            "input_tokens": self.usage.input_tokens,
            "output_tokens": self.usage.output_tokens,
            "cost_usd": self.usage.cost_usd,
            "seconds": self.seconds,
            **self.target(),
        }

    def target(self) -> dict[str, float | None]:
        """What the target's calls of the whole conversation took; None for what is not known."""
        return {f"target_{name}": self._over_turns(name) for name in PER_CONVERSATION}

    def _over_turns(self, name: str) -> float | None:
        """The sum of a figure; None if a turn does not tell it."""
        values = [getattr(turn, name) for turn in self.spent]
        return sum(values) if values and None not in values else None


def frame_of(episodes: Sequence[Episode]) -> pd.DataFrame:
    """One row an episode; the columns are the keys of ``Episode.row``."""
    return pd.DataFrame([episode.row() for episode in episodes])
