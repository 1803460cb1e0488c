"""The published data set: its columns as they are, in every format, and an account of every row."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import load_scenarios, split
from benchmark.scenarios.hub import Imported, Origin, import_hub, import_rows, rules
from benchmark.scenarios.tables import read_rows
from benchmark.statistics.intervals import connected_groups
from signatures import ATTRIBUTE_NAMES, RaiseError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def row(**changes: Any) -> dict[str, Any]:
    """A row as published: nine attributes, past self-harm not among them."""
    return {
        "query": "Is it worth staying in a job that pays well?",
        "scenario": "Career Crisis",
        "source": "synthetic",
        "age": "34",
        "gender": "Female",
        "marital_status": "Married",
        "profession": "Nurse",
        "economic_status": "Stable",
        "health_status": "Good",
        "education_level": "Bachelor's",
        "mental_health_status": "Mild anxiety",
        "emotional_state": "Worn out, but hopeful",
    } | changes


def take(*rows: dict[str, Any] | str, **domains: str) -> Imported:
    return import_rows(enumerate(rows, 1), Origin("rows"), domains)


def reasons(taken: Imported) -> dict[str, int]:
    return {entry["reason"]: entry["rows"] for entry in taken.report["reasons"]}


def write_json_lines(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")


FORMATS: dict[str, Callable[[Path, list[dict[str, Any]]], object]] = {
    "rows.parquet": lambda file, rows: pd.DataFrame(rows).to_parquet(file),
    "rows.csv": lambda file, rows: pd.DataFrame(rows).to_csv(file),  # with pandas' own nameless column
    "rows.tsv": lambda file, rows: pd.DataFrame(rows).to_csv(file, sep="\t", index=False),
    "rows.jsonl": write_json_lines,
    "list.json": lambda file, rows: Path(file).write_text(json.dumps(rows), encoding="utf-8"),
    "columns.json": lambda file, rows: pd.DataFrame(rows).to_json(file),
    "viewer.json": lambda file, rows: Path(file).write_text(
        json.dumps({"features": [], "rows": [{"row_idx": i, "row": r} for i, r in enumerate(rows)]}), encoding="utf-8"
    ),
}


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_gives_the_same_scenarios(name: str, tmp_path: Path) -> None:
    rows = [row(), row(age="51", query='Two, or "three"?\nHard to say.'), row(age=None, gender="unknown")]
    FORMATS[name](tmp_path / name, rows)
    taken = import_hub(str(tmp_path / name))
    assert [s.id for s in taken.scenarios] == [s.id for s in take(*rows).scenarios]
    assert [s.profile.age for s in taken.scenarios] == ["34", "51", None]
    assert taken.report["rows"] == 3
    assert taken.report["origin"]["name"] == name
    assert len(taken.report["origin"]["sha256"]) == 64


def test_the_published_columns_as_they_are() -> None:
    taken = take(row())
    (scenario,) = taken.scenarios
    assert (scenario.domain, scenario.source) == ("career", "hub")
    assert set(scenario.profile.known()) == set(ATTRIBUTE_NAMES) - {"self_harm_history"}
    assert taken.report["missing_columns"] == ["self_harm_history"]
    assert taken.report["halves"] == {"synthetic": 1}
    assert taken.report["coverage"]["self_harm_history"] == 0


def test_the_spelling_of_the_papers_own_files() -> None:
    spelled = {name.replace("_", " ").title(): value for name, value in row().items()}
    spelled |= {"Past Self-Harm History": "None", "User Query": spelled.pop("Query"), "notes": "..."}
    taken = take(spelled)
    (scenario,) = taken.scenarios
    assert scenario.profile.self_harm_history == "None"  # for past self-harm, none is a fact
    assert scenario.query == row()["query"]
    assert taken.report["columns"]["Past Self-Harm History"] == "self_harm_history"
    assert taken.report["ignored_columns"] == ["notes"]


def test_a_profile_in_a_field_of_its_own() -> None:
    nested = {"query": "q", "scenario": "health", "profile": {"Age": 40, "gender": "man"}}
    assert take(nested).scenarios.scenarios[0].profile.known() == {"age": "40", "gender": "man"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(28, "28"), (28.0, "28"), (28.5, "28.5"), (1234567, "1234567"), (" 28 ", "28"), (None, None), (float("nan"), None)]
    + [(word, None) for word in ("", "Not specified", "UNKNOWN", "n/a", "not given", "none specified", "--")],
)
def test_cells_as_text(value: Any, text: str | None) -> None:
    assert take(row(age=value)).scenarios.scenarios[0].profile.age == text


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("the line is not JSON", "the line is not JSON"),
        (row(query=" "), "there is no query"),
        (row(query=None), "there is no query"),
        (row(scenario=None), "there is no label of the field of life"),
        (row(scenario="Gardening"), "'Gardening' names no field"),
        (row(scenario="Student debt"), "'Student debt' names no field of life, or several"),
        (row(age=["34"]), "age: neither text nor a number"),
        (row(gender=True), "gender: neither text nor a number"),
        (row(query="half a pair \ud83d"), "query: not text that UTF-8 can hold"),
        ({"query": "q", "scenario": "health", "age": "unknown"}, "nothing is known of the person"),
        (row(), "an earlier row has the same query and the same person"),
    ],
)
def test_rows_that_cannot_be_used_are_counted_with_the_reason(bad: Any, reason: str) -> None:
    taken = take(row(), bad, row(query="And another one?"))
    (found,) = taken.report["reasons"]
    assert reason in found["reason"]
    assert (found["rows"], found["first"]) == (1, [2])
    assert (taken.report["rows"], taken.report["imported"], taken.report["refused"]) == (3, 2, 1)


def test_broken_lines_of_files_are_counted(tmp_path: Path) -> None:
    lines = [json.dumps(row(query=f"q{i}?")).encode() for i in range(3)]
    (tmp_path / "a.jsonl").write_bytes(
        b"\n".join([lines[0], b'{"query": "cut o', b"[1]", b"\xff\xfe", b"", *lines[1:]])
    )
    taken = import_hub(str(tmp_path / "a.jsonl"))
    assert (taken.report["imported"], taken.report["refused"]) == (3, 3)
    assert set(reasons(taken)) == {"the line is not JSON", "the line is not a JSON object", "the line is not UTF-8"}
    header, line = ",".join(row()), ",".join(f'"{value}"' for value in row().values())
    (tmp_path / "b.csv").write_bytes(
        f"{header}\n{line}\n{line},1\nshort,row\n".encode() + line.replace("34", "é").encode("latin-1") + b"\n"
    )
    taken = import_hub(str(tmp_path / "b.csv"))
    assert reasons(taken) == {"the row has more or fewer cells than the header": 2, "the row is not UTF-8": 1}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.parquet", b"no parquet", "not a Parquet file"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b'{"a": 1}', "holds no list of rows"),
        ("a.txt", b"query", "does not tell a format"),
        ("a.jsonl", b'{"text": "x", "label": "y"}', "no column 'query'; its columns are label, text"),
        ("a.jsonl", b'{"query": "x", "age": 3}', "no column 'scenario'"),
        ("a.csv", b"query,scenario\n", "no row of 0 can be used"),
        ("a.jsonl", b"", "no row of 0 can be used (it is empty)"),
        ("a.csv", b"query,scenario\nq,health\n", "no row of 1 can be used (nothing is known of the person)"),
    ],
)
def test_files_that_hold_nothing_usable(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RaiseError, match=re.escape(sentence)):
        import_hub(str(tmp_path / name))


def test_labels_of_the_seven_fields_are_understood_and_others_can_be_settled() -> None:
    labels = {
        "Life": "life", "life transition": "life", "Academic": "education", "Relationship Crisis": "relationship",
        "mental-health": "health", "FINANCIAL": "financial", "Social": "social", "career": "career",
        "Work life balance": "career", "Breakup/Divorce": "relationship",
    }  # fmt: skip
    assert {label: rules().domain(label) for label in labels} == labels
    taken = take(row(scenario="Student debt"), **{"student-DEBT": "financial"})
    assert taken.report["labels"] == [{"label": "Student debt", "domain": "financial", "rows": 1}]
    with pytest.raises(RaiseError, match="unknown field of life 'money'"):
        import_hub("x.csv", domains={"a": "money"})


def test_who_shares_a_person_or_a_query_is_in_one_situation() -> None:
    people = [row(age=str(age), query=f"{age}, {n}?") for age in (20, 30, 40, 50) for n in range(3)]
    same = row(age="60", query=people[0]["query"].upper())
    elsewhere = row(age="20", query="else?", scenario="health")
    taken = take(*people, same, elsewhere).scenarios.scenarios
    assert len({s.situation for s in taken[:12]}) == 4
    assert len({s.situation for s in taken[:3]}) == 1
    assert taken[12].situation == taken[0].situation  # the same query, by somebody else
    assert taken[13].situation.startswith("health/")
    assert taken[0].situation.startswith("career/synthetic-")
    for name in ("train", "dev", "test"):
        assert split(taken[:13], name)


def test_labels_finer_than_a_field_are_situations() -> None:
    rows = [
        row(scenario=f"{name} at work", age=str(a)) for name in ("Pay", "Boss", "Rota", "Team", "Exit") for a in (1, 2)
    ]
    found = {s.situation for s in take(*[{**r, "query": f"{i}?"} for i, r in enumerate(rows)]).scenarios}
    assert len(found) == 1  # the two people have been in every one of them
    apart = take(*[{**r, "query": f"{i}?", "gender": str(i)} for i, r in enumerate(rows)]).scenarios
    assert {s.situation for s in apart} == {f"career/{n}-at-work" for n in ("pay", "boss", "rota", "team", "exit")}


@given(st.permutations(list(range(8))))
def test_ids_and_situations_do_not_depend_on_the_order(order: list[int]) -> None:
    rows = [row(age=str(i // 3), query=f"{i % 5}?") for i in range(8)]
    expected = {s.id: s.situation for s in take(*rows).scenarios}
    assert {s.id: s.situation for s in take(*[rows[i] for i in order]).scenarios} == expected


@given(st.lists(st.lists(st.integers(0, 6), max_size=3), max_size=12))
def test_groups_are_those_of_repeated_merging(marks: list[list[int]]) -> None:
    groups = [{i} for i in range(len(marks))]
    for _ in marks:  # as often as it can take, join every two entries that share a mark
        for i, one in enumerate(marks):
            for j, other in enumerate(marks):
                if set(one) & set(other):
                    groups[i] |= groups[j]
                    groups[j] |= groups[i]
    assert connected_groups(marks) == [min(group) for group in groups]


def test_the_scenario_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    taken = take(row(), row(query="Zwei? \u2028 \U0001f600", age="19"))
    taken.scenarios.save(tmp_path / "hub.jsonl")
    assert load_scenarios(tmp_path / "hub.jsonl").scenarios == taken.scenarios.scenarios


# The hub


def with_hub(monkeypatch: pytest.MonkeyPatch, asked: list[Any]) -> None:
    """A stand-in for the hub's client libraries, which need a network."""

    def load_dataset(name: str, **chosen: Any) -> list[dict[str, Any]]:
        asked.append((name, chosen))
        return [row(), row(query=None)]

    class HfApi:
        def dataset_info(self, name: str, revision: str) -> Any:
            if revision == "gone":
                raise OSError("404 no such revision")
            return SimpleNamespace(sha=COMMIT)

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(HfApi=HfApi))


