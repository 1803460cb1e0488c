"""Mapping files: dialogues and logs of other shapes as scenarios, without personal data, every row accounted for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmark import load_scenarios
from benchmark.scenarios.hub import Imported
from benchmark.scenarios.mapping import MappingFile, import_mapped, load_mapping
from signatures import RaiseError

CHATS = """
schema = 1
query = "messages[?role=='user'].content | [0]"
field = "topic"
person = "user.id"

[fields]
"billing" = "financial"
"*" = "life"

[attributes]
profession = "user.job"

[attributes.age]
from = ["user.age", "messages[?role=='user'].content"]
find = '(\\d+)(?:-year-old)?'

[attributes.gender]
from = "user.sex"
values = { F = "woman", M = "man", x = "" }
"""
CHAT = {
    "topic": "Billing",
    "user": {"id": "u1", "age": 34, "sex": "F", "job": "nurse", "email": "a@b.org"},
    "messages": [
        {"role": "assistant", "content": "Hello, how can I help?"},
        {"role": "user", "content": "My name is Sandra Miller, call me at +1 555 123 4567: should I sell my car?"},
        {"role": "user", "content": "Hello?"},
    ],
}
MEDICAL = """
query = "join(' ', [initial_info, question])"

[fields]
"*" = "health"

[attributes.age]
from = "context[0]"
find = '(\\d+)-year-old'

[attributes.gender]
from = "context[0]"
find = '\\b(man|woman|boy|girl)\\b'

[attributes.health_status]
from = "context[1:]"
find = '^(.*(?:history|hypertension|diabetes).*)$'
"""
PATIENT = {
    "id": 7,
    "initial_info": "I feel a pressure in my chest.",
    "question": "What should I do next?",
    "context": ["A 40-year-old woman comes to the clinic.", "No fever.", "She has a history of asthma."],
    "options": {"A": "rest", "B": "see a doctor"},
}
TASKS = """
rows = "tasks"
query = "user_scenario.instructions.reason_for_call"
field = "user_scenario.instructions.domain"
scrub = false

[fields]
airline = "financial"

