"""What a job may spend: small stoppers that compose, and the budget that asks them before each step.

Replies from the store are free, and a step under way is finished.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from lms import Ledger, Role, RoleSettings, cost_for
from lms.ledger import Tally, Usage
from signatures import RaiseError


class BudgetSpent(BaseException):
    """Raised before a call that a limit forbids; the message is the reason.

    No ``Exception``, since DSPy and its optimizers catch those and go on.
    """


@dataclass(frozen=True)
class SoFar:
    """What a stopper sees.

    Attributes:
        usage: calls and money by role since the budget was opened; replies from the store are free.
        minutes: since then.
        gains: hypervolume of the front after each trial, in order.
        reserved: what is set aside for measuring the result, counted as if spent.
        measuring: whether the result is being measured.
    """

    usage: Tally
    minutes: float = 0.0
    gains: tuple[float, ...] = ()
    reserved: Usage = field(default_factory=Usage)
    measuring: bool = False

    @property
    def replies(self) -> int:
        """Calls, and replies from the store."""
        total = self.usage.total()
        return total.calls + total.reused

    def of(self, role: Role | None) -> Usage:
        """Usage of one role; of all, with what is reserved, for None."""
        if role is not None:
            return self.usage.roles.get(role, Usage())
        total = self.usage.total()
        total.add(self.reserved)
        return total


class Share(Protocol):
    """A worker's part of a limit that several keep together."""

    def covers(self, spent: float) -> bool:
        """Whether this worker, which has spent so much, may spend more."""
        ...


class Stopper(Protocol):
    """Says when to stop."""

    def __call__(self, so_far: SoFar) -> str:
        """Why to stop now, as part of a sentence; empty to go on."""
        ...


@dataclass(frozen=True)
class MaxCalls:
    """At most ``limit`` LM calls, of one role or of all; with a ``share``, of all workers of the run."""

    limit: int
    role: Role | None = None
    share: Share | None = field(default=None, compare=False, kw_only=True)

    def __call__(self, so_far: SoFar) -> str:
        """See ``Stopper``."""
        of = f" of the {self.role.value}" if self.role else ""
        spent = so_far.of(self.role).calls
        over = spent >= self.limit if self.share is None else not self.share.covers(spent)
        return f"{self.limit} LM calls{of} are spent" if over else ""


@dataclass(frozen=True)
class OwnCalls(MaxCalls):
    """The calls that a job has by its own settings: once they are spent it is finished, and no rerun carries it on.

    Attributes:
        limit: less what earlier runs of the job spent before they measured a result.
        by: the setting, for the reason.
        measured: calls by which earlier runs have measured the result.
    """

    by: str = "the job"
    measured: int = 0

    def __call__(self, so_far: SoFar) -> str:
        """See ``Stopper``."""
        spent = so_far.of(self.role).calls + (self.measured if so_far.measuring else 0)
        return f"the LM calls of {self.by} are spent" if spent >= self.limit else ""


@dataclass(frozen=True)
class MaxReplies:
    """At most ``limit`` replies, paid for or reused: for searches to be compared at equal budgets."""

    limit: int

    def __call__(self, so_far: SoFar) -> str:
        """See ``Stopper``."""
        return f"{self.limit} replies are used" if so_far.replies >= self.limit else ""


@dataclass(frozen=True)
class MaxUsd:
    """At most ``limit`` US dollars, of one role or of all; with a ``share``, of all workers of the run."""

    limit: float
    role: Role | None = None
    share: Share | None = field(default=None, compare=False, kw_only=True)

    def __call__(self, so_far: SoFar) -> str:
        """See ``Stopper``."""
        of = f" of the {self.role.value}" if self.role else ""
        usage = so_far.of(self.role)
        if usage.unpriced:
            return f"the price of {usage.unpriced} LM calls{of} is not known"
        over = usage.cost_usd >= self.limit if self.share is None else not self.share.covers(usage.cost_usd)
        return f"US$ {self.limit:g}{of} are spent" if over else ""

    def check(self, roles: Mapping[Role, RoleSettings]) -> None:
        """Make sure that the limit can be kept.

        Args:
            roles: those that take part.

        Raises:
            RaiseError: if the price of a model concerned is not known.
        """
        for role, settings in roles.items():
            if self.role in {None, role} and cost_for(settings, 1, 1) is None:
                raise RaiseError(
                    f"the price of {settings.model!r} is not known, a limit in US$ means nothing: limit the calls."
                )


@dataclass(frozen=True)
class MaxMinutes:
    """At most ``limit`` minutes."""

    limit: float

    def __call__(self, so_far: SoFar) -> str:
        """See ``Stopper``."""
        return f"{self.limit:g} minutes are over" if so_far.minutes >= self.limit else ""


@dataclass(frozen=True)
class NoGain:
    """Stop when the last ``trials`` trials together raised the front's hypervolume by less than ``least``."""

    trials: int
    least: float = 0.01

    def __call__(self, so_far: SoFar) -> str:
        """See ``Stopper``."""
        if len(so_far.gains) <= self.trials:
            return ""
        gain = so_far.gains[-1] - so_far.gains[-1 - self.trials]
        return f"{self.trials} trials brought less than {self.least:g} hypervolume" if gain < self.least else ""


