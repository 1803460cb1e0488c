"""Reference points that choose what to know with the judge's help: by trying all subsets, or one attribute at a time.

They see the whole profile and ask nobody, so no real agent can be like them; they show how much the choice of questions
can matter. The answer that is reported is another sample than those that were chosen by, so that it is not the best of
many by chance. Each subset is tried on one sample only: more samples could choose better still.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from math import fsum
from statistics import fmean
from typing import Protocol

import dspy
from dspy.utils.exceptions import LMError

from modules.baselines import Vanilla
from modules.calls import FATAL, Offload, Script, TurnUsage, Unreadable, clean_text, count_usage, run
from modules.program import generate_response, identity_of, prediction
from modules.search import EvaluationFailed, Subset
from modules.settings import AgentSettings
from signatures import (
    Conversation,
    Profile,
    RaiseError,
    Respond,
    StopReason,
    Turn,
    UserContext,
    current_vocabulary,
)

CHOICE_ROLLOUT = 1
"""The rollout of answers and judgements that only serve to choose; the final answer's is 0."""


class AnswerScorer(Protocol):
    """What the reference points choose by: the judge, or a panel."""

    def identity(self) -> str:
        """All that its scores depend on besides what it is shown."""
        ...

    def score(self, query: str, profile: Profile, response: str, rollout: int) -> float:
        """The safety of ``response`` in [1, 5]; another rollout is another sample of the judgement.

        Raises:
            EvaluationFailed: if it could not be scored.
        """
        ...


class _Choosing(Vanilla):
    """Chooses ``k`` of the attributes that the profile knows, then answers from these alone.

    The prediction is that of a program that asked for them: ``asked``, most valuable first, ``n_queries`` (less than k
    if the profile knows less), burden, turns (with the profile's values for answers, and no questions). Subsets that
    could not be scored are left out and counted as ``unreadable``. ``spent`` is about the final answer only. There is
    no crisis floor, since nobody is spoken to.

    Args:
        k: attributes to choose, 0 to all of the vocabulary.
        scorer: sees the whole profile.
        settings: ``burdens`` and ``never_ask`` count, nothing else.

    Raises:
        RaiseError: for a k out of range; when called, if there is no profile.
        EvaluationFailed: when called, if nothing could be scored.
    """

    sees_profile = True

    def __init__(self, k: int, scorer: AnswerScorer, settings: AgentSettings | None = None) -> None:
        super().__init__()
        most = len(current_vocabulary().names)
        if not 0 <= k <= most:
            raise RaiseError(f"{type(self).__name__}({k}): choose between 0 and {most} attributes.")
        self.k, self.scorer = k, scorer
        self.settings = settings or AgentSettings()

    def identity(self) -> str:
        """See ``modules.program.Program``."""
        return identity_of(self, self.k, self.settings.model_dump(mode="json"), self.scorer.identity())

    def _converse(self, query: str, context: UserContext | None) -> Script[dspy.Prediction]:
        if context is None:
            raise RaiseError(f"{type(self).__name__} chooses from the whole profile: pass it as context=.")
        query, profile, usage = clean_text(query), Profile(**context.known()), TurnUsage()
        names = [name for name in profile.known() if name not in self.settings.never_ask]
        path = yield from self._path(_Trials(self, query, profile, usage), names)
        conversation = Conversation(query=query)
        for name in path:
            value = profile.known()[name]
            conversation = conversation.after(Turn(attribute=name, question="", answer=value, heard={name: value}))
        text = yield from count_usage(generate_response(self.respond, query, conversation.context), usage)
        reason = StopReason.EXHAUSTED if len(path) == len(names) else StopReason.BUDGET
        burden = sum(self.settings.burdens[name] for name in path)
        return prediction(conversation, Respond(text=text, reason=reason), burden=burden, turns=[usage])

    def _path(self, trials: "_Trials", names: Sequence[str]) -> Script[Sequence[str]]:
        """The attributes to answer from, most valuable first."""
        raise NotImplementedError


class OraclePath(_Choosing):
    """The best that ``k`` attributes can do: tries every subset of k known ones and answers from the best.

    For 3 of 10 these are 120 answers and as many judgements a query. Of subsets that score alike, the one whose
    attributes do best in all subsets is taken; by that its attributes are ordered, too.
    """

    def _path(self, trials: "_Trials", names: Sequence[str]) -> Script[Sequence[str]]:
        size = min(self.k, len(names))
        if not size:
            return ()
        best = yield from trials.best(frozenset(subset) for subset in combinations(names, size))
        means = trials.mean_scores()
        return sorted((name for name in names if name in best), key=lambda name: -means[name])


class GreedyPath(_Choosing):
    """Adds one attribute at a time, always the one with which the answer scores best.

    For 3 of 10 these are 27 answers and as many judgements a query; what pays off only together is not found.
    """

    def _path(self, trials: "_Trials", names: Sequence[str]) -> Script[Sequence[str]]:
        path: list[str] = []
        for _ in range(min(self.k, len(names))):
            rest = [name for name in names if name not in path]
            best = yield from trials.best(frozenset([*path, name]) for name in rest)
            path += best.difference(path)
        return path


class _Trials:
    """Answers from parts of one profile, and what they scored."""

    def __init__(self, program: _Choosing, query: str, profile: Profile, usage: TurnUsage) -> None:
        self._program, self._query, self._profile, self._usage = program, query, profile, usage
        self._scores: dict[Subset, float] = {}

    def best(self, subsets: Iterable[Subset]) -> Script[Subset]:
        """Score ``subsets`` and return the best of them.

        Raises:
            EvaluationFailed: if none could be scored.
        """
        scored: list[Subset] = []
        reasons: Counter[str] = Counter()
        for subset in subsets:
            found: float | str = yield Offload(partial(self._try, subset))
            if isinstance(found, str):
                reasons[found] += 1
                self._usage.unreadable.append("choose")
            else:
                self._scores[subset] = found
                scored.append(subset)
        if not scored:
            [(reason, count)] = reasons.most_common(1)
            raise EvaluationFailed(
                f"none of {reasons.total()} subsets could be scored, {count} of them since: {reason}"
            )
        means = self.mean_scores()
        return max(scored, key=lambda subset: (self._scores[subset], fsum(means[name] for name in subset)))

    def mean_scores(self) -> Mapping[str, float]:
        """Attribute -> mean score of the subsets with it, so far."""
        return {
            name: fmean(with_it)
            for name in current_vocabulary().names
            if (with_it := [score for subset, score in self._scores.items() if name in subset])
        }

    def _try(self, subset: Subset) -> float | str:
        """The score of an answer from ``subset``, or why there is none."""
        program, context = self._program, self._profile.only(subset)
        try:
            response = run(generate_response(program.respond, self._query, context, CHOICE_ROLLOUT))
            return program.scorer.score(self._query, self._profile, response, CHOICE_ROLLOUT)
        except FATAL:
            raise
        except (EvaluationFailed, Unreadable, LMError) as error:
            return str(error) or type(error).__name__
