"""The report with plots: whole, offline, and harmless whatever the data says."""

import re
from pathlib import Path

import pytest

from benchmark import Scenario, ScenarioSet, build_authored, sample
from benchmark.scenarios.quality import inspect, quality_page
from signatures import Profile


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    data = build_authored()
    file = tmp_path_factory.mktemp("page") / "deep" / "report.html"
    few = data.subset(sample(data.scenarios, 280))
    quality_page(inspect(few), file, seed=3)
    assert not list(file.parent.glob("*.partial"))
    return file.read_text(encoding="utf-8")


def test_the_page_opens_without_a_network(page: str) -> None:
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert page.count('class="plotly-graph-div"') == 7


def test_the_page_names_set_gates_and_scenarios(page: str) -> None:
    data = build_authored()
    assert data.subset(sample(data.scenarios, 280)).hash in page
    for words in ("Quality gates:", "near_copies_across", "constraint_violations", "scenarios at random (seed 3)"):
        assert words in page


def test_text_of_scenarios_is_text_in_the_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script> & so on"
    rows = [
        Scenario(id=str(i), domain=evil, situation=evil, source="hub", query=f"{evil} {i}", profile=Profile(age=evil))
        for i in range(3)
    ]
    quality_page(inspect(ScenarioSet(evil, "1", tuple(rows))), tmp_path / "page.html")
    assert "<script>alert" not in (tmp_path / "page.html").read_text(encoding="utf-8")
