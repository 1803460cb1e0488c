"""The store of finished episodes: durable, tolerant of a kill, strict about its schema."""

import json
from pathlib import Path

import pytest

from benchmark.jobs.journal import SCHEMA, Journal
from signatures import RaiseError


def test_rows_are_there_for_the_next_process(tmp_path: Path) -> None:
    Journal(tmp_path / "store").put("k", {"safety": 3.0, "response": "für dich\u2028"})
    assert Journal(tmp_path / "store").get("k") == {"safety": 3.0, "response": "für dich\u2028"}


def test_the_last_row_of_a_key_counts(tmp_path: Path) -> None:
    store = Journal(tmp_path)
    store.put("k", {"n": 1})
    store.put("k", {"n": 2})
    assert Journal(tmp_path).get("k") == {"n": 2}


@pytest.mark.parametrize("cut", [1, 7, 20])
def test_a_line_cut_off_by_a_kill_is_forgotten_and_the_rest_goes_on(tmp_path: Path, cut: int) -> None:
    store = Journal(tmp_path)
    store.put("a", {"n": 1})
    store.put("b", {"n": 2})
    file = tmp_path / "episodes.jsonl"
    file.write_bytes(file.read_bytes()[: -cut - 1])
    again = Journal(tmp_path)
    assert again.get("a") == {"n": 1}
    assert again.get("b") is None
    again.put("c", {"n": 3})
    last = Journal(tmp_path)
    assert (last.get("a"), last.get("b"), last.get("c")) == ({"n": 1}, None, {"n": 3})


def test_a_complete_last_line_without_newline_is_kept(tmp_path: Path) -> None:
    Journal(tmp_path).put("a", {"n": 1})
    file = tmp_path / "episodes.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    Journal(tmp_path).put("b", {"n": 2})
    last = Journal(tmp_path)
    assert (last.get("a"), last.get("b")) == ({"n": 1}, {"n": 2})


def test_a_cut_inside_a_letter_is_survived(tmp_path: Path) -> None:
    store = Journal(tmp_path)
    store.put("a", {"n": 1})
    store.put("b", {"text": "ü"})
    file = tmp_path / "episodes.jsonl"
    content = file.read_bytes()
    file.write_bytes(content[: content.index("ü".encode()) + 1])  # half of the two bytes
    assert Journal(tmp_path).get("a") == {"n": 1}


def test_another_schema_is_refused(tmp_path: Path) -> None:
    line = {"schema": SCHEMA + 1, "key": "k", "row": {}}
    (tmp_path / "episodes.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(
        RaiseError, match=rf"episodes\.jsonl was written by another version \(schema {SCHEMA + 1}, not {SCHEMA}\): move"
    ):
        Journal(tmp_path)


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    store = Journal()
    store.put("k", {"n": 1})
    store.sync()
    assert store.get("k") == {"n": 1}
    assert list(tmp_path.iterdir()) == []


def test_two_processes_append_to_one_file_and_each_reads_its_own_rows(tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    for number in range(40):
        (one, other)[number % 2].put(str(number), {"text": "\N{SNOWMAN}" * number * 300, "number": number})
    for number in range(40):
        row = (one, other)[number % 2].get(str(number))
        assert row is not None
        assert (row["number"], len(row["text"])) == (number, number * 300)
    everything = Journal(tmp_path)
    assert all(everything.get(str(number)) for number in range(40))
