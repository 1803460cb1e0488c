"""Two programs, exports or registry versions against each other: prompts word by word, settings, origin, figures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmark.statistics.words import figure
from optimizers.changes import PromptChange, ValueChange, compare_prompts, compare_values
from optimizers.sides import Side
from signatures import current_rubric

TAKEN = ("calls", "input_tokens", "output_tokens", "usd")
"""Figures of what a conversation takes."""
BASIS = ("judge", "user", "data_hash", "seed")
"""What two tests must share for their figures to be compared."""
WHOLE = 100
"""From here on figures are shown without decimals."""


@dataclass(frozen=True)
class FigureChange:
    """A figure of both tests; ``mean``, and ``lo`` and ``hi`` where it has an interval."""

    name: str
    before: Mapping[str, float | None]
    after: Mapping[str, float | None]


@dataclass(frozen=True)
class Difference:
    """All that is not the same.

    Attributes:
        before, after: names of both sides.
        simulated: whether a stand-in had part in the figures.
        prompts: predictors that changed.
        unchanged: predictors that did not.
        settings, origin, figures: entries that differ.
        other_basis: why the figures cannot be compared; empty if they can.
    """

    before: str
    after: str
    simulated: bool
    prompts: tuple[PromptChange, ...]
    unchanged: tuple[str, ...]
    settings: tuple[ValueChange, ...]
    origin: tuple[ValueChange, ...]
    figures: tuple[FigureChange, ...]
    other_basis: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.prompts or self.settings or self.origin or self.figures)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"same": self.same, **asdict(self)}


def compare_sides(before: Side, after: Side) -> Difference:
    """What differs. A registered prompt is compared as a chat template, with its predictor alone."""
    if (before.program is None) != (after.program is None):
        names = [*(before if before.program is None else after).prompts]
        return _difference(before.as_chat(names), after.as_chat(names), alike=False)
    return _difference(before, after)


def _difference(before: Side, after: Side, *, alike: bool = True) -> Difference:
    """See ``compare_sides``.

    Args:
        alike: whether both have settings, origin and figures of one kind.
    """
    prompts = compare_prompts(before.prompts, after.prompts)
    figures = _compare_figures(before.figures, after.figures)
    return Difference(
        before=before.name,
        after=after.name,
        simulated=before.simulated or after.simulated,
        prompts=tuple(change for change in prompts if change.changed),
        unchanged=tuple(change.predictor for change in prompts if not change.changed),
        settings=tuple(compare_values(before.settings, after.settings)) if alike else (),
        origin=tuple(compare_values(before.origin, after.origin)) if alike else (),
        figures=figures,
        other_basis=_other_basis(before, after) if figures else "",
    )


def _compare_figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FigureChange, ...]:
    """Figures that differ; none if a side has no test."""
    if not (before and after):
        return ()
    names = ("safety", *current_rubric().names, "avg_queries", "avg_burden", "n", "unscored")
    found = [FigureChange(name, _figure(before, name), _figure(after, name)) for name in names]
    took = [entry.get("per_conversation") or {} for entry in (before, after)]
    found += [FigureChange(f"{name} a conversation", *(_figure(entry, name) for entry in took)) for name in TAKEN]
    return tuple(one for one in found if one.before != one.after)


def _figure(entry: Mapping[str, Any], name: str) -> dict[str, float | None]:
    bounds = {end: entry[f"{name}_{end}"] for end in ("lo", "hi") if f"{name}_{end}" in entry}
    return {"mean": entry.get(name), **bounds}


def figure_words(entry: Mapping[str, float | None]) -> str:
    """``3.41 [3.30, 3.52]``, a count, or what there is of it."""
    mean = entry["mean"]
    if mean is None or entry.get("lo") is not None:
        return figure({"it": mean, "it_lo": entry.get("lo"), "it_hi": entry.get("hi")}, "it")
    if isinstance(mean, int) or abs(mean) >= WHOLE:
        return f"{mean:,.0f}"
    return f"{mean:.2f}" if abs(mean) >= 1 else f"{mean:.2g}"


def _other_basis(before: Side, after: Side) -> str:
    """What the tests of both do not share, in words."""
    differing = [name for name in BASIS if before.origin.get(name) != after.origin.get(name)]
    if before.figures.get("n") != after.figures.get("n"):
        differing.append("number of test scenarios")
    names = ", ".join(name.replace("_", " ") for name in differing)
    return f"the tests differ in {names}: their figures cannot be compared" if names else ""
