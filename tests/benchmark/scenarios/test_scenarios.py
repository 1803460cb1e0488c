"""Scenario files: what goes in comes out, and what is wrong is named with file and line."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario, ScenarioSet, load_scenarios
from signatures import ATTRIBUTE_NAMES, Profile, RaiseError

GOOD: dict[str, Any] = {
    "id": "1",
    "domain": "life",
    "situation": "life/moving",
    "source": "authored",
    "query": "Should I move?",
    "profile": {"age": "18-24 years", "gender": None},
}
texts = st.text(min_size=1, max_size=40).filter(str.strip)
profiles = st.dictionaries(st.sampled_from(ATTRIBUTE_NAMES), texts.map(str.strip)).map(lambda d: Profile(**d))


def row(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def without(field: str) -> str:
    return json.dumps({name: value for name, value in GOOD.items() if name != field})


def written(folder: Path, *lines: str) -> Path:
    file = folder / "scenarios.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@given(contents=st.lists(st.tuples(texts, texts, profiles), min_size=1, max_size=4))
def test_round_trip(contents: list[tuple[str, str, Profile]], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("trip") / "set.jsonl"
    scenarios = tuple(
        Scenario(id=str(i), domain="life", situation=s, source="authored", query=q, profile=p)
        for i, (s, q, p) in enumerate(contents)
    )
    ScenarioSet("set", "file", scenarios).save(file)
    assert load_scenarios(file) == ScenarioSet("set", "file", scenarios)


def test_a_file_lists_all_ten_attributes_in_order(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    load_scenarios(written(tmp_path, row())).save(file)
    line = json.loads(file.read_text(encoding="utf-8"))
    assert list(line) == ["id", "domain", "situation", "source", "query", "profile"]
    assert list(line["profile"]) == list(ATTRIBUTE_NAMES)
    assert line["profile"]["age"] == "18-24 years"
    assert line["profile"]["gender"] is None


def test_blank_lines_are_skipped_and_still_counted(tmp_path: Path) -> None:
    assert len(load_scenarios(written(tmp_path, row(), "", row(id="2")))) == 2
    with pytest.raises(RaiseError, match="line 3"):
        load_scenarios(written(tmp_path, row(), "", "{"))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{not json", "JSON"),
        ("[1, 2]", "object|dictionary"),
        (without("query"), "query"),
        (without("profile"), "profile"),
        (row(query=""), "query"),
        (row(id=7), "id"),
        (row(profile={"shoe_size": "44"}), r"profile\.shoe_size"),
        (row(profile={"age": 18}), r"profile\.age"),
        (row(mood="low"), "mood"),
    ],
    ids=["bad-json", "list", "no-query", "no-profile", "empty-query", "id-number", "attribute", "value", "field"],
)
def test_a_bad_line_is_named_with_file_line_and_problem(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(RaiseError, match=rf"scenarios\.jsonl, line 2: .*(?:{problem})"):
        load_scenarios(written(tmp_path, row(), line))


def test_a_repeated_id_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=r"scenarios\.jsonl has the scenario id '1' more than once"):
        load_scenarios(written(tmp_path, row(), row(query="Another?")))


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=r"scenarios\.jsonl holds no scenario"):
        load_scenarios(written(tmp_path, "", " "))


@pytest.mark.parametrize("what", ["missing", "directory", "binary"])
def test_what_is_no_text_file_is_an_error(tmp_path: Path, what: str) -> None:
    file = tmp_path / "scenarios.jsonl"
    if what == "directory":
        file.mkdir()
    elif what == "binary":
        file.write_bytes(bytes(range(256)))
    said = "scenarios.jsonl is not in UTF-8 (line 2): save it" if what == "binary" else "cannot read the scenario file"
    with pytest.raises(RaiseError, match=re.escape(said)):
        load_scenarios(file)


def test_the_hash_depends_on_content_and_order(tmp_path: Path) -> None:
    two = load_scenarios(written(tmp_path, row(), row(id="2")))
    assert two.hash == ScenarioSet("other name", "2", two.scenarios).hash
    assert two.hash != two.subset(two.scenarios[:1]).hash
    assert two.hash != two.subset(reversed(two.scenarios)).hash


@pytest.mark.parametrize("change", [{"query": "Other?"}, {"profile": {}}, {"domain": "life", "situation": "life/x"}])
def test_two_files_with_the_same_ids_have_different_hashes(tmp_path: Path, change: dict[str, Any]) -> None:
    one = load_scenarios(written(tmp_path, row()))
    other = load_scenarios(written(tmp_path, row(**change)))
    assert one.scenarios[0].id == other.scenarios[0].id
    assert one.hash != other.hash


def test_the_description_counts_what_is_there(tmp_path: Path) -> None:
    about = load_scenarios(written(tmp_path, row(), row(id="2", domain="health", profile={}))).describe()
    assert about["domains"] == {"health": 1, "life": 1}
    assert about["n"] == 2
    assert about["coverage"]["age"] == 0.5  # one of two profiles gives an age
    assert about["coverage"]["gender"] == 0.0
