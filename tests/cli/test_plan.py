"""``raise plan`` as people and scripts meet it."""

import json
from functools import partial
from pathlib import Path

import pytest

from modules import PathIndex
from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer

SMALL = ["--queries", "3", "--evaluations", "4", "--depth", "2"]


@pytest.fixture
def run(run: Run) -> Run:
    """Run ``raise plan`` with further words."""
    return partial(run, "plan", "--out", "out/paths.jsonl")


def test_it_writes_paths_and_prints_one_object(run: Run) -> None:
    code, out, err = run(*SMALL, "--json")
    told = json.loads(out)
    paths = PathIndex.load(Path("out/paths.jsonl")).paths
    assert code == 0
    assert (told["planned"], told["failed"], told["resumed"], told["stopped"]) == (3, 0, 0, "")
    assert told["simulated"] is True
    assert told["lm_calls"].keys() == {"target", "judge"}
    assert told["cost_usd"] == 0
    assert told["mean_value"] == pytest.approx(sum(path.value or 0 for path in paths) / 3, abs=0.001)
    assert told["mean_value_lo"] <= told["mean_value"] <= told["mean_value_hi"]
    assert told["evaluations"] == sum(path.evaluations for path in paths) == sum(len(path.history) for path in paths)
    assert all(path.domain and path.origin.startswith(path.domain) for path in paths)
    assert "LM calls to go" in err


def test_the_same_command_again_reads_everything_back(run: Run) -> None:
    run(*SMALL)
    written = Path("out/paths.jsonl").read_bytes()
    Path("mlruns/replies.db").unlink()  # the journal alone must do
    told = json.loads(run(*SMALL, "--json")[1])
    assert (told["planned"], told["resumed"], told["lm_calls"]) == (3, 3, {})
    assert Path("out/paths.jsonl").read_bytes() == written


def test_the_table_shows_what_was_planned(run: Run) -> None:
    _, out, _ = run(*SMALL)
    first = PathIndex.load(Path("out/paths.jsonl")).paths[0]
    assert first.query.split()[0] in out
    assert first.path[0].replace("_", " ") in out
    assert f"{first.value:.2f}" in out
    assert "SIMULATED" in out
    assert "3 planned (0 of them before), 0 failed" in out


def test_a_limit_ends_it_cleanly_and_the_same_command_goes_on(run: Run) -> None:
    code, out, _ = run(*SMALL, "--max-calls", "12")
    assert code == 0
    assert "stopped at the limit: 12 LM calls are spent; the same command again goes on" in out
    assert len(PathIndex.load(Path("out/paths.jsonl"))) == 1
    told = json.loads(run(*SMALL, "--max-calls", "500", "--json")[1])
    assert (told["planned"], told["resumed"], told["stopped"]) == (3, 1, "")


def test_knowledge_is_read_and_written_back(run: Run) -> None:
    assert run(*SMALL, "--knowledge", "know/k.json")[0] == 0
    known = json.loads(Path("know/k.json").read_text(encoding="utf-8"))
    assert sum(known["queries"].values()) == 3
    assert json.loads(run(*SMALL, "--knowledge", "know/k.json", "--json")[1])["resumed"] == 3
    assert json.loads(run(*SMALL, "--knowledge", "know/k.json", "--seed", "1", "--json")[1])["resumed"] == 0
    assert sum(json.loads(Path("know/k.json").read_text(encoding="utf-8"))["queries"].values()) == 6


def test_a_dry_run_counts_the_calls_of_the_real_run_and_writes_nothing(run: Run) -> None:
    with OpenAIServer() as server:
        models = ["--target", "openai/gpt-4o", "--judge", "openai/judge", "--api-base", server.url]
        code, out, _ = run(*SMALL, *models, "--dry-run", "--json")
        assert (code, server.count, list(Path().iterdir())) == (0, 0, [])
        expected = {role: entry["calls"] for role, entry in json.loads(out)["roles"].items()}
        told = json.loads(run(*SMALL, *models, "--json")[1])
        assert told["simulated"] is False
        assert server.answered() == told["lm_calls"]
    assert sum(expected.values()) == pytest.approx(server.count, rel=0.15)
    assert "gpt-4o" in run(*SMALL, "--target", "openai/gpt-4o", "--judge", "openai/judge", "--dry-run")[1]


def test_other_splits_people_and_rounds(run: Run) -> None:
    words = [*SMALL, "--split", "dev", "--people", "one", "--at-once", "2", "--no-pool", "--strategy", "lattice"]
    code, out, _ = run(*words, "--json")
    assert (code, json.loads(out)["planned"]) == (0, 3)
