"""Limits that the workers of a run keep together, where they share a store for several machines."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from benchmark.jobs.budget import MaxCalls, MaxUsd, OwnCalls, Stopper
from lms import LanguageModels
from lms.store import Allowance

PARTS = 50
"""In so many parts a limit is handed out, at most."""


@contextmanager
def shared_limits(stoppers: Sequence[Stopper], models: LanguageModels, run: str) -> Iterator[list[Stopper]]:
    """``stoppers`` whose calls and money are those of all workers of ``run``; as they are in a store of one machine.

    Args:
        run: names the run; workers that do the same give the same name.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_shared(stopper, models, run)) for stopper in stoppers]


@contextmanager
def _shared(stopper: Stopper, models: LanguageModels, run: str) -> Iterator[Stopper]:
    before = models.ledger.snapshot().total()
    share = _share_of(stopper, models, run)
    if share is None or not isinstance(stopper, MaxCalls | MaxUsd):
        yield stopper
        return
    try:
        yield replace(stopper, share=share)
    finally:
        now = models.ledger.snapshot().total()
        calls, usd = now.calls - before.calls, now.cost_usd - before.cost_usd
        share.leave(calls if isinstance(stopper, MaxCalls) else usd)


def _share_of(stopper: Stopper, models: LanguageModels, run: str) -> Allowance | None:
    """This worker's part of a limit of all roles together; None for other limits, and where each keeps its own."""
    match stopper:
        case OwnCalls():
            return None
        case MaxCalls(limit=calls, role=None):
            return models.store.allowance(f"{run} calls {calls}", calls, max(1, calls // PARTS))
        case MaxUsd(limit=usd, role=None):
            return models.store.allowance(f"{run} usd {usd}", usd, usd / PARTS)
    return None
