"""These tests need the extra ``inspect``; without it they are left out."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("inspect_ai") else ["test_*.py"]
