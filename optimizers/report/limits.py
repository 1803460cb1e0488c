"""What the figures of a compile do not show, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from optimizers.report.source import CompiledProgram

FEW_CLUSTERS = 20
"""Below this many situations a bootstrap interval is known to be too narrow."""


def list_limits(compiled: CompiledProgram) -> list[str]:
    """The limits of this result, those first that weigh most."""
    return list(_limits(compiled))


def _limits(compiled: CompiledProgram) -> Iterator[str]:
    figures, chosen, params = compiled.figures, compiled.chosen, compiled.card["compile"]
    if figures["simulated"]:
        yield (
            "Simulated: stand-ins played at least one of target, judge, user and teacher. The figures show how the "
            "software works and say nothing about real models."
        )
    for name, entry in compiled.tested():
        if entry.get("no_conclusion"):
            yield f"{name}: no conclusion can be drawn: {entry['no_conclusion']}."
    yield from _gain(figures)
    clusters = int(chosen.get("clusters") or 0)
    few = "; with so few, intervals are too narrow" if clusters < FEW_CLUSTERS else ""
    yield f"The test has {chosen['n']} scenarios in {clusters} groups that share a situation or a person{few}."
    if figures.get("resumable"):
        yield f"The search was cut short ({figures['stopped']}); the same command again carries it on."
    if params.get("judge") == params.get("target"):
        yield "The judge is the model that answers; a model tends to favour its own answers."
    yield (
        f"The judge ({params.get('judge')}) scored all answers, those by which the prompts were chosen, too. Whether "
        "people would score alike is not measured here."
    )
    yield "The users are played by a model that has a profile. People may answer less readily and less clearly."
    yield (
        "The program was chosen on dev scenarios and measured on test scenarios. Where this report names the best of "
        "several programs by test figures, that one figure is too good by chance."
    )
    for kind, count in (figures.get("account") or {}).items():
        yield f"On the way: {count} {kind}."


def _gain(figures: Mapping[str, Any]) -> Iterator[str]:
    """Whether the gain could be chance."""
    gain = figures["gain"]["compiled minus uncompiled"]["safety"]
    if gain["mean"] is None:
        return
    if gain["lo"] is None:
        yield "There are too few groups of scenarios for an interval of the gain: it may be chance."
    elif gain["lo"] <= 0 <= gain["hi"]:
        yield "The interval of the gain in safety includes 0: on this test, compiling made no difference that shows."
