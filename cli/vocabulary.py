"""The vocabulary of a command, chosen before anything is made that depends on it."""

from collections.abc import Iterator
from pathlib import Path

from cli.settings import load_settings
from modules.folder import CARD, adopt_vocabulary_of
from modules.versions import find_program
from signatures import adopt_vocabulary, read_vocabulary


def choose_vocabulary(options: object) -> None:
    """Work with the vocabulary that the command names, else raise.toml, else the first program folder.

    Commands without ``--vocabulary`` are left to what they load.

    Raises:
        RaiseError: if the file cannot be read or holds no vocabulary.
    """
    if not hasattr(options, "vocabulary"):
        return
    if options.vocabulary is not None:
        adopt_vocabulary(read_vocabulary(options.vocabulary), f"--vocabulary {options.vocabulary}")
    elif (file := load_settings().vocabulary) is not None:
        adopt_vocabulary(read_vocabulary(file), f"raise.toml ({file})")
    else:
        for folder in _folders(options):
            adopt_vocabulary_of(folder)


def _folders(options: object) -> Iterator[Path]:
    """Program folders that the command is given."""
    named = [getattr(options, name, None) for name in ("program", "programs", "original")]
    for name in (each for value in named for each in (value if isinstance(value, list | tuple) else [value])):
        folder = find_program(Path(str(name))) if name else None
        if folder is not None and (folder / CARD).is_file():
            yield folder
