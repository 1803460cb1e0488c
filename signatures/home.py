"""Where our packages are, and a note if others of the same names stand before them: ``modules`` is a common name."""

import warnings
from importlib.util import find_spec
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
PACKAGES = ("modules", "lms", "benchmark", "optimizers", "serving", "cli")
"""The packages that build on this one."""


def warn_of_namesakes() -> None:
    """Warn of packages and modules of other people that an import of ours would get."""
    for name in PACKAGES:
        try:
            spec = find_spec(name)
        except ValueError:  # made by hand, without a file
            continue
        if spec and spec.origin and Path(spec.origin).resolve().parent != HOME / name:
            warnings.warn(
                f"{spec.origin} stands before RAISE's own package {name!r}: run Python with -P, or rename it.",
                stacklevel=2,
            )
