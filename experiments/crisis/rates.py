"""Shares of lines that fired, with intervals, and tables of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmark.statistics.intervals import wilson
from experiments.crisis.lines import Line


@dataclass(frozen=True)
class Rate:
    """Lines that fired among ``n``, with the Wilson 95 % interval."""

    fired: int
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; the whole range where there are no lines."""
        return wilson(self.fired, self.n) or (0.0, 1.0)

    def __str__(self) -> str:
        if not self.n:
            return "-"
        low, high = self.interval
        return f"{self.fired / self.n:.3f} [{low:.3f}, {high:.3f}] ({self.fired}/{self.n})"


Flags = Sequence[bool]


def rate(sample: Sequence[Line], verdicts: Flags, which: Callable[[Line], bool]) -> Rate:
    """How many of the lines that ``which`` picks fired."""
    picked = [verdict for line, verdict in zip(sample, verdicts, strict=True) if which(line)]
    return Rate(sum(picked), len(picked))


def table(sample: Sequence[Line], columns: Mapping[str, Flags], *, languages: bool = True) -> list[str]:
    """Markdown: recall and false-alarm rate overall, by kind and, if asked for, by language."""
    heads = [f"{name}: {what}" for name in columns for what in ("recall", "false alarms")]
    out = [f"| lines | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]

    def row(title: str, which: Callable[[Line], bool]) -> str:
        cells = []
        for verdicts in columns.values():
            cells.append(str(rate(sample, verdicts, lambda line: line.acute and which(line))))
            cells.append(str(rate(sample, verdicts, lambda line: not line.acute and which(line))))
        return f"| {title} | {' | '.join(cells)} |"

    out.append(row("**all**", lambda line: True))
    for kind in sorted({line.kind for line in sample}):
        out.append(row(kind, lambda line, kind=kind: line.kind == kind))  # type: ignore[misc]
    for code in sorted({line.language for line in sample if languages}):
        out.append(row(f"language {code}", lambda line, code=code: line.language == code))  # type: ignore[misc]
    return out
