"""Files are written whole, and what they held before is kept."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.files import keeping, write_whole


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_no_former_content_is_lost_and_none_is_kept_twice_in_a_row(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str]
) -> None:
    file = tmp_path_factory.mktemp("kept") / "report.md"
    for content in contents:
        with keeping(file):
            write_whole(file, content)
    runs = [content for i, content in enumerate(contents) if i == 0 or content != contents[i - 1]]
    kept = [file.with_name(f"report.md.{number}") for number in range(1, len(runs))]
    assert [one.read_text() for one in (*kept, file)] == runs
    assert set(file.parent.iterdir()) == {file, *kept}


def test_files_that_belong_together_are_kept_under_one_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    page, card = tmp_path / "page", tmp_path / "card"
    (tmp_path / "card.1").write_text("of something else")
    page.write_text("old")
    card.write_text("same")
    with keeping(page, card, tmp_path / "new"):
        for file, text in ((page, "new"), (card, "same"), (tmp_path / "new", "new")):
            write_whole(file, text)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "page": "new", "page.2": "old", "card": "same", "card.1": "of something else", "new": "new",
    }  # fmt: skip
    assert caplog.messages == [f"the former {page} is kept as {tmp_path / 'page.2'}"]


def test_what_fails_in_between_leaves_everything_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), keeping(file):
        raise ZeroDivisionError
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "old")]


def test_a_device_is_written_to_and_stays_a_device() -> None:
    with keeping(Path("/dev/null")):
        write_whole(Path("/dev/null"), "text", private=True)
    assert Path("/dev/null").is_char_device()
