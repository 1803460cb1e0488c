"""What a job may spend, and the meter that watches it."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lms import Ledger, Role, RoleSettings, cost_of
from signatures import RaiseError


@dataclass(frozen=True)
class Limits:
    """What a job may spend from now on; replies taken from the store are free, an item under way is finished.

    Attributes:
        calls: LM calls, None for any number.
        usd: US dollars, None for any amount.
    """

    calls: int | None = None
    usd: float | None = None

    def check(self, roles: Mapping[Role, RoleSettings], take_part: Collection[Role]) -> None:
        """Make sure that the limits can be kept.

        Raises:
            RaiseError: for a limit in money on models whose price is not known.
        """
        for role in take_part:
            model = roles[role].model
            if self.usd is not None and cost_of(model, 1, 1) is None:
                raise RaiseError(f"the price of {model!r} is not known, a limit in US$ means nothing: limit the calls.")


class Meter:
    """Watches the limits.

    Attributes:
        stopped: the limit that was met; empty as long as none was.
    """

    def __init__(self, ledger: Ledger, limits: Limits) -> None:
        self._ledger, self._limits = ledger, limits
        self._start = ledger.snapshot().total()
        self._lock = threading.Lock()
        self.stopped = ""

    def admits(self) -> bool:
        """Whether another item may be started; never again, once one may not."""
        with self._lock:
            self.stopped = self.stopped or self._met()
            return not self.stopped

    def _met(self) -> str:
        now, start, limits = self._ledger.snapshot().total(), self._start, self._limits
        calls, usd = now.calls - start.calls, now.cost_usd - start.cost_usd
        if limits.calls is not None and calls >= limits.calls:
            return f"{calls} LM calls of {limits.calls}"
        if limits.usd is not None and usd >= limits.usd:
            return f"{usd:.4f} US$ of {limits.usd:g}"
        if limits.usd is not None and now.unpriced > start.unpriced:
            return f"the price of {now.unpriced - start.unpriced} LM calls is not known"
        return ""
