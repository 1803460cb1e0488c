"""``raise data generate`` as people and scripts meet it, killed and started again, up to an evaluation of its set."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer

SMALL = ["--domains", "health,career", "--situations", "2", "--profiles", "2", "--queries", "3"]


def test_it_writes_a_set_that_can_be_evaluated_and_a_report(run: Run) -> None:
    code, out, err = run("data", "generate", "--out", "new/mine.jsonl", *SMALL, "--json")
    told = json.loads(out)
    report = json.loads(Path("new/mine.jsonl.report.json").read_text(encoding="utf-8"))
    assert code == 0
    assert "people and questions" in err
    assert (told["n"], told["simulated"], told["stopped"], told["resumed"]) == (24, True, "", 0)
    assert (told["lm_calls"].keys(), told["cost_usd"]) == ({"teacher"}, 0)
    assert report["written"] == told["written"]
    assert report["hash"] == told["hash"]
    assert len(report["dropped"]) == sum(told["written"][kind]["dropped"] for kind in ("situations", "queries"))
    code, out, err = run("evaluate", "vanilla", "--data", "new/mine.jsonl", "--split", "all", "--limit", "2", "--json")
    assert code == 0, err
    assert json.loads(out)["data"]["hash"] == told["hash"]


def test_the_same_command_again_reads_everything_back(run: Run) -> None:
    words = ["data", "generate", "--out", "mine.jsonl", *SMALL]
    _, out, _ = run(*words)
    assert "SIMULATED" in out
    assert "24 scenarios in mine.jsonl" in out
    written = [Path(name).read_bytes() for name in ("mine.jsonl", "mine.jsonl.report.json")]
    Path("mlruns/replies.db").unlink()  # the journal alone must do
    told = json.loads(run(*words, "--json")[1])
    assert (told["resumed"], told["lm_calls"]) == (6, {})
    assert [Path(name).read_bytes() for name in ("mine.jsonl", "mine.jsonl.report.json")] == written


def test_a_dry_run_counts_the_calls_and_writes_nothing(run: Run) -> None:
    with OpenAIServer() as server:
        words = ["data", "generate", "--out", "mine.jsonl", *SMALL, "--builder", "openai/gpt-4o"]
        code, out, _ = run(*words, "--api-base", server.url, "--dry-run", "--json")
        assert (code, server.count, list(Path().iterdir())) == (0, 0, [])
        entry = json.loads(out)["roles"]["teacher"]
        told = json.loads(run(*words, "--api-base", server.url, "--json")[1])
        assert told["lm_calls"] == server.answered() == {"teacher": server.count}
    assert told["simulated"] is False
    assert told["cost_usd"] > 0
    # how often a writer must be asked again is the writer's luck: one stand-in is not another
    assert entry["calls"] == pytest.approx(server.count, rel=0.5)
    assert 0 < entry["usd_low"] < entry["usd_high"]


def test_at_a_limit_people_are_told_to_go_on(run: Run) -> None:
    words = ["data", "generate", "--out", "mine.jsonl", *SMALL]
    code, _, err = run(*words, "--max-calls", "12")
    assert code == 0
    assert "stopped at 12 LM calls are spent" in err
    assert json.loads(run(*words, "--json")[1])["stopped"] == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--domains", "health,money"], "unknown domain 'money'"),
        (["--domains", ","], "unknown domain"),
        (["--builder", "sim/nobody"], "unknown stand-in"),
        (["--builder", "openai/gpt-4o"], "OPENAI_API_KEY"),
        (["--builder", "openai/some-model", "--api-base", "http://127.0.0.1:9", "--max-usd", "1"], "price of"),
        (["--queries", "0"], "'--queries'"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(words: list[str], sentence: str, run: Run) -> None:
    code, out, err = run("data", "generate", "--out", "mine.jsonl", *words, "--json")
    assert (code, out) == (2, "")
    assert sentence in " ".join(err.split())
    assert not [file for file in Path().iterdir() if file.name.startswith("mine")]


def start(server: OpenAIServer, folder: Path) -> subprocess.Popen[str]:
    words = ["data", "generate", "--out", "mine.jsonl", *SMALL, "--builder", "openai/gpt-4o"]
    command = [sys.executable, "-c", "from cli.app import main; main()", *words, "--api-base", server.url, "--json"]
    folder.mkdir(exist_ok=True)
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*command, "--concurrency", "2"], cwd=folder, stdout=pipe, stderr=pipe, text=True, env={**os.environ}
    )


def finish(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out)


def test_a_killed_run_goes_on_and_repeats_only_calls_that_were_under_way(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        finish(start(server, tmp_path / "undisturbed"))
        needed = server.count
        process = start(server, tmp_path / "killed")
        server.wait_for(needed + needed * 3 // 4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        resumed = finish(start(server, tmp_path / "killed"))
        asked = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    assert resumed["resumed"] > 0
    for name in ("mine.jsonl", "mine.jsonl.report.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert sum((Counter(asked[needed:]) - Counter(asked[:needed])).values()) <= 2
