"""What compile settings start from; a light module, so that ``--help`` can show it without importing them."""

from dataclasses import dataclass
from typing import Final, Literal

OPTIMIZER: Final = "pareto"
PRICE: Final = 0.1
"""Safety points that a question must be worth."""
PICK: Final = "no-more-questions"
Size = Literal["small", "medium", "full"]


@dataclass(frozen=True)
class Sizes:
    """How much work a compile is.

    Attributes:
        train, dev, test: scenarios taken of each split.
        plan_queries, evaluations: offline planning.
        trials: candidates the optimizer tries.
        front: programs measured on all of dev and on held-out test, at most.
        raced: share of dev that trials race on; the front meets the rest afterwards.
    """

    train: int
    dev: int
    test: int
    plan_queries: int
    evaluations: int
    trials: int
    front: int
    raced: float = 0.5


SIZES: Final[dict[Size, Sizes]] = {
    "small": Sizes(train=5, dev=14, test=10, plan_queries=6, evaluations=4, trials=16, front=3, raced=1.0),
    "medium": Sizes(train=28, dev=56, test=84, plan_queries=28, evaluations=10, trials=40, front=5),
    "full": Sizes(train=56, dev=84, test=196, plan_queries=56, evaluations=15, trials=40, front=6),
}
"""Sizes by ``--budget``; docs/compile-calls.md measures them."""
SMALL_CALLS: Final = 1500
"""LM calls that a compile with ``--budget small`` makes at most."""
BUDGET: Final[Size] = "medium"
DEFAULT: Final = SIZES[BUDGET]
TRIALS: Final = DEFAULT.trials
