"""Equal commands give equal figures in every process, though each hashes words, and so orders sets of them, anew."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.cli.test_compile import TINY

COMPILE = ("from cli.app import main; main()", "compile", *TINY, "--json")
WEIGH = """
from benchmark.scenarios.taxonomy import situations
from lms.simulation.topics import sense
for situation in situations():
    for query in situation.queries:
        print(situation.domain, situation.id, query, sense().weigh(query))
"""


def under(seeds: tuple[str, ...], root: Path, *program: str) -> list[str]:
    """What a program and its words print, run once for each hash seed in a folder of its own, all at once."""
    running: list[subprocess.Popen[str]] = []
    for seed in seeds:
        folder = root / seed
        folder.mkdir(exist_ok=True)
        env = {**os.environ, "PYTHONHASHSEED": seed, "RAISE_TRACK": "false"}
        command, pipe = [sys.executable, "-c", *program], subprocess.PIPE
        running.append(subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True))
    said = []
    for process in running:
        out, err = process.communicate()
        assert process.returncode == 0, err
        said.append(out)
    return said


def stored(file: Path) -> dict[str, Any]:
    """The replies in a store."""
    with closing(sqlite3.connect(file)) as store:
        return dict(store.execute("SELECT key, reply FROM replies"))


def test_what_a_question_is_about_does_not_depend_on_the_order_of_its_words(tmp_path: Path) -> None:
    one, other, third = under(("1", "2", "9"), tmp_path, WEIGH)
    assert one.count("\n") > 1000
    assert one == other == third


def test_a_compile_asks_and_hears_the_same_in_every_process(tmp_path: Path) -> None:
    under(("1", "2"), tmp_path, *COMPILE)
    one, other = (stored(tmp_path / seed / "mlruns" / "replies.db") for seed in ("1", "2"))
    assert len(one) > 100
    assert one == other
