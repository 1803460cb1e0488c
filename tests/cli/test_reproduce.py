"""``raise reproduce``: what it writes and prints, what it refuses, and that a killed one goes on where it stopped."""

import json
import signal
from collections import Counter
from functools import partial
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Run
from tests.cli.test_resume import figures, finish, start
from tests.servers.openai_server import OpenAIServer

FEW = ["reproduce", "--only", "table8,figure4,figure6", "--sample", "3", "--out", "report"]


@pytest.fixture
def run(run: Run) -> Run:
    """Run ``raise reproduce`` with further words."""
    return partial(run, "reproduce")


def test_one_json_object_and_a_folder(run: Run) -> None:
    words = ("--target", "sim/gpt-4o", "--only", "figure4", "--sample", "1/domain", "--out", "deep/report", "--json")
    code, out, err = run(*words)
    summary = json.loads(out)
    assert code == 0
    assert (summary["simulated"], summary["targets"], summary["unscored"]) == (True, ["sim/gpt-4o"], 0)
    [entry] = summary["experiments"]
    assert (entry["name"], entry["cells"], entry["compared"], entry["users"]) == ("figure4", 8, 8, [7, 7])
    assert {file.name for file in Path("deep/report").iterdir()} == {
        "index.html", "report.md", "card.json", "failures.csv", "costs.csv", "figure4.csv",
    }  # fmt: skip
    assert "sim/gpt-4o: vanilla" in err
    costs = pd.read_csv("deep/report/costs.csv").set_index("condition")
    assert costs.loc["vanilla", "target_calls"] == 1
    assert costs["target_input_tokens"].gt(0).all()
    assert costs["target_usd"].isna().all()  # a stand-in has no price


def test_the_table_says_that_it_is_simulated(run: Run) -> None:
    code, out, _ = run("--target", "sim/gpt-4o", "--only", "figure4", "--sample", "2")
    assert code == 0
    assert "SIMULATED" in out
    assert "reproduction/index.html" in out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--only", "figure3"), "figure3"),
        (("--sample", "lots"), "lots"),
        (("--target", "sim/nobody"), "sim/nobody"),
        (("--target", "sim/gpt-4o", "--target", "sim/gpt-4o"), "twice"),
        (("--target", "openai/gpt-4o", "--judge", "sim/judge"), "OPENAI_API_KEY"),
        (("--data", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_mistakes_are_one_sentence(run: Run, words: tuple[str, ...], named: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert named in err
    assert "Traceback" not in err
    assert not Path("reproduction").exists()


def test_when_nothing_can_be_scored_the_command_fails_and_still_reports(run: Run) -> None:
    words = ("--target", "sim/gpt-4o", "--judge", "sim/judge?misread=1", "--only", "figure4", "--sample", "2")
    assert run(*words)[0] == 1
    assert "no readable grades" in Path("reproduction/failures.csv").read_text(encoding="utf-8")


def test_a_dry_run_counts_and_prices_by_role_without_a_key(run: Run) -> None:
    words = ("--target", "openai/gpt-4o-mini", "--judge", "openai/gpt-4o", "--only", "figure4,figure6")
    code, out, _ = run(*words, "--sample", "4", "--dry-run", "--json")
    assert code == 0
    [forecast] = json.loads(out)["targets"]
    assert set(forecast) == {"target", "judge", "user"}
    assert forecast["target"]["calls"] == 4 * 11  # none, which vanilla shares, and ten attributes
    assert forecast["judge"]["calls"] >= 4 * 8
    assert forecast["judge"]["usd_low"] > forecast["target"]["usd_low"] > 0
    assert forecast["user"]["calls"] == 0
    assert not Path("mlruns").exists()
    assert not Path("reproduction").exists()


def test_a_killed_run_repeats_no_call_and_writes_the_same_bytes(tmp_path: Path) -> None:
    def files(name: str) -> dict[str, bytes]:
        found = {file.name: file.read_bytes() for file in sorted((tmp_path / name / "report").iterdir())}
        costs = pd.read_csv(BytesIO(found["costs.csv"])).drop(columns="target_seconds")  # the server's own doing
        return {**found, "costs.csv": costs.to_csv().encode()}

    with OpenAIServer() as server:
        undisturbed = finish(start(FEW, server, tmp_path / "undisturbed"))
        needed = server.count
        process = start(FEW, server, tmp_path / "killed")
        server.wait_for(needed + needed // 2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not (tmp_path / "killed" / "report").exists()
        resumed = finish(start(FEW, server, tmp_path / "killed"))
        asked = [json.dumps(request.body, sort_keys=True) for request in server.requests]
    assert figures(resumed) == figures(undisturbed)
    assert files("killed") == files("undisturbed")
    # the one call that was under way when the process died may be asked again; no other
    assert sum((Counter(asked[needed:]) - Counter(asked[:needed])).values()) <= 1
