"""``raise report`` finds its programs and refuses what is none; ``raise evaluate`` writes tables and rows."""

import csv
import io
import json
from pathlib import Path

import pytest

from optimizers import TargetResult
from tests.cli.conftest import Run


@pytest.fixture
def store(compiled: TargetResult, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for runs is the one with the compile."""
    root = compiled.folder.parents[1]
    monkeypatch.setenv("RAISE_ROOT", str(root))
    return root


def test_all_programs_are_reported_by_default_and_a_former_report_is_kept(run: Run, store: Path) -> None:
    Path("report.html").write_text("mine", encoding="utf-8")
    ran = run("report", "--json")
    assert ran.code == 0
    program = str(store / "programs" / "sim-gpt-4o")
    assert ran.object == {
        "simulated": True,
        "report": "report.html",
        "programs": [{"target": "sim/gpt-4o", "program": program}],
    }
    assert "SIMULATED" in Path("report.html").read_text(encoding="utf-8")
    assert Path("report.html.1").read_text(encoding="utf-8") == "mine"


def test_a_folder_and_its_run_give_the_same_page(run: Run, store: Path, compiled: TargetResult) -> None:
    for out, name in (("a.html", str(compiled.folder)), ("b.html", compiled.figures["mlflow"]["run_id"])):
        assert run("report", name, "--out", out).code == 0
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


def test_curves_of_an_evaluation_are_added(run: Run, store: Path) -> None:
    ran = run("evaluate", "raise", "random:1", "--limit", "3", "--store", "mlruns", "--curve", "--json")
    Path("curves.json").write_text(ran.out, encoding="utf-8")
    assert run("report", "--evaluation", "curves.json").code == 0
    assert "sim/gpt-4o on authored" in Path("report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no programs in mlruns/programs yet"),
        (("nowhere",), "nowhere is no program folder"),
        (("--out", "."), "an HTML file for the report"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = run("report", *words)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())


EVALUATE = ("evaluate", "vanilla", "random:1", "--limit", "3")


def test_a_table_alone_is_all_that_is_printed(run: Run) -> None:
    ran = run(*EVALUATE, "--table", "csv")
    assert ran.code == 0
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["program"] for row in rows] == ["vanilla", "random:1"]
    assert {row["simulated"] for row in rows} == {"True"}
    assert float(rows[1]["difference"]) == pytest.approx(float(rows[1]["safety"]) - float(rows[0]["safety"]), abs=1e-3)
    assert (rows[0]["reference"], rows[1]["reference"]) == ("", "vanilla")


@pytest.mark.parametrize(("file", "words"), [("t.tex", r"\begin{tabular}"), ("t.md", "| program |")])
def test_a_table_for_a_paper_says_that_models_were_simulated(run: Run, file: str, words: str) -> None:
    ran = run(*EVALUATE, "--table", file)
    assert "SIMULATED" in ran.out
    text = Path(file).read_text(encoding="utf-8")
    assert text.startswith(words)
    assert "SIMULATED" in text


def test_rows_are_added_on_request(run: Run) -> None:
    words = (*EVALUATE, "--json")
    assert "rows" not in run(*words).object["programs"][0]
    program = run(*words, "--rows").object["programs"][1]
    assert len(program["rows"]) == program["n"] == 3
    assert {"scenario_id", "cluster", "query", "response", "safety", "turns"} <= set(program["rows"][0])
    json.dumps(program["rows"], allow_nan=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--table", "csv", "--json"), "would both print"),
        (("--table", "table.docx"), "a file that ends in .csv, .tex or .md"),
        (("--rows",), "pass both"),
        (("--curve-plot", "c.jpg"), ".svg, .pdf or .png"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_any_work(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    ran = run(*EVALUATE, *words)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert not Path("mlruns").exists()
