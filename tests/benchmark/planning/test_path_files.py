"""Paths that were planned elsewhere: the spellings of the paper's pipeline, and an account of every row."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import build_authored
from benchmark.planning.path_files import ImportedPaths, import_paths, take_paths
from modules import PathIndex
from signatures import ATTRIBUTE_NAMES, ATTRIBUTES, RaiseError

LATE = "Is it rude to leave early?"
PAIR = ("economic_status", "self_harm_history")


def take(*rows: dict[str, Any] | str) -> ImportedPaths:
    return take_paths(enumerate(rows, 1))


@pytest.mark.parametrize(
    "cell",
    [
        "['Economic Status','Past Self-Harm History']",
        '["Economic Status", "past self-harm history"]',
        "[economic_status, self_harm_history]",
        "economic_status -> self_harm_history",
        "Economic Status | Self-Harm History",
        "['Economic Status', 'Economic Status', 'Past Self-Harm History']",
        ["Economic Status", "Past Self-Harm History"],
    ],
)
@pytest.mark.parametrize("column", ["Best Path", "Attribute Path", "path"])
def test_the_spellings_of_a_path(cell: object, column: str) -> None:
    (path,) = take({"User Query": LATE, column: cell}).paths.paths
    assert (path.query, path.path, path.value) == (LATE, PAIR, None)


@pytest.mark.parametrize("query", [f"{{'query_id': \"{LATE}\", 'n': 1}}", {"query_id": LATE}, f"  {LATE} "])
def test_queries_wrapped_in_an_object(query: object) -> None:
    assert take({"User Query": query, "Best Path": "['Age']"}).paths.paths[0].query == LATE


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("the row is not UTF-8", "the row is not UTF-8"),
        ({"User Query": " ", "Best Path": "['Age']"}, "there is no query"),
        ({"User Query": "q", "Best Path": None}, "there is no path"),
        ({"User Query": "q", "Best Path": "[]"}, "the path is empty"),
        ({"User Query": "q", "Best Path": 3}, "the path is neither text nor a list"),
        ({"User Query": "q", "Best Path": "['Age', 'Shoe Size']"}, "the path names 'Shoe Size', which is no attribute"),
        ({"User Query": "q", "Best Path": "['Profesion']"}, "did you mean 'profession'?"),
        ({"User Query": LATE.upper(), "Best Path": "['Age']"}, "an earlier row has the same query"),
    ],
)
def test_rows_that_cannot_be_used_are_counted_with_the_reason(bad: Any, reason: str) -> None:
    taken = take({"User Query": LATE, "Best Path": "['Age']"}, bad)
    assert (taken.rows, len(taken.paths)) == (2, 1)
    (found,) = taken.refused.report()
    assert reason in found["reason"]
    assert found["first"] == [2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("User Query,Route\nq,['Age']\n", "no column of the path (expected 'Best Path' or .*; its columns are User"),
        ("Text,Best Path\nq,['Age']\n", "no column of the query (expected 'Query' or 'User Query'"),
        ("User Query,Best Path\n", "no row of 0 can be used (it is empty)"),
        ("User Query,Best Path\nq,[]\n", "no row of 1 can be used (the path is empty)"),
    ],
)
def test_files_that_hold_nothing_usable(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RaiseError) as error:
        import_paths(file)
    start, _, end = sentence.partition(".*")
    assert start in str(error.value)
    assert end in str(error.value)
    with pytest.raises(RaiseError, match="there is no file"):
        import_paths(tmp_path / "none.csv")


def test_a_path_of_a_scenarios_query_is_never_retrieved_for_its_situation(tmp_path: Path) -> None:
    scenarios = list(build_authored())
    mine, other = scenarios[0], scenarios[-1]
    file = tmp_path / "paths.csv"
    file.write_text(
        f'User Query,Best Path\n"{mine.query.upper()}","[\'Age\']"\n"{LATE}","[\'Gender\']"\n', encoding="utf-8"
    )
    taken = import_paths(file, scenarios)
    first, second = taken.paths.paths
    assert (taken.matched, first.origin, first.domain, first.source) == (1, mine.situation, mine.domain, mine.source)
    assert (second.origin, second.source) == ("", "hub")  # a query that nobody here wrote is kept back as real ones are
    assert taken.paths.nearest(mine.query, 5, excluding=mine.situation) == [second]
    assert len(taken.paths.nearest(other.query, 5, excluding=other.situation)) == 2
    taken.paths.save(tmp_path / "paths.jsonl")
    assert PathIndex.load(tmp_path / "paths.jsonl").paths == taken.paths.paths
    assert json.loads((tmp_path / "paths.jsonl").read_text(encoding="utf-8").splitlines()[1])["value"] is None


@given(st.lists(st.sampled_from(ATTRIBUTE_NAMES), min_size=1, unique=True), st.booleans())
def test_labels_in_words_come_back_as_attributes(names: list[str], listed: bool) -> None:
    labels = [next(a.label for a in ATTRIBUTES if a.name == name).title() for name in names]
    cell = str(labels) if listed else " -> ".join(labels)
    assert take({"User Query": "q", "Best Path": cell}).paths.paths[0].path == tuple(names)
