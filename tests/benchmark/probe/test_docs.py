"""The page on the probe has every measure with its threshold."""

from pathlib import Path

from benchmark.probe.limits import MEASURES, MOST_CALLS

PAGE = Path(__file__).parents[3] / "docs" / "probe.md"


def test_the_table_of_thresholds_is_the_one_that_is_used() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    expected = [f"| `{m.check}` | {m.counts} | {m.wanted or 'told, no threshold'} |" for m in MEASURES]
    assert [row for row in rows if row in expected or row.count("|") == 4] == expected
    assert f"at most {MOST_CALLS} calls" in text
