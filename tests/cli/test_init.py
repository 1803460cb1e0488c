"""A newcomer's path, as docs/vocabulary.md has it: init, look, compile, report, in another language than English."""

import json
import time
from pathlib import Path

import pytest

from benchmark import load_scenarios
from benchmark.scenarios.own import violations_of
from benchmark.starter import starter_languages
from modules.languages.detection import UNKNOWN, language_of
from signatures import read_vocabulary, using_vocabulary
from tests.cli.conftest import Run

MINUTES = 10


def test_every_starter_is_sound_and_in_its_language(run: Run) -> None:
    assert starter_languages() == ("de", "en", "es", "fr", "zh")
    for language in starter_languages():
        folder = Path(language)
        assert run("init", str(folder), "--language", language).code == 0
        vocabulary = read_vocabulary(folder)
        with using_vocabulary(vocabulary):
            scenarios = load_scenarios(folder / "scenarios.jsonl")
            assert (len(scenarios), len(vocabulary.names), vocabulary.language) == (10, 12, language)
            assert {s.domain for s in scenarios} == {field.name for field in vocabulary.fields}
            assert [list(violations_of(vocabulary, s.profile.known())) for s in scenarios] == [[]] * 10
            assert {language_of(s.query) for s in scenarios} - {UNKNOWN} == {language}
        questions = [attribute.questions[language] for attribute in vocabulary.attributes]
        assert {language_of(question) for question in questions} - {UNKNOWN} == {language}


def test_a_folder_that_holds_something_is_left_alone(run: Run) -> None:
    Path("mine").mkdir()
    Path("mine/note.txt").write_text("mine", encoding="utf-8")
    refused = run("init", "mine")
    assert refused.code == 2
    assert "is there already, and nothing is overwritten" in " ".join(refused.err.split())
    assert [file.name for file in Path("mine").iterdir()] == ["note.txt"]
    unknown = run("init", "new", "--language", "xx")
    assert unknown.code == 2
    assert "choose one of de, en, es, fr, zh" in " ".join(unknown.err.split())


def test_a_newcomer_gets_from_nothing_to_a_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.process_time()  # not by the clock: other work on the machine is no matter
    assert run("init", "mi-campo", "--language", "es").code == 0
    monkeypatch.chdir("mi-campo")
    described = run("data", "describe", "--check", "--json")
    assert described.code == 0, described.out
    gates = {gate["name"]: gate for gate in described.object["gates"]}
    assert gates["constraint_violations"]["passed"] is True
    assert sum(described.object["languages"].values()) == 10
    assert described.object["languages"]["es"] >= 7
    compiled = run("compile", "--budget", "small", "--json")
    assert compiled.code in (0, 3), compiled.err  # 3: ten scenarios allow no conclusion
    [target] = compiled.object["targets"]
    assert compiled.object["simulated"] is True
    assert target["baselines"]["context-rich"]["n"] == 4
    card = json.loads(Path("mlruns/programs/sim-gpt-4o/card.json").read_text(encoding="utf-8"))
    assert (card["vocabulary"]["name"], len(card["vocabulary"]["attribute"])) == ("orientacion-migratoria", 12)
    assert run("report", "--out", "report.html").code == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "simulated" in page.lower()
    assert time.process_time() - began < MINUTES * 60
