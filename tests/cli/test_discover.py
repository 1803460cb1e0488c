"""``raise discover`` writes a vocabulary that other commands take."""

import json
from pathlib import Path

import pytest

from benchmark import build_authored, sample
from benchmark.discovery.writing import vocabulary_text
from signatures import Vocabulary, default_vocabulary, read_vocabulary
from tests.cli.conftest import Run

SMALL = ("--limit", "7", "--held-out", "7", "--cases", "3", "--attributes", "2")
KEPT = ("age", "education_level")


@pytest.fixture
def narrow() -> Vocabulary:
    """A vocabulary of two attributes in ``two.toml``, and people of whom no more is known in ``people.jsonl``."""
    record = default_vocabulary().record()
    kept = [entry for entry in record["attribute"] if entry["name"] in KEPT]
    vocabulary = Vocabulary.model_validate({**record, "name": "two", "attribute": kept})
    Path("two.toml").write_text(vocabulary_text(vocabulary), encoding="utf-8")
    rows = [scenario.row() for scenario in sample(build_authored().scenarios, 350)]
    lines = [json.dumps({**row, "profile": {name: row["profile"][name] for name in KEPT}}) for row in rows]
    Path("people.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return vocabulary


def test_proposals_are_tested_and_those_that_help_are_written(run: Run, narrow: Vocabulary) -> None:
    words = ("discover", *SMALL, "--data", "people.jsonl", "--vocabulary", "two.toml")
    ran = run(*words, "--out", "wider.toml", "--json")
    assert ran.code == 0
    found = ran.object
    assert (found["simulated"], found["cases"], len(found["attributes"])) == (True, 3, 2)
    assert all(entry["n"] == 7 for entry in found["attributes"])
    accepted = {entry["name"] for entry in found["attributes"] if entry["accepted"]}
    assert found["vocabulary"] == ("wider.toml" if accepted else None)
    assert Path("wider.toml").exists() == bool(accepted)
    if accepted:
        assert set(read_vocabulary(Path("wider.toml")).names) == {*narrow.names, *accepted}
    again = run(*words)
    assert "Attributes that two lacks, on 7 held-out scenarios" in " ".join(again.out.split())
    assert "SIMULATED" in again.out
    assert "(0 of them in this run)" in again.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--out vocabulary.json", "written as TOML"),
        ("--max-calls 3", "3 LM calls are spent: the same command with a higher limit goes on"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: str, said: str) -> None:
    ran = run("discover", *SMALL, *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())
