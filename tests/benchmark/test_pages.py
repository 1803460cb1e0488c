"""Pages: what is text stays text, and nothing that a template needs is silently left out."""

from typing import Any

import plotly.graph_objects as go
import pytest
from jinja2 import UndefinedError

from benchmark.pages import figure_html, render

EVIL = '<script>alert("1")</script>'
REPORT: dict[str, Any] = {
    "banner": EVIL,
    "about": EVIL,
    "legend": "",
    "overview": [[EVIL], [EVIL]],
    "sections": [],
    "failed": [EVIL],
}


def test_text_is_escaped_wherever_it_stands() -> None:
    page = render("reproduction", title=EVIL, **REPORT)
    assert EVIL not in page
    assert page.count("&lt;script&gt;alert(") == 7


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="banner"):
        render("reproduction", title="A report")


def test_a_figure_leaves_the_library_to_the_page_and_cannot_end_its_script() -> None:
    drawn = figure_html(go.Figure(go.Bar(x=["</script>" + EVIL], y=[1])), "one", displayModeBar=False)
    assert drawn.count("<script") == drawn.count("</script>") == 1
    assert 'id="one"' in drawn
    assert len(drawn) < 20_000
