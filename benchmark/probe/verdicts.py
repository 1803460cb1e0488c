"""From counts to words: whether a model is fit for a role, why not, and the settings under which it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from benchmark.probe.limits import CHECKS, MOST_MISSING, SPARE, Measure, measures_of
from benchmark.probe.rate import separates
from benchmark.probe.steps import Count
from lms import Role
from modules import AgentSettings
from modules.abstention import HIGHEST

Settings = dict[str, str | int]
"""Fields of ``modules.AgentSettings`` that differ from their defaults."""
REMEDIES: dict[str, Settings] = {"plan": {"shortlist": 1}, "ask": {"phrasing": "plain"}}
"""Check -> settings under which the agent does without what failed."""
THRESHOLD: int = AgentSettings().threshold


class Fitness(StrEnum):
    """How far a model does for something."""

    FIT = "fit"
    SETTINGS = "fit with settings"
    UNDECIDED = "undecided"
    UNFIT = "not fit"


_WORST = (Fitness.UNFIT, Fitness.UNDECIDED, Fitness.SETTINGS, Fitness.FIT)


@dataclass(frozen=True)
class Finding:
    """What was counted in one check.

    Attributes:
        counts: measure -> count, over its items.
        items: how many there are.
        missing: how many of them have no outcome.
    """

    counts: Mapping[str, Count]
    items: int
    missing: int = 0


@dataclass(frozen=True)
class Verdict:
    """A judgement in words.

    Attributes:
        reasons: why it is no plain "fit", with the count and the threshold.
        settings: what the agent should be told, so that it is.
    """

    fitness: Fitness
    reasons: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)


def judge_role(role: Role, found: Mapping[str, Finding]) -> dict[str, Verdict]:
    """Check -> verdict, for the checks of a role in their order."""
    verdicts = {check: judge_check(check, found[check]) for check in CHECKS[role] if check in found}
    rating, fused = verdicts.get("abstain"), verdicts.get("fused")
    if rating and fused and rating.fitness is Fitness.UNFIT and fused.fitness in {Fitness.FIT, Fitness.SETTINGS}:
        settings: Settings = {"abstention": "fused", **fused.settings}
        verdicts["abstain"] = Verdict(Fitness.SETTINGS, rating.reasons, settings)
    return verdicts


def overall(verdicts: Mapping[str, Verdict]) -> Verdict:
    """The verdict on a role: the worst of its checks, with all reasons, worst first, and all settings."""
    counted = {check: verdict for check, verdict in verdicts.items() if check not in SPARE}
    fitness = min((verdict.fitness for verdict in counted.values()), key=_WORST.index, default=Fitness.UNDECIDED)
    settings = {name: value for verdict in counted.values() for name, value in verdict.settings.items()}
    worst_first = sorted(counted.items(), key=lambda entry: _WORST.index(entry[1].fitness))
    reasons = [f"{check}: {reason}" for check, verdict in worst_first for reason in verdict.reasons]
    return Verdict(fitness, tuple(reasons), settings)


def judge_check(check: str, found: Finding) -> Verdict:
    """The verdict on one check by itself."""
    threshold = threshold_for(found.counts)
    failed = [
        measure for measure in measures_of(check) if not measure.kept(*count_of(measure, found.counts, threshold))
    ]
    reasons = tuple(_reason(measure, *count_of(measure, found.counts, threshold)) for measure in failed)
    if failed and check in REMEDIES:
        return Verdict(Fitness.SETTINGS, reasons, REMEDIES[check])
    if failed:
        return Verdict(Fitness.UNFIT, reasons)
    if found.missing > MOST_MISSING * found.items:
        return Verdict(Fitness.UNDECIDED, (f"{found.missing} of {found.items} items have no outcome",))
    if threshold != THRESHOLD:
        at_default = _reason(_parts(check), *found.counts[separates(THRESHOLD)])
        return Verdict(Fitness.SETTINGS, (f"{at_default}, at {THRESHOLD}",), {"threshold": threshold})
    return Verdict(Fitness.FIT)


def count_of(measure: Measure, counts: Mapping[str, Count], threshold: int = THRESHOLD) -> Count:
    """The count of a measure; (0, 0) if it was not counted."""
    name = separates(threshold) if measure.name == "parts" else measure.name
    return counts.get(name, (0, 0))


def threshold_for(counts: Mapping[str, Count]) -> int:
    """The default threshold if it parts nothing from everything well enough, else the one that does it best."""
    if separates(THRESHOLD) not in counts or _parts("abstain").kept(*counts[separates(THRESHOLD)]):
        return THRESHOLD
    ranked: Sequence[int] = sorted(range(1, HIGHEST + 1), key=lambda t: (-counts[separates(t)][0], abs(t - THRESHOLD)))
    return ranked[0]


def _parts(check: str) -> Measure:
    return next(measure for measure in measures_of(check) if measure.name == "parts")


def _reason(measure: Measure, part: int, whole: int) -> str:
    return f"{part} of {whole} {measure.counts} ({measure.wanted} wanted)"
