"""A changed configuration is not mixed into an unfinished compile."""

from pathlib import Path

import pytest

from optimizers.unfinished import begin, difference, end, note_of
from signatures import RaiseError


def test_the_same_configuration_goes_on_and_another_is_refused_with_what_differs(tmp_path: Path) -> None:
    out = tmp_path / "programs" / "model"
    begin(out, {"trials": 40, "agent": {"budget": 5.0}})
    begin(out, {"trials": 40, "agent": {"budget": 5.0}})
    with pytest.raises(RaiseError, match=r"\(agent\.budget: 5\.0 -> 3\.0; trials: 40 -> 60\).*--force"):
        begin(out, {"trials": 60, "agent": {"budget": 3.0}})
    begin(out, {"trials": 60, "agent": {"budget": 3.0}}, force=True)
    begin(out, {"trials": 60, "agent": {"budget": 3.0}})
    end(out)
    assert not note_of(out).exists()
    begin(out, {"trials": 1})


def test_a_note_that_cannot_be_read_is_no_note(tmp_path: Path) -> None:
    note_of(tmp_path / "model").write_text("{")
    begin(tmp_path / "model", {"trials": 1})


def test_differences_name_entries_that_are_new_or_gone() -> None:
    assert difference({"a": 1, "b": {"c": 2}}, {"b": {"c": 2, "d": 3}}) == ["a: 1 -> None", "b.d: None -> 3"]
