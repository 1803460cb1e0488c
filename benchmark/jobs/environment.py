"""What a rerun needs to know of the machine and the code: versions, git commit, dirty flag; and what a process took."""

import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("raise-penguin", "dspy", "mlflow", "optuna", "pandas", "numpy", "scikit-learn", "litellm")


def environment() -> dict[str, Any]:
    """Package versions, Python, and the state of the git checkout this code runs from (None outside one)."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "git_commit": _git("rev-parse", "HEAD"),
        "git_dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
    }


def process_usage() -> dict[str, float]:
    """What this process has taken so far: ``cpu_seconds``, and ``peak_memory_mb`` where the system tells it."""
    used = {"cpu_seconds": time.process_time()}
    if sys.platform == "win32":
        return used
    import resource  # noqa: PLC0415  not on Windows

    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    return {**used, "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(*words: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    folder = Path(__file__).resolve().parent
    done = subprocess.run([git, *words], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else None
