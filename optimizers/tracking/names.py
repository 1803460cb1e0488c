"""How runs are called and marked in MLflow, so that people can tell them apart in tables and charts."""

from typing import Literal

from optimizers.tracking.record import Stage

Kind = Literal["chosen", "front", "baseline", "ceiling", "trial", "compile", "evaluation"]
"""What a run is of; ``ceiling`` is the program that is told the whole profile and asks nothing."""
COLOURS: dict[Kind, tuple[str, str]] = {
    "chosen": ("pink", "#c2185b"),
    "front": ("green", "#0b6e4f"),
    "baseline": ("orange", "#d98a1f"),
    "ceiling": ("black", "#333333"),
    "trial": ("grey", "#9fb0a6"),
    "evaluation": ("violet", "#6a4c93"),
}
"""Kind -> colour of its points in MLflow's charts; compiles have the colours that MLflow gives them."""
CEILING = "context-rich"
LABELS = {"raise": "raise (uncompiled)"}
"""How people are shown a baseline, where that is not its name."""
RUN_COLOUR = "mlflow.runColor"


def run_name(target: str, program: str, stage: Stage) -> str:
    """``sim/gpt-4o / context-rich / test``.

    Args:
        program: for the run of a compile, the optimizer.
    """
    if stage == "compile":
        return f"{target} / compile / {program}"
    return f"{target} / {LABELS.get(program, program)} / {stage}"


def kind_tags(kind: Kind) -> dict[str, str]:
    """The tags that tell what a run is of, by which tables filter and charts colour."""
    colour = {RUN_COLOUR: COLOURS[kind][1]} if kind in COLOURS else {}
    return {"kind": kind, **colour}


def colour_key(*kinds: Kind) -> str:
    """What the colours of these kinds mean, in words: ``pink chosen, green front``."""
    return ", ".join(f"{COLOURS[kind][0]} {kind}" for kind in kinds)