[attributes]
emotional_state = "user_scenario.persona"
"""
TASK = {
    "id": "0",
    "user_scenario": {
        "persona": "Impatient and worn out.",
        "instructions": {"domain": "airline", "reason_for_call": "You want to cancel a flight for Emma Kim."},
    },
}


def mapping_of(text: str, folder: Path) -> MappingFile:
    file = folder / "map.toml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)


def take(text: str, rows: Any, folder: Path, **domains: str) -> Imported:
    file = folder / "rows.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return import_mapped(file, mapping_of(text, folder), domains)


def test_a_chat_log_becomes_scenarios_without_personal_data(tmp_path: Path) -> None:
    taken = take(CHATS, [CHAT, {**CHAT, "topic": "Other", "user": {"id": "u2", "age": None, "sex": "x"}}], tmp_path)
    first, second = taken.scenarios.scenarios
    assert first.query == "My name is [name], call me at [phone]: should I sell my car?"
    assert (first.domain, second.domain) == ("financial", "life")
    assert first.profile.known() == {"age": "34", "gender": "woman", "profession": "nurse"}
    assert taken.report["personal_data_taken_out"] == {"name": 2, "phone": 2}
    assert taken.report["not_found"] == {"profession": 1, "gender": 1}
    assert "Sandra" not in json.dumps([scenario.row() for scenario in taken.scenarios])


def test_a_medical_dialogue_is_read_by_patterns(tmp_path: Path) -> None:
    (scenario,) = take(MEDICAL, [PATIENT], tmp_path).scenarios
    assert scenario.query == "I feel a pressure in my chest. What should I do next?"
    assert scenario.domain == "health"
    assert scenario.profile.known() == {
        "age": "40",
        "gender": "woman",
        "health_status": "She has a history of asthma.",
    }


def test_tasks_of_a_simulated_customer_are_found_in_an_object(tmp_path: Path) -> None:
    taken = take(TASKS, {"version": 1, "tasks": [TASK, "broken"]}, tmp_path)
    (scenario,) = taken.scenarios
    assert (scenario.query, scenario.domain) == ("You want to cancel a flight for Emma Kim.", "financial")
    assert taken.report["personal_data_taken_out"] == "not looked for"
    assert [entry["reason"] for entry in taken.report["reasons"]] == ["the entry is not a JSON object"]


def test_each_of_several_queries_is_a_scenario_and_one_persons_are_not_divided(tmp_path: Path) -> None:
    every = CHATS.replace(" | [0]", "")
    other = {**CHAT, "user": {**CHAT["user"], "age": 35}, "messages": [{"role": "user", "content": "And my house?"}]}  # type: ignore[dict-item]
    scenarios = take(every, [CHAT, other], tmp_path).scenarios.scenarios
    assert [scenario.query for scenario in scenarios][1:] == ["Hello?", "And my house?"]
    assert len({scenario.situation for scenario in scenarios}) == 1  # of the same user, though a year has passed


def test_rows_that_cannot_be_used_say_what_was_expected_and_found(tmp_path: Path) -> None:
    bad = [{"topic": "x", "messages": []}, {"topic": None, "messages": CHAT["messages"]}, {**CHAT, "user": {}}]
    taken = take(CHATS.replace("'(\\d+)", "'^(\\d+)"), [CHAT, CHAT, *bad], tmp_path)
    reasons = {entry["reason"]: entry["first"] for entry in taken.report["reasons"]}
    assert reasons == {
        "there is no query at messages[?role=='user'].content | [0] (the row has messages, topic)": [3],
        "there is no field at topic (the row has messages, topic)": [4],
        "nothing is known of the person": [5],
        "an earlier row has the same query and the same person": [2],
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("query = [", "is not TOML"),
        ("query = 'q'", "attributes: Field required"),
        ("query = 'q'\n[attributes]\nheight = 'h'", "unknown attribute 'height'"),
        ("query = 'q[?'\n[attributes]\nage = 'a'", "'q[?' is no JMESPath expression"),
        ("query = 'q'\n[attributes.age]\nfrom = 'a'\nfind = '('", "'(' is no regular expression"),
        ("query = 'q'\nquestions = 1\n[attributes]\nage = 'a'", "questions: Extra inputs are not permitted"),
        ("schema = 2\nquery = 'q'\n[attributes]\nage = 'a'", "schema: Input should be less than or equal to 1"),
    ],
)
def test_a_mapping_file_that_is_wrong_is_named_with_the_place(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=re.escape(sentence)):
        mapping_of(text, tmp_path)


def test_what_a_file_lacks_is_told(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=r"has no list at tasks .*; it holds items"):
        take(TASKS, {"items": [TASK]}, tmp_path)
    with pytest.raises(RaiseError, match="does not say which field of life"):
        take("query = 'q'\n[attributes]\nage = 'a'", [{"q": "?", "a": 3}], tmp_path)
    with pytest.raises(RaiseError, match="unknown field of life 'money'"):
        take("query = 'q'\n[attributes]\nage = 'a'", [{"q": "?", "a": 3}], tmp_path, **{"*": "money"})
    with pytest.raises(RaiseError, match="cannot read the mapping file"):
        load_mapping(tmp_path / "none.toml")


def test_a_pattern_that_never_ends_is_a_reason_not_a_wait(tmp_path: Path) -> None:
    endless = "query = 'q'\n[fields]\n'*' = 'life'\n[attributes.age]\nfrom = 'a'\nfind = '(a|a|aa)+$'"
    with pytest.raises(RaiseError, match="an expression fails on it"):
        take(endless, [{"q": "Why?", "a": "a" * 60 + "b"}], tmp_path)


def test_the_scenario_file_is_read_back(tmp_path: Path) -> None:
    taken = take(CHATS, [CHAT], tmp_path)
    taken.scenarios.save(tmp_path / "mine.jsonl")
    assert load_scenarios(tmp_path / "mine.jsonl").scenarios == taken.scenarios.scenarios
