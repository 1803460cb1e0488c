"""Finished programs are listed and brought back, and no command overwrites a finished file or a stranger's folder."""

from pathlib import Path

import pytest

from modules import RAISE
from optimizers.tracking.tables import make_tables
from tests.cli.conftest import Run
from tests.cli.test_compile import TINY
from tests.cli.test_resume import COMMANDS, finish, start
from tests.servers.openai_server import OpenAIServer

PROGRAM = "mlruns/programs/sim-gpt-4o"


def test_a_smaller_compile_keeps_the_larger_one_says_where_and_it_can_be_brought_back(run: Run) -> None:
    larger = run("compile", *TINY, "--json").object["targets"][0]
    smaller = run("compile", *TINY[:-1], "1")
    assert smaller.code == 0
    assert f"former      {PROGRAM}.versions/1 (kept; raise versions {PROGRAM} lists all" in smaller.out
    listed = run("versions", PROGRAM, "--json").object["versions"]
    assert [(one["current"], one["trials"]) for one in listed] == [(False, 3), (True, 1)]
    assert run("export", f"{PROGRAM}.versions/1").code == 0
    back = run("versions", PROGRAM, "--use", "1")
    assert f"is kept as {PROGRAM}.versions/2" in back.err
    assert "current" in back.out
    current = run("versions", PROGRAM, "--json").object["versions"][-1]
    assert {name: value for name, value in current.items() if name != "current"} == larger
    assert "Nothing to do" in run("compile", *TINY).out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["versions", "nowhere"], "nowhere is no program folder"),
        (["versions", "nowhere", "--use", "3"], "nowhere has no former version 3: there are none."),
    ],
)
def test_versions_that_are_not_there(run: Run, words: list[str], named: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert named in err


@pytest.mark.parametrize(
    ("place", "content", "named"),
    [
        ("programs/sim-gpt-4o/thesis.tex", "mine", "thesis.tex"),
        ("programs/sim-gpt-4o/program.json", "{}", "program.json"),
        ("programs/sim-gpt-4o", "a file", "is a file: name another folder"),
        ("programs/result.json", '{"schema": 1, "front": []}', "programs is a program: --out names the folder"),
    ],
)
def test_a_folder_of_somebody_else_is_refused_before_anything_is_done(
    run: Run, place: str, content: str, named: str
) -> None:
    Path(place).parent.mkdir(parents=True)
    Path(place).write_text(content, encoding="utf-8")
    code, out, err = run("compile", *TINY, "--out", "programs")
    assert (code, out) == (2, "")
    assert named in err
    assert len(err.strip().splitlines()) == 1
    assert Path(place).read_text(encoding="utf-8") == content
    assert not Path("mlruns/mlflow.db").exists()


def test_forced_the_folder_of_somebody_else_is_moved_as_a_whole(run: Run) -> None:
    Path("programs/sim-gpt-4o").mkdir(parents=True)
    Path("programs/sim-gpt-4o/thesis.tex").write_text("mine", encoding="utf-8")
    assert run("compile", *TINY, "--out", "programs", "--force").code == 0
    assert Path("programs/sim-gpt-4o.versions/1/thesis.tex").read_text(encoding="utf-8") == "mine"
    RAISE.load("programs/sim-gpt-4o")


def test_when_mlflow_fails_the_program_is_there_the_exit_code_tells_and_the_same_command_records_it(
    tmp_path: Path,
) -> None:
    make_tables(tmp_path / "mlruns")  # else the store would be made only after it is deleted
    with OpenAIServer() as server:
        process = start(COMMANDS["compile"], server, tmp_path)
        server.wait_for(30)
        for file in (tmp_path / "mlruns").glob("mlflow.db*"):
            file.unlink()
        _, err = process.communicate()
        asked = server.count
        assert process.returncode == 1, err
        assert "finished, but not recorded in MLflow" in " ".join(err.split())
        assert "Traceback" not in err
        RAISE.load(tmp_path / "mlruns/programs/openai-gpt-4o")
        again = finish(start(COMMANDS["compile"], server, tmp_path))
        assert server.count == asked
    assert again["targets"][0]["mlflow"]["run_id"]


WRITERS = {
    "plan": ["plan", "--out", "result.jsonl", "--queries", "2", "--evaluations", "3"],
    "build": ["data", "build", "--out", "result.jsonl"],
    "generate": ["data", "generate", "--out", "result.jsonl", "--domains", "life", "--situations", "1"],
    "curve": ["evaluate", "vanilla", "--limit", "3", "--curve-plot", "result.html"],
    "describe": ["data", "describe", "--html", "result.html"],
}


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_finished_file_is_kept_when_another_result_takes_its_name_and_the_same_result_leaves_no_copy(
    run: Run, name: str
) -> None:
    file = next(Path(word) for word in WRITERS[name] if word.startswith("result."))
    file.write_text("a result of something else")
    first = run(*WRITERS[name])
    assert first.code == 0
    kept = file.with_name(f"{file.name}.1")
    assert kept.read_text() == "a result of something else"
    written = file.read_bytes()
    assert run(*WRITERS[name]).code == 0
    assert file.read_bytes() == written
    assert not file.with_name(f"{file.name}.2").exists()


def test_a_report_is_kept_with_all_its_files_under_one_number(run: Run) -> None:
    words = ["reproduce", "--target", "sim/gpt-4o", "--sample", "2", "--out", "report"]
    assert run(*words, "--only", "figure4").code == 0
    before = {file.name: file.read_bytes() for file in Path("report").iterdir()}
    assert run(*words, "--only", "figure4").code == 0
    assert {file.name: file.read_bytes() for file in Path("report").iterdir()} == before
    assert run(*words, "--only", "figure5").code == 0
    for name in ("index.html", "report.md", "card.json"):
        assert Path("report", f"{name}.1").read_bytes() == before[name]
    assert Path("report/figure4.csv").read_bytes() == before["figure4.csv"]