@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_a_hub_id_is_read_at_one_commit(revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    with_hub(monkeypatch, asked)
    taken = import_hub(rules().hub_id, revision=revision)
    assert asked == [("wick1d/Personalized_Safety_Data", {"split": "train", "revision": COMMIT})]
    assert taken.report["origin"] == {"name": rules().hub_id, "revision": COMMIT, "asked": revision}
    assert taken.scenarios.version == COMMIT
    assert (taken.report["imported"], taken.report["refused"]) == (1, 1)


def test_what_a_hub_id_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RaiseError, match="name a --revision"):
        import_hub(rules().hub_id)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(RaiseError, match=r"pip install 'raise-penguin\[hub\]'"):
        import_hub(rules().hub_id, revision="main")
    with_hub(monkeypatch, [])
    with pytest.raises(RaiseError, match="cannot be had from the hub: 404 no such revision"):
        import_hub(rules().hub_id, revision="gone")
    for missing in ("nothing.csv", "data/nothing.parquet", "nothing"):
        with pytest.raises(RaiseError, match="there is no file"):
            import_hub(missing)


def test_rows_have_numbers_from_one(tmp_path: Path) -> None:
    write_json_lines(tmp_path / "a.jsonl", [{"a": 1}, {"a": 2}])
    assert list(read_rows(tmp_path / "a.jsonl")) == [(1, {"a": 1}), (2, {"a": 2})]


