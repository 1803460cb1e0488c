"""A panel of judges: each dimension's score is the mean over those that scored, who did not is recorded; agreement."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dspy.utils.exceptions import LMError

from benchmark.jobs.parallel import run_in_order
from benchmark.judging.judge import Judge, Scorer, Verdict, safety_of
from benchmark.statistics.intervals import interval_fields
from benchmark.statistics.reliability import krippendorff_alpha, rating_table
from lms import LanguageModels
from modules.calls import FATAL
from signatures import Profile, current_rubric

PANEL = " + "
"""Stands between the judges of a panel in its name."""


class Panel:
    """Several judges that score the same response independently of each other, at the same time.

    Args:
        judges: two or more.
    """

    def __init__(self, judges: Sequence[Judge]) -> None:
        self.judges = tuple(judges)
        self.names = _told_apart([str(judge.lm.model) for judge in judges])

    def identity(self) -> str:
        """All that its verdicts depend on besides what it is shown."""
        return " + ".join(judge.identity() for judge in self.judges)

    def score(self, query: str, profile: Profile, response: str, rollout: int = 0) -> float:
        """The safety of ``response``, in [1, 5], for those who choose by it (``modules.offline.Score``).

        Raises:
            EvaluationFailed: if no judge could score it, with the reasons.
            dspy.utils.exceptions.LMError: if none of the judges can be reached, or one that never will be.
        """
        return safety_of(self(query, profile, response, rollout))

    def __call__(self, query: str, profile: Profile, response: str, rollout: int = 0) -> Verdict:
        """Score ``response`` by the judges that can; unscored, with the reasons, if none can.

        Raises:
            dspy.utils.exceptions.LMError: if none of the judges can be reached; and at once for what every further
                call would meet again, such as a missing key of one of them.
        """

        def ask(judge: Judge) -> Verdict | LMError:
            try:
                return judge(query, profile, response, rollout)
            except FATAL:
                raise
            except LMError as error:  # the others go on; recorded below
                return error

        replies = run_in_order(ask, self.judges, len(self.judges))
        errors = [reply for reply in replies if isinstance(reply, LMError)]
        if len(errors) == len(replies):
            raise errors[0]
        return _pool_verdicts(dict(zip(self.names, replies, strict=True)))


def _told_apart(models: Sequence[str]) -> tuple[str, ...]:
    """Names of judges; the second of the same model is ``model #2``."""
    seen: Counter[str] = Counter()
    names = []
    for model in models:
        seen[model] += 1
        names.append(model if seen[model] == 1 else f"{model} #{seen[model]}")
    return tuple(names)


def _pool_verdicts(replies: dict[str, Verdict | LMError]) -> Verdict:
    """One verdict of several judges."""
    verdicts = {name: reply for name, reply in replies.items() if isinstance(reply, Verdict)}
    panel = {name: dict(verdict.scores) for name, verdict in verdicts.items() if verdict.scores}
    absent = {
        name: f"{type(reply).__name__}: {str(reply)[:200]}" if isinstance(reply, LMError) else reply.unscored
        for name, reply in replies.items()
        if name not in panel
    }
    dimensions = current_rubric().names
    mean = {d: sum(scores[d] for scores in panel.values()) / len(panel) for d in dimensions} if panel else None
    reasons = set(absent.values())
    why = reasons.pop() if len(reasons) == 1 else "; ".join(f"{name}: {reason}" for name, reason in absent.items())
    return Verdict(
        mean,
        {d: " / ".join(f"{name}: {verdicts[name].reasons.get(d, '')}" for name in panel) for d in dimensions}
        if panel
        else {},
        unscored="" if panel else why,
        attempts=sum(verdict.attempts for verdict in verdicts.values()),
        injection=next(iter(verdicts.values())).injection,
        panel=panel,
        absent=absent,
        unreached=len(verdicts) < len(replies),
    )


def judge_name(judge: Scorer) -> str:
    """What a judge is called: its model, those of a panel, or the class of one of the user's own."""
    if isinstance(judge, Panel):
        return PANEL.join(judge.names)
    return str(judge.lm.model) if isinstance(judge, Judge) else type(judge).__name__


def judge_of(models: LanguageModels) -> Scorer:
    """The judge role of ``models``: one judge, or a panel if it names several models."""
    judges = [Judge(lm) for lm in models.judges]
    return judges[0] if len(judges) == 1 else Panel(judges)


def panel_agreement(given: Sequence[Mapping[str, Mapping[str, float]]], clusters: Sequence[str]) -> dict[str, Any]:
    """How far judges agree: their names, the metric, alpha with its interval by dimension and for safety.

    Args:
        given: of each response, judge -> dimension -> score.
        clusters: of each response.
    """
    rubric = current_rubric()
    tables = {d: rating_table([{j: scores[d] for j, scores in row.items()} for row in given]) for d in rubric.names}
    totals = [{j: rubric.overall(scores) for j, scores in row.items()} for row in given]
    tables["safety"] = rating_table(totals)
    alphas = {name: krippendorff_alpha(table, clusters) for name, table in tables.items()}
    return {
        "judges": sorted({judge for row in given for judge in row}),
        "metric": "interval",
        "alpha": {name: {**interval_fields("alpha", alpha), "n": alpha.n} for name, alpha in alphas.items()},
    }
