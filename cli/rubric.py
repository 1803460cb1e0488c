"""The rubric of a command, chosen before anything is judged or read by it."""

from cli.settings import load_settings
from signatures import Rubric, read_rubric


def rubric_of(options: object) -> Rubric | None:
    """The rubric that the command names, else raise.toml; None for the published one.

    Raises:
        RaiseError: if the file cannot be read or holds no rubric.
    """
    if not hasattr(options, "rubric"):
        return None
    file = options.rubric or load_settings().rubric
    return read_rubric(file) if file else None
