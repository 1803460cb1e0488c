"""``raise data reddit`` as people and scripts meet it."""

import json
from functools import partial
from pathlib import Path

import pytest

from benchmark import load_scenarios
from tests.benchmark.scenarios.reddit.written import dump, write_dump
from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer

KEPT, DRAWN, LINES = 8, 9, 32
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def run(run: Run) -> Run:
    """Run ``raise data reddit`` beside the written posts."""
    write_dump(Path("posts.zst"), [*dump(), b'{"broken'])
    return partial(run, "data", "reddit")


def test_help_teaches(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "Example" in out


def test_it_writes_scenarios_and_prints_one_object(run: Run) -> None:
    code, out, err = run("posts.zst", "--out", "o/r.jsonl", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["simulated"], told["complete"], told["stopped"], told["failed"]) == (True, True, "", 0)
    assert told["data"] == load_scenarios(Path("o/r.jsonl")).card() | {"name": "reddit", "version": "1.0"}
    assert told["data"]["n"] == KEPT
    assert told["yield"]["lines"] == LINES
    assert told["yield"]["flaws"] == {"broken line": 1, "subreddit not in the table": 1}
    assert sum(domain["passed"]["drawn"] for domain in told["yield"]["domains"].values()) == DRAWN
    share, low, high = told["kept_share"]
    assert low < share < high
    assert share == pytest.approx(KEPT / DRAWN, abs=1e-5)
    assert told["lm_calls"] == {"teacher": 25}
    assert "reading posts" in err


def test_the_tables_say_that_models_are_simulated_and_why_posts_went(run: Run) -> None:
    code, out, _ = run("posts.zst", "--out", "r.jsonl", "--per-domain", "2")
    assert code == 0
    for told in (
        "SIMULATED",
        "prefilter passed",
        "writer under 18",
        "1 broken line",
        "scenarios   r.jsonl",
        "not drawn",
    ):
        assert told in out


def test_a_limit_ends_it_cleanly_and_the_same_command_goes_on(run: Run) -> None:
    code, out, _ = run("posts.zst", "--out", "r.jsonl", "--max-calls", "7")
    assert code == 0
    assert "stopped at the limit: 7 LM calls are spent; the same command again goes on" in out
    assert Path("r.jsonl.scan").exists()
    told = json.loads(run("posts.zst", "--out", "r.jsonl", "--json")[1])
    assert (told["resumed"], told["data"]["n"], told["complete"]) == (3, KEPT, True)
    assert not Path("r.jsonl.scan").exists()


def test_a_dry_run_counts_the_calls_of_the_real_run_and_writes_nothing(run: Run) -> None:
    with OpenAIServer() as server:
        model = ["--teacher", "openai/teacher", "--api-base", server.url]
        code, out, _ = run("posts.zst", "--out", "r.jsonl", *model, "--dry-run", "--json")
        told = json.loads(out)
        assert (code, server.count, [path.name for path in Path().iterdir()]) == (0, 0, ["posts.zst"])
        assert (told["dry_run"], told["drawn"]) == (True, DRAWN)
        real = json.loads(run("posts.zst", "--out", "r.jsonl", *model, "--json")[1])
        assert (real["simulated"], real["lm_calls"]) == (False, server.answered())
    assert told["roles"]["teacher"]["calls"] == pytest.approx(server.count, rel=0.15)
    _, out, _ = run("posts.zst", "--out", "r.jsonl", "--teacher", "openai/gpt-4o-mini", "--dry-run")
    assert "gpt-4o-mini" in out
    assert "up to 27 calls if every post passes" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere.zst", "--out", "r.jsonl"], "there is no dump nowhere.zst"),
        (["posts.zst", "posts.zst", "--out", "r.jsonl"], "named twice"),
        (["posts.zst", "--out", "."], "is a folder"),
        (["posts.zst", "--out", "posts.zst"], "one of the dumps"),
        (["posts.zst", "--out", "r.jsonl", "--subreddits", "no.toml"], "no.toml cannot be used"),
        (["posts.zst", "--out", "r.jsonl", "--at-least", "11"], "less than or equal to 10"),
        (["posts.zst", "--out", "r.jsonl", "--teacher", "openai/gpt-4o"], "no key"),
        (
            ["posts.zst", "--out", "r.jsonl", "--teacher", "openai/x", "--api-base", NOWHERE, "--max-usd", "1"],
            "price of",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(run: Run, words: list[str], told: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert told in err
    assert not Path("mlruns").exists()


def test_a_dump_that_is_cut_off_is_named_in_the_summary(run: Run) -> None:
    Path("cut.zst").write_bytes(Path("posts.zst").read_bytes()[:-30])
    said = "cut.zst: file cut off: posts up to there were read; get it again for the rest."
    assert said in run("cut.zst", "posts.zst", "--out", "r.jsonl").out
    assert said in run("cut.zst", "posts.zst", "--out", "r.jsonl", "--dry-run").out
    told = run("cut.zst", "posts.zst", "--out", "other.jsonl", "--json").object
    assert told["yield"]["unfinished"] == {"cut.zst": "file cut off"}
