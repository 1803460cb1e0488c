"""``raise data import`` as people and scripts meet it, up to an evaluation of what it wrote."""

import json
from pathlib import Path

import pytest

from benchmark import build_authored, sample
from tests.cli.conftest import Run
from tests.own_vocabulary import write_own


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """70 people in the published columns, two queries each, and a broken line."""
    file = tmp_path / "published.jsonl"
    rows = []
    for s in sample(list(build_authored()), 70):
        known = {name: value for name, value in s.profile.known().items() if name != "self_harm_history"}
        rows += [
            {"query": q, "scenario": s.domain.title(), "source": "real", **known} for q in (s.query, s.query + "!")
        ]
    file.write_text("\n".join([*map(json.dumps, rows), "{"]), encoding="utf-8")
    return file


def test_what_is_imported_can_be_evaluated(run: Run, published: Path) -> None:
    code, out, _ = run("data", "import", str(published), "--out", "hub.jsonl", "--revision", "abc", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["rows"], told["imported"], told["refused"]) == (141, 140, 1)
    assert told["origin"]["revision"] == "abc"
    report = json.loads(Path("hub.jsonl.report.json").read_text(encoding="utf-8"))
    assert {**report, "file": "hub.jsonl", "report": "hub.jsonl.report.json"} == told
    written = Path("hub.jsonl").read_bytes()
    run("data", "import", str(published), "--out", "hub.jsonl")
    assert Path("hub.jsonl").read_bytes() == written
    code, out, err = run("evaluate", "vanilla", "--data", "hub.jsonl", "--limit", "3", "--json")
    assert code == 0, err
    assert json.loads(out)["programs"][0]["n"] == 3


def test_people_are_told_what_was_left_out(run: Run, published: Path) -> None:
    _, out, _ = run("data", "import", str(published), "--out", "hub.jsonl")
    assert "1 not taken: the line is not JSON (row 141)" in out
    assert "no column for: self_harm_history" in out
    assert "140 of 141 rows in hub.jsonl" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing.csv"], "there is no file nothing.csv"),
        (["wick1d/Personalized_Safety_Data"], "name a --revision"),
        (["x.csv", "--domain", "life"], "write LABEL=FIELD"),
        (["out.jsonl"], "is the file to be read"),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], sentence: str, run: Run) -> None:
    code, out, err = run("data", "import", *words, "--out", "out.jsonl", "--json")
    assert (code, out) == (2, "")
    assert sentence in " ".join(err.split())
    assert not list(Path().iterdir())


MAP = """
query = "messages[?role=='user'].content | [0]"
[fields]
"*" = "career"
[attributes]
profession = "job"
age = "age"
"""


def test_logs_of_ones_own_are_mapped_and_scrubbed(run: Run) -> None:
    rows = [{"job": "baker", "messages": [{"role": "user", "content": f"Ask bob{i}@mail.com or quit?"}]} for i in "ab"]
    Path("logs.jsonl").write_text("\n".join(map(json.dumps, [*rows, {"text": "?"}])), encoding="utf-8")
    Path("map.toml").write_text(MAP, encoding="utf-8")
    code, out, err = run("data", "import", "logs.jsonl", "--map", "map.toml", "--out", "mine.jsonl")
    assert code == 0, err
    said = " ".join(out.split())
    assert "1 not taken: there is no query at messages[?role=='user'].content | [0] (the row has text) (row 3)" in said
    assert "personal data taken out: mail 2" in said
    assert "nothing found for age in 2 rows" in said
    assert "Ask [mail] or quit?" in Path("mine.jsonl").read_text(encoding="utf-8")
    code, out, err = run("data", "import", "logs.jsonl", "--map", "none.toml", "--out", "mine.jsonl")
    assert (code, out) == (2, "")
    assert "cannot read the mapping file none.toml" in " ".join(err.split())


def test_labels_are_settled_to_fields_of_ones_own(run: Run, tmp_path: Path) -> None:
    vocabulary, _ = write_own(tmp_path, 3)
    row = {"query": "What now?", "scenario": "Visa", "source": "real", "medication": "insulin"}
    Path("own.jsonl").write_text(json.dumps(row), encoding="utf-8")
    words = ["data", "import", "own.jsonl", "--out", "out.jsonl", "--vocabulary", str(vocabulary), "--domain"]
    refused = run(*words, "Visa=life")
    assert (refused.code, "life" in refused.err, "advice" in refused.err) == (2, True, True)
    taken = run(*words, "Visa=advice")
    assert taken.code == 0, taken.err
    assert json.loads(Path("out.jsonl").read_text(encoding="utf-8").splitlines()[0])["domain"] == "advice"
