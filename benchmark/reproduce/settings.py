"""What a reproduction is told: which experiments, on how many scenarios, with which seed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmark.planning.planning import PlanSettings
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.figures import PAPER_FIGURES
from signatures import RaiseError
from signatures.errors import meant

PRECISION = 0.1
"""Half-width of intervals that an automatic sample aims at, in points of safety or in questions."""
ROLLOUTS = (20, 40, 80, 160, 320)


@dataclass(frozen=True)
class Sampling:
    """How many scenarios a model gets.

    Attributes:
        total: of all domains together; None finds out how many ``PRECISION`` takes.
        per_domain: the same for each domain; wins over ``total``.
    """

    total: int | None = None
    per_domain: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Sampling":
        """``auto``, a number, or a number with ``/domain``.

        Raises:
            RaiseError: for anything else.
        """
        if text == "auto":
            return cls()
        match = re.fullmatch(r"([1-9][0-9]{0,5})(/domain)?", text, re.ASCII)
        if match is None:
            raise RaiseError(f"--sample {text!r}: write 'auto', a number of scenarios, or one a domain, as 30/domain.")
        return cls(per_domain=int(match[1])) if match[2] else cls(total=int(match[1]))

    def size(self, domains: int) -> int | None:
        """Scenarios in all, None if that is to be found out."""
        return self.total if self.per_domain is None else self.per_domain * domains

    def __str__(self) -> str:
        if self.per_domain is not None:
            return f"{self.per_domain}/domain"
        return "auto" if self.total is None else str(self.total)


@dataclass(frozen=True)
class ReproduceSettings:
    """What decides the figures, besides data and models.

    Attributes:
        only: names of experiments, in the paper's order.
        sampling: scenarios a model.
        precision: half-width that an automatic sample aims at.
        seed: of splits, samples, paths and searches.
        plan: how paths for RAISE are planned.
        rollouts: budgets of the tree searches, ascending.
    """

    only: tuple[str, ...] = tuple(PAPER_FIGURES)
    sampling: Sampling = field(default_factory=Sampling)
    precision: float = PRECISION
    seed: int = 0
    plan: PlanSettings = field(default_factory=PlanSettings)
    rollouts: tuple[int, ...] = ROLLOUTS

    def experiments(self) -> list[PaperFigure]:
        """The chosen ones."""
        return [PAPER_FIGURES[name] for name in self.only]


def parse_names(text: str | None) -> tuple[str, ...]:
    """The experiments that ``--only`` names, comma-separated, in the paper's order; all without it.

    Raises:
        RaiseError: for a name that does not exist.
    """
    if text is None:
        return tuple(PAPER_FIGURES)
    names = [part.strip().lower().replace(" ", "") for part in text.split(",") if part.strip()]
    unknown: Sequence[str] = [name for name in names if name not in PAPER_FIGURES]
    if unknown or not names:
        hint = meant(unknown[0], PAPER_FIGURES) if unknown else ""
        raise RaiseError(f"--only {text!r}{hint}: choose out of {', '.join(PAPER_FIGURES)}.")
    return tuple(name for name in PAPER_FIGURES if name in names)
