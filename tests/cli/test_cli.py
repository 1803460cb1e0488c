"""The command line as people and scripts meet it: what it prints, where, and with which exit code."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer

SMALL = ["--train", "14", "--dev", "14", "--test", "14", "--plan-queries", "7", "--evaluations", "6", "--trials", "6"]


def test_evaluate_prints_the_contracts_object_on_stdout_and_progress_on_stderr(run: Run) -> None:
    done = run("evaluate", "vanilla", "raise", "--limit", "7", "--json")
    assert done.code == 0
    assert done.object["simulated"] is True
    assert set(done.object["data"]) >= {"name", "version", "hash", "n"}
    assert [p["name"] for p in done.object["programs"]] == ["vanilla", "raise"]
    for program in done.object["programs"]:
        assert {"safety", "safety_lo", "safety_hi", "risk_sensitivity", "emotional_empathy", "user_alignment"} <= set(
            program
        )
        assert {"avg_queries", "n", "unscored", "lm_calls", "cost_usd", "domains"} <= set(program)
        assert program["n"] == 7
        assert len(program["domains"]) == 7
    assert "evaluating vanilla" in done.err


def test_the_same_seed_gives_the_same_figures_in_another_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = run("evaluate", "raise", "--limit", "7", "--seed", "3", "--json").object
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run("evaluate", "raise", "--limit", "7", "--seed", "3", "--json").object == first


def test_evaluate_resumes_without_asking_again(run: Run) -> None:
    first = run("evaluate", "vanilla", "--limit", "7", "--json").object
    Path("mlruns/replies.db").unlink()  # the finished conversations alone must do
    assert run("evaluate", "vanilla", "--limit", "7", "--json").object == first


def test_a_table_of_stand_ins_says_so(run: Run) -> None:
    shown = run("evaluate", "vanilla", "context-rich", "--limit", "7")
    assert "SIMULATED" in shown.out
    assert "context-rich minus vanilla" in shown.out


def test_compile_export_and_evaluate_the_program(run: Run) -> None:
    compiled = run("compile", *SMALL, "--json")
    assert compiled.code == 0
    target = compiled.object["targets"][0]
    assert {"target", "front", "chosen", "baselines", "hypervolume", "lm_calls", "cost_usd", "mlflow"} <= set(target)
    exported = run("export", target["chosen"], "--format", "messages")
    assert run("export", target["chosen"], "--format", "messages", "--out", "deep/prompts.json").out == ""
    assert Path("deep/prompts.json").read_text(encoding="utf-8") == exported.out
    assert set(json.loads(exported.out)) == {"note", "triage", "abstain", "plan", "ask", "read", "respond"}
    assert run("export", "models:/raise-sim-gpt-4o@champion", "--format", "messages").out == exported.out
    prompt = run("export", "--from", "prompts:/raise-sim-gpt-4o.respond@champion", "--format", "messages").object
    assert prompt == {"raise-sim-gpt-4o.respond": json.loads(exported.out)["respond"]}
    scored = run("evaluate", target["chosen"], "--limit", "7", "--json")
    assert scored.object["programs"][0]["name"] == target["chosen"]
    shown = run("compile", *SMALL)
    assert "Nothing to do" in shown.out
    assert "mlflow.db" in shown.out


def test_data_build_gives_the_same_bytes_twice_and_describe_knows_them(run: Run) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        assert run("data", "build", "--source", "authored", "--out", name).code == 0
    assert Path("one.jsonl").read_bytes() == Path("two.jsonl").read_bytes()
    described = run("data", "describe", "--data", "one.jsonl", "--json").object
    assert described["n"] == 7000
    assert described["hash"] == run("data", "describe", "--json").object["hash"]


def test_describe_shows_gates_a_sample_and_a_report(run: Run) -> None:
    shown = run("data", "describe", "--sample", "3", "--seed", "7", "--html", "deep/report.html")
    assert shown.code == 0
    for words in ("version: 1.", "near_copies_across", "constraint_violations", "3 random scenarios (seed 7)"):
        assert words in shown.out
    assert Path("deep/report.html").stat().st_size > 1_000_000
    told = run("data", "describe", "--sample", "3", "--seed", "7", "--json").object
    assert told["green"] is True
    assert len(told["gates"]) > 15
    assert told["sample"] == run("data", "describe", "--sample", "3", "--seed", "7", "--json").object["sample"]
    assert told["sample"] != run("data", "describe", "--sample", "3", "--seed", "8", "--json").object["sample"]


def test_describe_takes_any_file_and_check_fails_on_a_red_gate(run: Run) -> None:
    row = {"domain": "life", "situation": "life/moving", "source": "hub", "query": "Should I move?", "profile": {}}
    Path("found.jsonl").write_text(json.dumps({"id": "1", **row}) + "\n", encoding="utf-8")
    red = run("data", "describe", "--data", "found.jsonl", "--json", "--check")
    assert red.code == 1
    assert red.object["green"] is False
    assert "field_coverage" in {gate["name"] for gate in red.object["gates"] if gate["passed"] is False}
    assert run("data", "describe", "--data", "found.jsonl").code == 0
    assert run("data", "describe", "--check").code == 0


def test_a_set_with_a_command_of_its_own_is_not_built_here(run: Run) -> None:
    unknown = run("data", "build", "--source", "reddit", "--out", "none.jsonl")
    assert (unknown.code, "see raise data generate, import and reddit" in unknown.err) == (2, True)
    assert not Path("none.jsonl").exists()
    assert all(name in run("data", "--help").out for name in ("build", "describe", "generate", "import", "reddit"))


NO_PRICE = ["--target", "openai/mine", "--judge", "sim/judge", "--api-base", "http://127.0.0.1:9/v1"]
REAL = ["--target", "openai/gpt-4o", "--judge", "openai/judge", "--user", "openai/user"]


def test_figures_without_any_stand_in_are_not_called_simulated(run: Run) -> None:
    with OpenAIServer() as server:
        done = run("evaluate", "vanilla", "--limit", "3", "--json", *REAL, "--api-base", server.url)
    assert done.code == 0
    assert done.object["simulated"] is False
    assert done.object["programs"][0]["unscored"] == 0


def test_when_nothing_could_be_scored_the_command_fails_and_says_why(run: Run) -> None:
    with OpenAIServer() as server:
        gone = server.url  # nobody listens there once the server has stopped
    failed = run("evaluate", "vanilla", "--limit", "3", *REAL, "--api-base", gone)
    assert failed.code == 1
    assert "3 of 3 unscored: LMTransportError" in failed.out
    assert "n/a" in failed.out


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["evaluate", "nonsense"], "nonsense"),
        (["evaluate", "oracle:11"], "oracle:11"),
        (["evaluate", "greedy:some"], "greedy:K"),
        (["evaluate", "greedy:"], "greedy:K"),
        (["evaluate", "random:two"], "random:K"),
        (["evaluate", "vanilla", "--curve-plot", "."], "folder"),
        (["evaluate", "static:age,shoe_size"], "shoe_size"),
        (["evaluate", "vanilla", "--target", "sim/gpt-9"], "sim/gpt-9"),
        (["evaluate", "vanilla", "--target", "nowhere/model", "--judge", "sim/judge"], "nowhere/model"),
        (["evaluate", "vanilla", "--target", "openai/gpt-4o-mini", "--judge", "sim/judge"], "OPENAI_API_KEY"),
        (["evaluate", "vanilla", "--data", "missing.jsonl"], "missing.jsonl"),
        (["evaluate", "vanilla", "--split", "exam"], "exam"),
        (["evaluate", "vanilla", "--limit", "0"], "--limit"),
        (["evaluate", "vanilla", "--bogus"], "--bogus"),
        (["compile", "--max-usd", "1", *NO_PRICE], "openai/mine"),
        (["compile", "--pick", "sharpest"], "sharpest"),
        (["compile", "--optimizer", "magic"], "magic"),
        (["compile", "--target", "sim/gpt-9"], "sim/gpt-9"),
        (["compile", "--data", "missing.jsonl"], "missing.jsonl"),
        (["compile", "--trials", "many"], "--trials"),
        (["plan", "--out", "x.jsonl", "--strategy", "guess"], "guess"),
        (["plan", "--out", "x.jsonl", "--people", "some"], "some"),
        (["plan", "--out", "x.jsonl", "--split", "exam"], "exam"),
        (["plan", "--out", "x.jsonl", "--max-calls", "0"], "--max-calls"),
        (["plan", "--out", "x.jsonl", "--no-pool", "--knowledge", "k.json"], "pool"),
        (["plan", "--out", "."], "folder"),
        (["plan", "--out", "x.jsonl", "--max-usd", "1", *NO_PRICE], "openai/mine"),
        (["export", "no-such-folder"], "no-such-folder"),
        (["export"], "name a compiled program, or a prompt"),
        (["export", "p", "--from", "prompts:/p@champion"], "name a compiled program, or a prompt"),
        (["export", "--from", "prompts:/p@champion"], "there is no MLflow store"),
        (["evaluate", "models:/p@champion"], "there is no MLflow store"),
        (["ui"], "raise compile"),
        (["data", "build", "--source", "web", "--out", "x.jsonl"], "web"),
        (["data", "generate", "--out", "."], "folder"),
        (["data", "import", "x.csv", "--out", "."], "folder"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_mistake_is_one_sentence_exit_code_2_and_nothing_written(run: Run, words: list[str], names: str) -> None:
    failed = run(*words)
    assert failed.code == 2
    assert names in failed.err
    assert "Traceback" not in failed.err
    assert len(failed.err.strip().splitlines()) == 1
    assert failed.out == ""
    assert list(Path().iterdir()) == []


def test_a_broken_line_of_a_scenario_file_is_named(run: Run) -> None:
    Path("broken.jsonl").write_text('{"id": "1", "domain": "life"}\n', encoding="utf-8")
    failed = run("evaluate", "vanilla", "--data", "broken.jsonl")
    assert failed.code == 2
    assert "broken.jsonl, line 1" in failed.err


def test_settings_from_raise_toml(run: Run) -> None:
    Path("raise.toml").write_text('root = "elsewhere"\n[roles.target]\nmodel = "sim/qwq-32b"\n', encoding="utf-8")
    shown = run("evaluate", "vanilla", "--limit", "7")
    assert "sim/qwq-32b" in shown.out
    assert Path("elsewhere/replies.db").exists()


def test_a_wrong_entry_of_raise_toml_is_named(run: Run) -> None:
    Path("raise.toml").write_text('[roles.judge]\nmodle = "sim/judge"\n', encoding="utf-8")
    failed = run("evaluate", "vanilla")
    assert failed.code == 2
    assert "modle" in failed.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan", "--out", "."], "a file for the planned paths"),
        (["data", "generate", "--out", "."], "a scenario file to write"),
        (["data", "import", "rows.csv", "--out", "."], "a scenario file to write"),
        (["evaluate", "vanilla", "--curve-plot", "."], "a file for the curves"),
    ],
)
def test_a_folder_where_a_file_is_to_be_written_is_refused_before_any_work(
    run: Run, words: list[str], told: str
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert f". is a folder: name {told}." in err
    assert not Path("mlruns").exists()