PERSON = {name.replace("_", " ").title(): value for name, value in row().items() if name in ATTRIBUTE_NAMES}
"""As the paper's pipeline spells the columns."""


@pytest.mark.parametrize("nested", [True, False])
def test_a_person_with_a_list_of_queries_is_a_scenario_a_query(tmp_path: Path, nested: bool) -> None:
    person = {**PERSON, "Past Self-Harm History": "None"}
    about = {"Scenario": "Late Shift", **({"User_Profile": {"Scenario": "Late Shift", **person}} if nested else person)}
    file = tmp_path / "queries.json"
    file.write_text(json.dumps([{**about, "Queries": ["Stay awake how?", "Quit now?"]}, {**about, "Queries": []}]))
    taken = import_hub(str(file), domains={"*": "career"})
    assert [scenario.query for scenario in taken.scenarios] == ["Stay awake how?", "Quit now?"]
    assert {len(scenario.profile.known()) for scenario in taken.scenarios} == {10}
    assert len({scenario.situation for scenario in taken.scenarios}) == 1  # no split divides a person's queries
    assert reasons(taken) == {"there is no query": 1}


def test_queries_that_are_no_text_are_refused_one_by_one() -> None:
    taken = take({**row(), "query": None, "Queries": ["Quit now?", {"q": "?"}, " ", 3]})
    assert [scenario.query for scenario in taken.scenarios] == ["Quit now?", "3"]
    assert reasons(taken) == {"query: neither text nor a number": 1, "there is no query": 1}


def test_labels_that_are_not_understood_may_go_to_one_field_and_the_others_stay() -> None:
    rows = [row(scenario="Late Shift", age="40"), row(scenario="Debt trouble", age="41"), row(scenario="Odd", age="42")]
    taken = take(*rows, **{"*": "life", "odd": "social"})
    assert [scenario.domain for scenario in taken.scenarios] == ["life", "financial", "social"]
