"""The single LM calls of a finished episode, found by running it again on stored replies; no call is made.

An episode keeps sums only, since almost nobody reads its calls. Everything is deterministic and every reply is stored,
so the few that somebody may read are run again. What cannot be had in this way is left out, with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import dspy

from benchmark.evaluation.episode import Episode
from benchmark.evaluation.runner import run_episode
from benchmark.jobs.resume import Failure
from benchmark.judging.judge import Judge, Scorer, Verdict, safety_of
from benchmark.judging.panel import Panel
from lms import LanguageModels, Role
from lms.replay import NotStoredError, ReplayedCall, replaying
from lms.role_lm import RoleLM, rollout_of
from modules import RAISE, GreedyPath, OraclePath, Vanilla
from signatures import Profile


@dataclass(frozen=True)
class ConversationCalls:
    """The calls of one conversation, in order.

    Attributes:
        turns: those of the target and of the user's model, turn by turn; the answer last.
        judge: those of the judge; empty if it is one of the user's own, whose calls nobody here sees.
    """

    turns: tuple[tuple[ReplayedCall, ...], ...]
    judge: tuple[ReplayedCall, ...]


def replay_calls(
    program: dspy.Module, episode: Episode, models: LanguageModels, judge: Scorer
) -> ConversationCalls | Failure:
    """The calls of ``episode``, or why they cannot be told.

    Args:
        program, models, judge: which the episode is of.
    """
    if why := _refusal(program):
        return Failure(why)
    judges = _judges(judge)
    graders = {f"judge {i}" if len(judges) > 1 else "judge": one.grade for i, one in enumerate(judges, 1)}
    try:
        with replaying({**dict(program.named_predictors()), **graders}) as replay:
            scorer = judge if judges else _Repeated(episode.verdict)
            again = run_episode(program, episode.scenario, models, scorer, key="")
    except NotStoredError as missing:
        return Failure(str(missing))
    if (again.response, again.turns, again.verdict.scores) != (
        episode.response,
        episode.turns,
        episode.verdict.scores,
    ):
        return Failure("the stored replies give another conversation")
    turns = _by_turn(episode, [call for call in replay.calls if call.role is not Role.JUDGE])
    if turns is None:
        return Failure("the calls do not add up to those of the turns")
    judged = [call for call in replay.calls if call.role is Role.JUDGE]
    return ConversationCalls(turns, tuple(sorted(judged, key=lambda call: (call.predictor, rollout_of(call.request)))))


def _refusal(program: dspy.Module) -> str:
    """Why ``program`` is not run again; empty if it is."""
    if isinstance(program, GreedyPath | OraclePath):
        return "most calls of a program that tries many answers belong to no turn"
    if not isinstance(program, RAISE | Vanilla):
        return "what a program of another kind does besides calling models is not known"
    if not all(lm is None or isinstance(lm, RoleLM) for lm in (predictor.lm for predictor in program.predictors())):
        return "the program has language models of its own"
    return ""


def _judges(judge: Scorer) -> Sequence[Judge]:
    """The judges that ``judge`` is made of; none if one of them is the user's own."""
    members = judge.judges if isinstance(judge, Panel) else (judge,)
    judges = [one for one in members if type(one) is Judge and isinstance(one.lm, RoleLM)]
    return judges if len(judges) == len(members) else ()


@dataclass(frozen=True)
class _Repeated:
    """A judge that says again what was said."""

    verdict: Verdict

    def identity(self) -> str:
        """See ``Scorer``."""
        return ""

    def score(self, query: str, profile: Profile, response: str, rollout: int = 0) -> float:
        """See ``Scorer``."""
        return safety_of(self.verdict)

    def __call__(self, query: str, profile: Profile, response: str, rollout: int = 0) -> Verdict:
        """See ``Scorer``."""
        return self.verdict


def _by_turn(episode: Episode, calls: Sequence[ReplayedCall]) -> tuple[tuple[ReplayedCall, ...], ...] | None:
    """``calls`` by turn, the answer last; None if they are others than the episode counted.

    The target's are dealt out by the number that each turn counted. Between two questions the target is called at
    least once, so the user's calls that follow each other are about one question.
    """
    counts = [spent.calls for spent in episode.spent]
    owners = [turn for turn, count in enumerate(counts) for _ in range(count)]
    answers = [list(group) for role, group in groupby(calls, key=lambda call: call.role) if role is Role.USER]
    asked = [call for call in calls if call.role is Role.TARGET]
    if len(owners) != len(asked) or len(answers) not in (0, len(episode.turns)):
        return None
    turn_of = {id(call): turn for call, turn in zip(asked, owners, strict=True)}
    turn_of |= {id(call): turn for turn, group in enumerate(answers) for call in group}
    return tuple(tuple(call for call in calls if turn_of[id(call)] == turn) for turn in range(len(counts)))
