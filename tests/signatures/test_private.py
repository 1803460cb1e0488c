"""Private files are closed to others from the moment they are made, whatever the umask."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from signatures.private import make_private, private_file, private_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A umask that leaves everything open."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


def test_new_folders_and_files_are_the_owner_s(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "new" / "deep")
    assert [mode(place) for place in (folder, folder.parent, private_file(folder / "file"))] == [0o700, 0o700, 0o600]
    assert (folder / "file").read_bytes() == b""


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o640), (0o666, 0o660), (0o660, 0o660), (0o600, 0o600)])
def test_others_lose_access_to_a_file_that_is_there_and_a_group_keeps_what_it_has(
    tmp_path: Path, before: int, after: int
) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    file.chmod(before)
    assert mode(private_file(file)) == after
    assert file.read_text() == "kept"


def test_folders_that_are_there_and_devices_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(0o775)
    private_folder(tmp_path / "shared")
    assert mode(tmp_path / "shared") == 0o775
    before = mode(Path("/dev/null"))
    assert mode(private_file(Path("/dev/null"))) == before


def test_what_another_library_wrote_is_closed_without_following_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    (tmp_path / "tree" / "deep").mkdir(0o777, parents=True)
    (tmp_path / "tree" / "deep" / "file").write_text("")
    (tmp_path / "tree" / "link").symlink_to(outside)
    make_private(tmp_path / "tree")
    assert [mode(tmp_path / name) for name in ("tree", "tree/deep", "tree/deep/file", "outside")] == [
        0o700, 0o700, 0o600, 0o644,
    ]  # fmt: skip
