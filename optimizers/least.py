"""The least that a compile takes, and the errors of limits below it."""

from collections.abc import Sequence

from benchmark.jobs.budget import BudgetSpent, MaxCalls, OwnCalls, Stopper
from signatures import RaiseError


def least_calls(dev: int, test: int) -> int:
    """LM calls without which no result can be had: one trial, and the baselines and one program on held-out test.

    A conversation takes at least a response and its judgement, of an agent also triage and a rating.

    Args:
        dev, test: scenarios of each split.
    """
    plain, agent = 2, 4
    return test * (2 * plain + 2 * agent) + dev // 2 * agent


def refuse_low_limits(dev: int, test: int, limits: Sequence[Stopper]) -> None:
    """Refuse a limit under which there can be no result.

    Raises:
        RaiseError: naming what it takes.
    """
    least = least_calls(dev, test)
    for limit in limits:
        if isinstance(limit, MaxCalls) and limit.role is None and limit.limit < least:
            given = limit.by if isinstance(limit, OwnCalls) else f"--max-calls {limit.limit}"
            raise RaiseError(
                f"{given} is too low: the smallest result takes more than {least:,} LM calls "
                f"({test} held-out and {dev} dev scenarios); raise it, or lower --test and --dev."
            )


def too_low(spent: BudgetSpent) -> RaiseError:
    """The error of a compile whose limits leave no result."""
    return RaiseError(
        f"{spent} before the result was measured on held-out scenarios; the same command with a higher limit goes on."
    )
