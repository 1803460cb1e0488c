"""A name that is nearly right is answered with the right one; a bare command with its help."""

from pathlib import Path

import pytest

from cli.app import COMMANDS, DATA_COMMANDS
from modules import RAISE
from tests.cli.conftest import Run

NEAR = [
    ("evalute vanilla", "evaluate"),
    ("data descibe", "describe"),
    ("evaluate vanila", "vanilla"),
    ("evaluate context-ritch", "context-rich"),
    ("evaluate raise:bianry", "binary"),
    ("evaluate greddy:3", "greedy:K"),
    ("evaluate made/progam", "made/program"),
    ("evaluate static:age,gendr", "gender"),
    ("evaluate vanilla --splt test", "--split"),
    ("evaluate vanilla --split tset", "test"),
    ("evaluate vanilla --data authord", "authored"),
    ("evaluate vanilla --target sim/gpt4o", "sim/gpt-4o"),
    ("evaluate vanilla --target sim/gpt-4o?misred=0.1", "misread"),
    ("evaluate vanilla --compare-to vannilla", "vanilla"),
    ("compile --optimizer paretto", "pareto"),
    ("plan --out x.jsonl --strategy latice", "lattice"),
    ("plan --out x.jsonl --people al", "all"),
    ("plan --out x.jsonl --split trian", "train"),
    ("reproduce --only tabel2", "table2"),
    ("export made/program --format mesages", "messages"),
    ("data build --source autored --out x.jsonl", "authored"),
    ("data generate --out x.jsonl --domains helth", "health"),
    ("data import rows.csv --out x.jsonl --domain Breakup=relationshp", "relationship"),
]


@pytest.mark.parametrize(("words", "right"), NEAR)
def test_the_right_name_is_offered(run: Run, words: str, right: str) -> None:
    RAISE().save(Path("made/program"))
    ran = run(*words.split())
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    if "Possible options" in ran.err:
        assert right in ran.err
    else:
        assert f"did you mean {right!r}?" in ran.err.replace("Did", "did")


def test_a_name_like_no_other_is_not_guessed_at(run: Run) -> None:
    assert "did you mean" not in run("evaluate", "xyzzy").err


@pytest.mark.parametrize("group", ["", "data"])
def test_a_bare_command_that_needs_something_prints_its_help(run: Run, group: str) -> None:
    """Those that need nothing do their work."""
    does = {"compile", "reproduce", "probe", "ui", "doctor", "describe", "report", "export", "chat", "view", "discover"}
    for name in {"": COMMANDS, "data": DATA_COMMANDS}[group]:
        if name not in does:
            words = [group, name] if group else [name]
            ran = run(*words)
            assert (ran.code, ran.err) == (2, "")
            assert ran.out.strip() == run(*words, "--help").out.strip()
            assert "Usage:" in ran.out
