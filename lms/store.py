"""The durable reply store: every LM reply is written down before it is used, so that no answered call is made twice.

With each reply goes what it took, added up for the jobs that it was asked for, so that an interruption loses neither.
``Store`` is what a run needs of one: ``lms.file_store`` has one in a file, for the processes of one machine,
``lms.shared`` one in a PostgreSQL database, for several machines.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from dspy.utils.exceptions import LMConfigurationError
from pydantic import BaseModel, ConfigDict

from lms.ledger import Tally, Usage
from lms.roles import Role, is_simulated
from lms.throttle import RateLimit
from signatures.usage import Spent

T = TypeVar("T")
CHARGED = ("calls", "input_tokens", "output_tokens", "cost_usd", "unpriced")
"""What is added up for a job."""


class Reply(BaseModel):
    """One reply.

    Attributes:
        text: the answer, without reasoning.
        finish_reason: why the model stopped, in dspy's words.
        input_tokens, output_tokens, cost_usd: of the call; None if not known.
        cached_tokens: those input tokens that the endpoint had in its prefix cache; None if it did not tell.
        seconds: that the model took, however often the reply is used again; None if an earlier version stored it.
        only_reasoning: whether there was reasoning but no answer.
    """

    model_config = ConfigDict(frozen=True)
    text: str
    finish_reason: str = "stop"
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    cached_tokens: int | None = None
    seconds: float | None = None
    only_reasoning: bool = False

    def spent(self) -> Spent:
        """What it took."""
        simulated = is_simulated(self.model)
        return Spent(
            self.input_tokens,
            self.output_tokens,
            self.cached_tokens,
            self.seconds,
            None if simulated else self.cost_usd,
            unpriced=int(self.cost_usd is None and not simulated),
            simulated=int(simulated),
            calls=1,
        )

    def after(self, lost: "Sequence[Reply]") -> "Reply":
        """This reply, with what the calls took whose replies could not be used: reused, it tells all it took."""
        total = self.spent()
        for each in lost:
            total = total.then(each.spent())
        return self.model_copy(
            update={
                "input_tokens": total.input_tokens,
                "output_tokens": total.output_tokens,
                "cached_tokens": total.cached_tokens,
                "seconds": total.seconds,
                "cost_usd": self.cost_usd if total.simulated else total.usd,
            }
        )


@dataclass(frozen=True)
class Charge:
    """What one call took, and for which jobs it was made."""

    role: Role
    usage: Usage
    jobs: tuple[str, ...]


class StoreError(LMConfigurationError):
    """The reply store cannot be read or written: nothing more may be paid for, since it could not be kept.

    It is one of dspy's errors so that it passes through dspy unchanged, and of the kind that ends a run.
    """


class Allowance(Protocol):
    """A worker's part of a limit that several workers keep together. Safe for threads."""

    def covers(self, spent: float) -> bool:
        """Whether this worker, which has spent so much, may spend more."""
        ...

    def leave(self, spent: float) -> None:
        """Give back what is left; this worker spends no more."""
        ...


class Store(Protocol):
    """Replies by key, and what they took. Safe for threads, and for several processes on one place.

    Every method raises ``StoreError`` if the store cannot be read or written.
    """

    @property
    def distant(self) -> bool:
        """Whether its answers take so long that an event loop should not wait for them."""
        ...

    def get(self, key: str) -> Reply | None:
        """The reply stored under ``key``, or None."""
        ...

    def put(self, key: str, reply: Reply, charge: Charge | None = None) -> Reply:
        """Write ``reply`` down, so that it outlives this process; returns what is kept: the first reply of the key.

        This process's claim on ``key`` ends with it.

        Args:
            charge: written down with it, or not at all.
        """
        ...

    def charge(self, charge: Charge) -> None:
        """Write down what a call took whose reply is not kept."""
        ...

    def usage_of(self, job: str) -> Tally:
        """What all calls for ``job`` took, in whichever process and run they were made."""
        ...

    def claim(self, key: str) -> bool:
        """Try to be the one that asks for ``key``; claims of dead processes are taken over.

        Returns:
            False while another is asking, and once its reply is there.
        """
        ...

    def release(self, key: str) -> None:
        """Give up this process's claim on ``key``, if it still has one."""
        ...

    def drop(self, key: str) -> None:
        """Forget the reply of ``key``, if there is one."""
        ...

    def flight(self, key: str) -> AbstractContextManager[None]:
        """Only one thread at a time asks for ``key``; the others then find the reply stored."""
        ...

    def rate_limit(self, name: str, per_minute: float | None) -> RateLimit:
        """The rate limit called ``name``, which all that use a shared store keep together; None never waits."""
        ...

    def allowance(self, name: str, limit: float, part: float) -> Allowance | None:
        """A worker's part of a limit that the workers of a run keep together; None where each keeps its own.

        Args:
            name: of the limit; workers of one run give the same.
            part: that is taken at once.
        """
        ...

    def __len__(self) -> int: ...

    def close(self) -> None:
        """Release what it holds open."""
        ...
