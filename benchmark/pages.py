"""Reports as HTML pages: templates in ``templates/``, every text escaped, everything in one file."""

from functools import cache

import plotly.graph_objects as go
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs


def render(template: str, *, package: str = "benchmark", **values: object) -> str:
    """The page that ``templates/TEMPLATE.html.j2`` of ``package`` makes of ``values``.

    The Plotly library is inside, some 5 MB, unless the template leaves the block ``library`` empty.
    """
    page = _environment(package).get_template(f"{template}.html.j2").render(**values)
    return page.rstrip() + "\n"


def figure_html(figure: go.Figure, name: str, **config: bool) -> str:
    """A figure for a page of :func:`render`, which brings the library.

    Args:
        figure: to be drawn.
        name: of its element, unique on the page.
        config: settings of Plotly.
    """
    return str(figure.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=config))


@cache
def _environment(package: str) -> Environment:
    """Templates of ``package``, and behind them those of the benchmark, which they may extend."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("benchmark")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = "{:,}".format
    environment.globals["plotly"] = get_plotlyjs
    return environment
