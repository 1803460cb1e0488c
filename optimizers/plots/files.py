"""Pictures as files: the kind follows from the name."""

from collections.abc import Sequence
from pathlib import Path

from benchmark.evaluation.curve import CurvePoint
from modules.files import write_whole
from optimizers.plots.interactive import curves_figure, page_of, pareto_figure
from optimizers.plots.points import INTERACTIVE_SUFFIX, PRINT_SUFFIXES, PlotPoint, check_picture
from optimizers.plots.still import draw_curves, draw_pareto, for_print, picture_bytes
from signatures.private import private_file

PARETO = tuple(f"pareto{suffix}" for suffix in (INTERACTIVE_SUFFIX, *PRINT_SUFFIXES))
"""The pictures in a program folder."""


def write_pareto(points: Sequence[PlotPoint], target: str, folder: Path, *, simulated: bool) -> None:
    """Write the trade-off into a program folder: interactive, and for print."""
    page = page_of(pareto_figure(points, target, simulated=simulated), target)
    write_whole(folder / PARETO[0], page, private=True)
    figure = draw_pareto(points, for_print(target, simulated=simulated))
    for name in PARETO[1:]:
        private_file(folder / name).write_bytes(picture_bytes(figure, Path(name).suffix[1:]))


def write_curves(
    curves: Sequence[tuple[str, Sequence[CurvePoint]]], target: str, file: Path, *, simulated: bool
) -> None:
    """Write safety after 0, 1, 2, ... questions, whole or not at all.

    Args:
        curves: name and points of each program.
        file: its suffix says the kind of picture.

    Raises:
        RaiseError: for another suffix.
    """
    check_picture(file)
    if file.suffix.lower() == INTERACTIVE_SUFFIX:
        write_whole(file, page_of(curves_figure(curves, target, simulated=simulated), target))
        return
    content = picture_bytes(draw_curves(curves, for_print(target, simulated=simulated)), file.suffix.lower()[1:])
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)
