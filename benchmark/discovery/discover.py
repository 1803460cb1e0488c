"""The whole of a discovery: weak answers, proposals of the teacher, their tests on held-out scenarios."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.discovery.cases import choose_cases
from benchmark.discovery.proposals import Proposals, propose_attributes
from benchmark.discovery.trial import Gains, Workplace, extend, measure_gains
from benchmark.evaluation.results import Evaluation
from benchmark.scenarios.scenario import Scenario
from modules import ContextRich
from signatures import RaiseError, Vocabulary


@dataclass(frozen=True)
class Sizes:
    """How much is looked at.

    Attributes:
        cases: weak answers that the teacher reads, at most.
        attributes: that are tested, at most.
    """

    cases: int = 24
    attributes: int = 4


@dataclass(frozen=True)
class Discovery:
    """What was found.

    Attributes:
        rich: ``context-rich`` on the scenarios that cases were taken from.
        cases: weak answers that the teacher read.
        proposals: what it proposed.
        gains: what knowing each proposal adds.
        vocabulary: with the accepted attributes; None if none was accepted.
    """

    rich: Evaluation
    cases: int
    proposals: Proposals
    gains: Gains
    vocabulary: Vocabulary | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: attributes with gains and intervals, the most gain first, and what was rejected, with reasons."""
        votes = self.proposals.votes
        told = [{**gain.as_dict(), "votes": votes[gain.attribute.name]} for gain in self.gains.gains]
        return {
            "cases": self.cases,
            "attributes": sorted(told, key=lambda entry: -(entry["gain"] or 0.0)),
            "rejected": [{"label": one.label, "reason": one.reason} for one in self.proposals.rejected],
            "unreadable": self.proposals.unreadable,
            "left_out": self.gains.left_out,
        }


def discover(
    searched: Sequence[Scenario],
    held_out: Sequence[Scenario],
    vocabulary: Vocabulary,
    place: Workplace,
    sizes: Sizes | None = None,
) -> Discovery:
    """Find attributes that ``vocabulary`` lacks.

    Args:
        searched: scenarios answered with the whole profile; those answered worst are the cases.
        held_out: scenarios of other situations and people, on which proposals are tested.

    Raises:
        RaiseError: if nothing could be scored, or the teacher proposed nothing that can be tested.
    """
    sizes = sizes or Sizes()
    rich = place.evaluate(ContextRich(), searched, "context-rich")
    cases = choose_cases(rich.episodes, sizes.cases)
    if not cases:
        raise RaiseError("no answer of context-rich could be scored: look at the target and judge models.")
    proposals = propose_attributes(
        cases,
        vocabulary,
        place.models,
        most=sizes.attributes,
        concurrency=place.concurrency,
        progress=place.progress,
    )
    if not proposals.attributes:
        told = "; ".join(f"{one.label}: {one.reason}" for one in proposals.rejected[:3])
        raise RaiseError(f"the teacher proposed nothing new that can be tested ({told or 'no proposals'}).")
    gains = measure_gains(proposals.attributes, vocabulary, held_out, place)
    accepted = [gain.attribute for gain in gains.gains if gain.accepted]
    return Discovery(rich, len(cases), proposals, gains, extend(vocabulary, accepted) if accepted else None)
