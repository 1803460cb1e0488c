"""Users' text files: read past a byte order mark, named where they are not UTF-8, written whole."""

import codecs
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules import RAISE, PathIndex, PlannedPath
from modules.files import HEAD, packing_of, read_text, wide_encoding, write_whole
from signatures import RaiseError


@given(st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])), st.booleans())
def test_text_comes_back_with_or_without_a_mark(
    tmp_path_factory: pytest.TempPathFactory, text: str, marked: bool
) -> None:
    file = tmp_path_factory.mktemp("text") / "a.txt"
    text = text.lstrip("\ufeff")
    file.write_bytes((codecs.BOM_UTF8 if marked else b"") + text.replace("\n", "\r\n").encode())
    assert read_text(file) == text


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=2))
@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-le", "UTF-32"),
    ],
)
def test_wide_encodings_are_told_with_and_without_a_mark(encoding: str, name: str, text: str) -> None:
    assert wide_encoding(text.encode(encoding)[:HEAD]) == name
    assert wide_encoding(text.encode()[:HEAD]) == packing_of(text.encode()[:HEAD]) == ""


def test_what_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    for data, said in {
        gzip.compress(b"x"): "packed with gzip: unpack it first",
        "ab".encode("utf-16"): "in UTF-16: save it as UTF-8",
        b"a\nb\ncaf\xe9": r"not in UTF-8 \(line 3\)",
    }.items():
        file.write_bytes(data)
        with pytest.raises(RaiseError, match=rf"a\.txt is {said}"):
            read_text(file)


def test_paths_and_programs_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = PlannedPath(query="q", path=("age",), value=4.0, evaluations=1, origin="o")
    RAISE(paths=PathIndex([path])).save(tmp_path / "program")
    for file in (tmp_path / "program").iterdir():
        file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    program = RAISE.load(tmp_path / "program")
    assert program.paths.paths == (path,)


def test_names_with_bytes_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", '"\udce8"')
    assert read_text(tmp_path / "a.json") == '"\\udce8"'
