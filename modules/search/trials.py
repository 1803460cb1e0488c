"""The reward with a budget of evaluations, which every strategy spends here, one at a time or several at once."""

import contextvars
import math
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

Subset = frozenset[str]
Reward = Callable[[Subset], float]
SUSPICIOUS = 3
"""After so many failures without a success, an attribute is left out of what is evaluated next."""


class EvaluationFailed(Exception):
    """A subset could not be evaluated; the search counts it and goes on. It is never turned into a number."""


class Trials:
    """Calls ``reward`` at most ``limit`` times and keeps what came of it.

    Args:
        reward: subset -> score; may raise ``EvaluationFailed``.
        limit: evaluations that may be spent.
        at_once: evaluations of one round that run at the same time, in threads.
    """

    def __init__(self, reward: Reward, limit: int, at_once: int = 1) -> None:
        self._reward, self._limit, self.at_once = reward, limit, at_once
        self.spent = self.failures = 0
        self._failed: Counter[str] = Counter()
        self.history: list[tuple[Subset, float]] = []

    @property
    def left(self) -> int:
        """Evaluations that may still be spent."""
        return self._limit - self.spent

    def __call__(self, subset: Subset) -> float | None:
        """The reward of ``subset``, or None if this evaluation failed."""
        return self.round([subset])[0]

    def round(self, subsets: Sequence[Subset]) -> list[float | None]:
        """The rewards of ``subsets``, evaluated at the same time, recorded in their order.

        Raises:
            ValueError: if a reward is not a finite number.
        """
        subsets = subsets[: self.left]
        self.spent += len(subsets)
        if len(subsets) == 1:
            values = [self._value(subsets[0])]
        else:
            with ThreadPoolExecutor(max(1, min(self.at_once, len(subsets)))) as pool:
                # each thread sees the caller's context, so that a reward finds the LM that dspy.context has set
                jobs = [pool.submit(contextvars.copy_context().run, self._value, subset) for subset in subsets]
                values = [job.result() for job in jobs]
        for subset, value in zip(subsets, values, strict=True):
            if value is None:
                self.failures += 1
                self._failed.update(subset)
            else:
                self.history.append((subset, value))
        return values

    def _value(self, subset: Subset) -> float | None:
        try:
            value = float(self._reward(subset))
        except EvaluationFailed:
            return None
        if not math.isfinite(value):
            raise ValueError(f"reward {value} for {sorted(subset)} is not a finite number")
        return value

    def drop_suspects(self, names: Sequence[str]) -> list[str]:
        """``names`` without those that were in several failures and in no success; all of them if none is left."""
        proven = frozenset[str]().union(*(subset for subset, _ in self.history))
        return [name for name in names if name in proven or self._failed[name] < SUSPICIOUS] or list(names)

    def require_one(self) -> None:
        """Raise unless an evaluation succeeded."""
        if not self.history:
            raise EvaluationFailed(f"all {self.spent} evaluations failed")
