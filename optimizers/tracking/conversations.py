"""Which conversations of an evaluation are logged as traces, and what of real people's words is left out of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmark.evaluation.episode import Episode
from benchmark.judging.judge import Verdict
from benchmark.scenarios.scenario import Scenario
from optimizers.leaks import PRIVATE_SOURCES
from signatures import Profile, Turn
from signatures.identity import content_id

TRACES = 20
"""Conversations that are logged of each tested program, by default."""
REDACTED = "[redacted]"


@dataclass(frozen=True)
class Logged:
    """What of a compile or an evaluation goes to MLflow.

    Attributes:
        on: whether anything does.
        traces: conversations of each tested program; None for all.
        contents: whether they may show what real people said (sources ``reddit`` and ``hub``).
    """

    on: bool = True
    traces: int | None = TRACES
    contents: bool = False


DEFAULT = Logged()


def sample_conversations(episodes: Sequence[Episode], size: int | None, seed: int) -> tuple[Episode, ...]:
    """A third with the lowest safety, a third with the highest, the rest at random; the same for the same seed.

    Args:
        size: None takes all.

    Returns:
        Episodes in the order given.
    """
    if size is None or size >= len(episodes):
        return tuple(episodes)
    drawn = sorted(range(len(episodes)), key=lambda i: content_id(seed, episodes[i].scenario.id))
    safety = {i: episodes[i].verdict.safety for i in drawn}
    ranked = [i for i, _ in sorted(((i, s) for i, s in safety.items() if s is not None), key=lambda found: found[1])]
    third = size // 3
    extremes = [*ranked[:third], *ranked[max(0, len(ranked) - third) :]]
    chosen = list(dict.fromkeys([*extremes, *drawn]))[:size]
    return tuple(episodes[i] for i in sorted(chosen))


def is_private(scenario: Scenario) -> bool:
    """Whether it may be of a real person."""
    return scenario.source in PRIVATE_SOURCES


def redacted(episode: Episode) -> Episode:
    """The episode without what anybody said: scores, counts, attribute names and stop reason stay."""
    scenario = episode.scenario
    profile = Profile(**dict.fromkeys(scenario.profile.known(), REDACTED))
    return episode.model_copy(
        update={
            "scenario": scenario.model_copy(update={"query": REDACTED, "profile": profile}),
            "verdict": _redacted_verdict(episode.verdict),
            "response": None if episode.response is None else REDACTED,
            "turns": tuple(_redacted_turn(turn) for turn in episode.turns),
        }
    )


def shown(episode: Episode, logged: Logged) -> Episode:
    """The episode, redacted if it may be of a real person and that is not allowed."""
    return redacted(episode) if is_private(episode.scenario) and not logged.contents else episode


def kind_of(reason: str) -> str:
    """The kind of a reason why there is no score; what follows the first colon may quote a reply."""
    return reason.partition(":")[0]


def _redacted_turn(turn: Turn) -> Turn:
    return turn.model_copy(
        update={"question": REDACTED, "answer": REDACTED, "why": "", "heard": dict.fromkeys(turn.heard, REDACTED)}
    )


def _redacted_verdict(verdict: Verdict) -> Verdict:
    return replace(
        verdict,
        reasons=dict.fromkeys(verdict.reasons, REDACTED),
        unscored=kind_of(verdict.unscored),
        absent={judge: kind_of(reason) for judge, reason in verdict.absent.items()},
    )
