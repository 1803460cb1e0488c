"""Files are replaced whole, by several writers at once and in spite of errors."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from modules.files import replacing, write_whole


def test_of_several_writers_at_once_one_wins_and_none_fails(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "note.json"
    texts = [str(digit) * 20_000 for digit in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tasks = [pool.submit(write_whole, file, texts[i % 8]) for i in range(200)]
        assert [task.result() for task in tasks] == [None] * 200
    assert file.read_text(encoding="utf-8") in texts
    assert [each.name for each in file.parent.iterdir()] == ["note.json"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "note.json"
    write_whole(file, "before")
    lines: list[Any] = ["after", None]
    with pytest.raises(TypeError), replacing(file) as out:
        out.writelines(lines)
    assert file.read_text(encoding="utf-8") == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["note.json"]
