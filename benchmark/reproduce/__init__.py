"""The paper's tables and figures, measured anew for chosen models, beside the published figures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.jobs.cluster import Cluster
from benchmark.jobs.place import Place
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.published import published
from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.figures import PAPER_FIGURES
from benchmark.reproduce.measuring import Measured, TargetJob, measure
from benchmark.reproduce.report import write_report
from benchmark.reproduce.settings import ReproduceSettings, Sampling, parse_names
from benchmark.reproduce.summary import MeasuredFigure, Reproduction
from benchmark.scenarios.scenario import ScenarioSet
from lms import LanguageModels, Role, RoleSettings
from lms.roles import SIMULATED
from signatures import RaiseError

__all__ = [
    "PAPER_FIGURES",
    "TARGETS",
    "Measured",
    "MeasuredFigure",
    "PaperFigure",
    "ReproduceSettings",
    "Reproduction",
    "Sampling",
    "TargetJob",
    "measure",
    "parse_names",
    "reproduce",
    "write_report",
]

TARGETS: tuple[str, ...] = tuple(SIMULATED + name for name in published()["safety"])
"""Stand-ins named after the paper's six models."""


def reproduce(
    settings: ReproduceSettings,
    data: ScenarioSet,
    targets: Sequence[Mapping[Role, RoleSettings]],
    *,
    out: Path,
    store: Place | Path,
    concurrency: int | None = None,
    progress: OnProgress = ignore_progress,
    cluster: Cluster | None = None,
) -> Reproduction:
    """Measure the chosen experiments for every target and write the report.

    Run again after a crash it goes on where it stopped, repeats no call, and writes the same bytes.

    Args:
        targets: roles of each target; judge and user may differ.
        out: folder of the report.
        store: where replies and finished episodes are: a folder, or a place.
        concurrency, cluster: see ``measuring.measure``.

    Raises:
        RaiseError: for a target named twice, an unusable model, data or folder.
    """
    names = [roles[Role.TARGET].model for roles in targets]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RaiseError(f"the target {twice[0]!r} is named twice: name it once.")
    if out.exists() and not out.is_dir():
        raise RaiseError(f"{out} is a file: name a folder for the report.")
    for roles in targets:
        LanguageModels(roles).check()
    place = store if isinstance(store, Place) else Place(store)
    measured = measure(
        settings, data, targets, store=place, concurrency=concurrency, progress=progress, cluster=cluster
    )
    found = Reproduction(settings, data, targets, measured)
    write_report(found, out)
    return found