def spending_limits(calls: int | None = None, usd: float | None = None, minutes: float | None = None) -> list[Stopper]:
    """The stoppers for limits of all roles together; None sets no limit."""
    limits: list[Stopper] = []
    if calls is not None:
        limits.append(MaxCalls(calls))
    if usd is not None:
        limits.append(MaxUsd(usd))
    if minutes is not None:
        limits.append(MaxMinutes(minutes))
    return limits


def check_prices(stoppers: Sequence[Stopper], roles: Mapping[Role, RoleSettings]) -> None:
    """Make sure that limits in money can be kept for the ``roles`` that take part; see ``MaxUsd.check``."""
    for stopper in stoppers:
        if isinstance(stopper, MaxUsd):
            stopper.check(roles)


class Budget:
    """Asks stoppers on behalf of a job; once spent, it stays spent. Safe to use from threads.

    Args:
        ledger: of the models that are paid for; counting starts now.
        stoppers: any of them ends the job.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        stoppers: Sequence[Stopper] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger, self._stoppers, self._clock = ledger or Ledger(), tuple(stoppers), clock
        self._before, self._began = self._ledger.snapshot(), clock()
        self._gains: list[float] = []
        self._reserved = Usage()
        self._reason = ""
        self._by: Stopper | None = None
        self._lock = threading.Lock()
        self._measuring = False

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Within the block no call to a model is made that a limit forbids; those under way are finished.

        Before ``measure_result``, what is reserved for the result counts as spent.

        Raises:
            BudgetSpent: from the call that is not made.
        """
        if not self._stoppers:
            yield
            return
        with self._ledger.guarded_by(self._admit):
            yield

    def _admit(self) -> None:
        so_far = self.so_far()
        if self._measuring:
            so_far = replace(so_far, reserved=Usage(), measuring=True)
        kinds = (MaxCalls, MaxUsd) if self._measuring else (MaxCalls, MaxUsd, MaxMinutes)
        for stopper in self._stoppers:
            if isinstance(stopper, kinds) and (why := stopper(so_far)):
                raise BudgetSpent(why)

    def measure_result(self) -> None:
        """The search is over: what was reserved may be spent now, and time is no limit any more."""
        self.reason()  # whether a limit ended the search stays as it is
        self._measuring = True

    def affords(self, calls: float, usd: float) -> bool:
        """Whether the limits of all roles together leave room for so many calls and so much money."""
        spent = self.so_far().usage.total()
        for stopper in self._stoppers:
            if isinstance(stopper, MaxCalls) and stopper.role is None and spent.calls + calls > stopper.limit:
                return False
            if isinstance(stopper, MaxUsd) and stopper.role is None and spent.cost_usd + usd > stopper.limit:
                return False
        return True

    def check_prices(self, roles: Mapping[Role, RoleSettings]) -> None:
        """``check_prices`` of the stoppers."""
        check_prices(self._stoppers, roles)

    def reserve(self, calls: float, usd: float) -> None:
        """Set aside what measuring the result will take; another call replaces the first."""
        self._reserved = Usage(calls=math.ceil(calls), cost_usd=usd)

    def account(self) -> dict[str, dict[str, float]]:
        """Each limit of all roles together, with what this run has spent of it: calls, US dollars, minutes."""
        so_far = self.so_far()
        total = so_far.usage.total()
        found: dict[str, dict[str, float]] = {}
        for limit in self._stoppers:
            match limit:
                case MaxCalls(role=None) if limit.limit < found.get("calls", {}).get("limit", math.inf):
                    found["calls"] = {"limit": limit.limit, "spent": total.calls}
                case MaxUsd(role=None):
                    found["usd"] = {"limit": limit.limit, "spent": round(total.cost_usd, 6)}
                case MaxMinutes():
                    found["minutes"] = {"limit": limit.limit, "spent": round(so_far.minutes, 2)}
        return found

    def note(self, hypervolume: float) -> None:
        """Tell what the front is worth after one more trial."""
        self._gains.append(hypervolume)

    def so_far(self) -> SoFar:
        """What has been spent since the start."""
        spent = self._ledger.snapshot()
        for role, usage in self._before.roles.items():
            for name, value in vars(usage).items():
                setattr(spent.roles[role], name, getattr(spent.roles[role], name) - value)
        minutes = (self._clock() - self._began) / 60
        return SoFar(spent, minutes, tuple(self._gains), self._reserved)

    def reason(self) -> str:
        """Why the job must end; empty while it may go on."""
        with self._lock:
            if not self._reason and self._stoppers:
                so_far = self.so_far()
                for stopper in self._stoppers:
                    if why := stopper(so_far):
                        self._reason, self._by = why, stopper
                        break
            return self._reason

    @property
    def resumable(self) -> bool:
        """Whether a limit ended the job, so that a higher one would carry it on."""
        return bool(self.reason()) and not isinstance(self._by, NoGain | MaxReplies | OwnCalls)

    def check(self) -> None:
        """For steps that can only be stopped from within.

        Raises:
            BudgetSpent: if the job must end.
        """
        if reason := self.reason():
            raise BudgetSpent(reason)
