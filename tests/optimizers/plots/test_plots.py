"""Pictures: every kind of file, the same points the same bytes, names marked, nothing loaded, titles for phones."""

import math
import re
from pathlib import Path

import pytest

from benchmark import Interval
from benchmark.evaluation.curve import CurvePoint
from optimizers.plots.files import PARETO, write_curves, write_pareto
from optimizers.plots.interactive import curves_figure, page_of, pareto_figure
from optimizers.plots.points import PlotPoint
from optimizers.plots.still import draw_curves, draw_pareto, for_page, for_print, inline_svg, picture_bytes
from signatures import RaiseError

TARGET = "openrouter/a-company/a-model-with-a-very-long-name-instruct-2026-01"
POINTS = [
    PlotPoint("vanilla", Interval(3.0, 2.9, 3.1, 9, 9), 0.0, "baseline"),
    PlotPoint("context-rich", Interval(4.4, 4.3, 4.5, 9, 9), 0.0, "ceiling"),
    PlotPoint("trial-02", Interval(3.5, math.nan, math.nan, 9, 1), 1.0, "front"),
    PlotPoint("trial-07", Interval(4.1, 4.0, 4.2, 9, 9), 2.0, "front", chosen=True),
    PlotPoint("trial-03", Interval(3.2, 3.1, 3.3, 9, 9), 1.5, "trial"),
]
CURVES = [("one", [CurvePoint(i, 3 + i / 4, math.nan, math.nan, 9, 0) for i in range(3)])]
MAGIC = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG", ".html": b"<!doctype html>"}


def test_a_program_folder_has_the_picture_in_every_form(tmp_path: Path) -> None:
    write_pareto(POINTS, TARGET, tmp_path, simulated=True)
    assert {file.name for file in tmp_path.iterdir()} == set(PARETO)
    for name in PARETO:
        assert (tmp_path / name).read_bytes().startswith(MAGIC[Path(name).suffix])


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_the_same_points_give_the_same_bytes(form: str) -> None:
    first, second = (picture_bytes(draw_pareto(POINTS, for_print(TARGET, simulated=True)), form) for _ in range(2))
    assert first == second


def test_names_are_marked_and_stand_ins_are_told() -> None:
    svg = inline_svg(draw_pareto(POINTS, for_page(simulated=True)), "front")
    for words in ("trial-07 (chosen)", "trial-02", "vanilla", "context-rich: whole profile given", "SIMULATED"):
        assert words in svg
    assert "SIMULATED" not in inline_svg(draw_pareto(POINTS, for_page(simulated=False)), "front")


def test_a_picture_in_a_page_takes_the_colours_of_the_page() -> None:
    svg = inline_svg(draw_curves(CURVES, for_page(simulated=False)), "curves")
    assert "currentColor" in svg
    assert not re.findall(r"(?:fill|stroke): #(?!ffffff)[0-9a-f]{6}", svg.replace("#b0b0b0", ""))


def test_the_interactive_page_loads_nothing_and_fits_a_phone() -> None:
    page = page_of(pareto_figure(POINTS, TARGET, simulated=True), TARGET)
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert 'name="viewport"' in page
    assert "trial-03" in page


def test_title_lines_are_short_enough_for_a_phone() -> None:
    for figure in (pareto_figure(POINTS, TARGET, simulated=True), curves_figure(CURVES, TARGET, simulated=True)):
        lines = re.sub(r"<(?!br)[^>]*>", "", figure.layout.title.text).split("<br>")
        assert max(map(len, lines)) <= 50
        assert TARGET.replace("-", "") in "".join(lines).replace("-", "").replace(" ", "")


@pytest.mark.parametrize("name", ["c.html", "c.svg", "c.pdf", "C.PNG"])
def test_the_suffix_says_what_kind_of_picture(name: str, tmp_path: Path) -> None:
    file = tmp_path / "new" / name
    write_curves(CURVES, TARGET, file, simulated=False)
    assert file.read_bytes().startswith(MAGIC[file.suffix.lower()])
    assert [place.name for place in file.parent.iterdir()] == [name]


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=r"ends in \.html, \.svg, \.pdf or \.png"):
        write_curves(CURVES, TARGET, tmp_path / "c.jpg", simulated=False)
