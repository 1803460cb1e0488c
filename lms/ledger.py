"""What was asked of whom, and what it cost: a thread-safe ledger by role, with scopes for single episodes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from lms.roles import Role


@dataclass
class Usage:
    """Counts of one role.

    Attributes:
        calls: replies that a model was asked for and gave.
        reused: replies taken from the store instead.
        failures: attempts that ended in an error.
        incomplete: calls whose reply was cut off, withheld or reasoning alone, so that it could not be used.
        input_tokens, output_tokens: of the calls.
        cost_usd: of the calls whose price is known.
        unpriced: calls whose price is not known.
    """

    calls: int = 0
    reused: int = 0
    failures: int = 0
    incomplete: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0

    @property
    def known_cost_usd(self) -> float | None:
        """What the calls cost, to a millionth of a dollar; None if the price of one is not known."""
        return None if self.unpriced else round(self.cost_usd, 6)

    def add(self, other: "Usage") -> None:
        """Count ``other`` in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Tally:
    """Usage by role."""

    roles: dict[Role, Usage] = field(default_factory=dict)

    def add(self, role: Role, usage: Usage) -> None:
        """Count ``usage`` for ``role``."""
        self.roles.setdefault(role, Usage()).add(usage)

    def calls(self) -> dict[str, int]:
        """Role -> calls made; roles without calls left out."""
        return {role.value: usage.calls for role, usage in sorted(self.roles.items()) if usage.calls}

    def replies(self) -> dict[str, int]:
        """Role -> replies used, asked for or stored; the same whether a run was interrupted or not."""
        used = {role.value: u.calls - u.incomplete + u.reused for role, u in sorted(self.roles.items())}
        return {role: n for role, n in used.items() if n}

    def total(self) -> Usage:
        """All roles together."""
        total = Usage()
        for usage in self.roles.values():
            total.add(usage)
        return total


def sum_by_role(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Role -> the sum over ``counts``, which are by role too."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))


def sum_costs(costs: Iterable[float | None]) -> float | None:
    """The sum to a millionth of a dollar; None if one is not known."""
    found = list(costs)
    known = [cost for cost in found if cost is not None]
    return round(sum(known), 6) if len(known) == len(found) else None


@dataclass(frozen=True)
class _Scope:
    """A block whose calls are counted together, and the job that they are made for, if it has a name."""

    tally: Tally
    job: str


_scopes: ContextVar[tuple[_Scope, ...]] = ContextVar("raise_ledger_scopes", default=())


class Ledger:
    """Counts every LM call once: overall, and in each open scope; and asks gates before a call is made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tally = Tally()
        self._gates: list[Callable[[], None]] = []
        self._jobs: list[str] = []

    @contextmanager
    def guarded_by(self, gate: Callable[[], None]) -> Iterator[None]:
        """Within the block ``gate`` is asked before each call to a model; it raises to forbid the call."""
        self._gates.append(gate)
        try:
            yield
        finally:
            self._gates.remove(gate)

    def admit(self) -> None:
        """To be called before each call to a model; raises what a gate raises."""
        for gate in tuple(self._gates):
            gate()

    def record(self, role: Role, usage: Usage) -> None:
        """Count ``usage`` for ``role``."""
        with self._lock:
            self._tally.add(role, usage)
            for scope in _scopes.get():
                scope.tally.add(role, usage)

    @property
    def jobs(self) -> tuple[str, ...]:
        """The named jobs that a call made here and now is made for."""
        return (*dict.fromkeys((*self._jobs, *(scope.job for scope in _scopes.get() if scope.job))),)

    @contextmanager
    def charged_to(self, job: str) -> Iterator[None]:
        """Within the block every call, from any thread, is made for ``job``; the reply store adds up what it took."""
        self._jobs.append(job)
        try:
            yield
        finally:
            self._jobs.remove(job)

    @contextmanager
    def scope(self, job: str = "") -> Iterator[Tally]:
        """A tally of what is called inside the ``with`` block; scopes nest.

        Args:
            job: what these calls are made for: the reply store adds up what they took, over interruptions too.
        """
        tally = Tally()
        token = _scopes.set((*_scopes.get(), _Scope(tally, job)))
        try:
            yield tally
        finally:
            _scopes.reset(token)

    def snapshot(self) -> Tally:
        """A copy of the counts so far."""
        with self._lock:
            copy = Tally()
            for role, usage in self._tally.roles.items():
                copy.add(role, usage)
            return copy
