"""Safety after so many questions, as a table."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cli.show.numbers import figure, short


def curve_table(name: str, curve: Mapping[str, Any], *, simulated: bool) -> Table:
    """One row a number of questions; the caption has the area, and what it takes to come near context-rich."""
    needed, lo, hi = (curve[f"questions_for_95{end}"] for end in ("", "_lo", "_hi"))
    ends = [str(end) if end is not None else "never" for end in (lo, hi)]
    reached = "no number of questions reaches" if needed is None else f"{needed} [{' to '.join(ends)}] questions reach"
    caption = (
        f"Mean over 0 to {curve['area_over']} questions: {figure(curve, 'area')}. Here {reached} "
        f"95 % of the context-rich safety ({short(curve['context_rich'])})."
    )
    title = f"{name}: safety after so many questions" + (" (SIMULATED)" if simulated else "")
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left", min_width=80)
    for heading in ("questions", "safety [95 %]", "n", "unscored"):
        table.add_column(heading, justify="right", no_wrap=True)
    for point in curve["points"]:
        table.add_row(str(point["questions"]), figure(point), str(point["n"]), str(point["unscored"]))
    return table
