"""A changed configuration is not mixed into an unfinished compile."""

import json
from pathlib import Path

import pytest

from optimizers.results import begin_compile, end_compile, list_differences, unfinished_note
from signatures import RaiseError


def test_the_same_configuration_goes_on_and_another_is_refused_with_what_differs(tmp_path: Path) -> None:
    out = tmp_path / "programs" / "model"
    begin_compile(out, {"trials": 40, "agent": {"budget": 5.0}}, "job")
    begin_compile(out, {"trials": 40, "agent": {"budget": 5.0}}, "job")
    with pytest.raises(RaiseError, match=r"\(agent\.budget: 5\.0 -> 3\.0; trials: 40 -> 60\).*--force"):
        begin_compile(out, {"trials": 60, "agent": {"budget": 3.0}}, "job")
    begin_compile(out, {"trials": 60, "agent": {"budget": 3.0}}, "job", force=True)
    begin_compile(out, {"trials": 60, "agent": {"budget": 3.0}}, "job")
    end_compile(out)
    assert not unfinished_note(out).exists()
    begin_compile(out, {"trials": 1}, "job")


def test_what_an_earlier_version_began_is_refused_with_one_sentence_and_never_forgotten(tmp_path: Path) -> None:
    out, configuration = tmp_path / "model", {"trials": 40, "pick": "par"}
    unfinished_note(out).write_text(json.dumps({"schema": 1, "configuration": configuration}))
    for now in (configuration, {"trials": 40, "pick": "no-more-questions"}):
        with pytest.raises(RaiseError, match=r"begun by an earlier version.*studies\.db.*--force starts anew"):
            begin_compile(out, now, "job")
    begin_compile(out, configuration, "job", force=True)
    begin_compile(out, configuration, "job")


def test_a_note_that_cannot_be_read_is_no_note(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"schema": 2}', '{"schema": 2, "configuration": 3}'):
        unfinished_note(tmp_path / "model").write_text(text)
        begin_compile(tmp_path / "model", {"trials": 1}, "job")


def test_differences_name_entries_that_are_new_or_gone() -> None:
    assert list_differences({"a": 1, "b": {"c": 2}}, {"b": {"c": 2, "d": 3}}) == ["a: 1 -> None", "b.d: None -> 3"]


def test_what_goes_on_is_charged_to_the_job_that_it_began_as(tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert begin_compile(out, {"trials": 1}, "first") == "first"
    assert begin_compile(out, {"trials": 1}, "second") == "first"
    assert begin_compile(out, {"trials": 2}, "third", force=True) == "third"
    end_compile(out)
    assert begin_compile(out, {"trials": 2}, "fourth") == "fourth"
