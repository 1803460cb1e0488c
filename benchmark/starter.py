"""A folder to start a field of one's own from: vocabulary, ten scenarios, settings, README."""

import shutil
from pathlib import Path

from modules.files import read_text, write_whole
from signatures import RaiseError
from signatures.errors import unknown

STARTER = Path(__file__).with_name("data") / "starter"
SHARED = ("raise.toml", "README.md")
"""Files that are the same in all languages."""
NAME = "{{name}}"


def starter_languages() -> tuple[str, ...]:
    """Codes of the languages there is a starter in."""
    return tuple(sorted(folder.name for folder in STARTER.iterdir() if folder.is_dir()))


def write_starter(folder: Path, language: str) -> list[Path]:
    """Write the files to ``folder``, which is made.

    Returns:
        The files, in the order in which one reads them.

    Raises:
        RaiseError: for a language there is no starter in, or if ``folder`` holds something already.
    """
    if language not in starter_languages():
        raise RaiseError(unknown("language of the starter kit", language, starter_languages()))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RaiseError(f"{folder} is there already, and nothing is overwritten: name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    own = sorted((STARTER / language).iterdir(), reverse=True)
    for file in own:
        shutil.copyfile(file, folder / file.name)
    for name in SHARED:
        text = read_text(STARTER / name).replace(NAME, folder.resolve().name)
        write_whole(folder / name, text)
    return [folder / name for name in ("README.md", *(file.name for file in own), "raise.toml")]
