"""``raise compile``: several targets and optimizers at once, limits, and the forecast."""

import re
from pathlib import Path

from tests.cli.conftest import Run
from tests.servers.openai_server import OpenAIServer

TINY = ["--train", "4", "--dev", "2", "--test", "3", "--plan-queries", "2", "--evaluations", "3", "--trials", "3"]


def test_a_dry_run_forecasts_every_target_and_writes_nothing(run: Run) -> None:
    targets = ["--target", "openai/gpt-4o", "--target", "openai/gpt-4o-mini", "--target", "openai/gpt-4o"]
    ran = run("compile", *TINY, *targets, "--judge", "openai/gpt-4o", "--dry-run", "--json")
    assert ran.code == 0
    first, second = (entry["target"] for entry in ran.object["targets"])
    assert (first["model"], second["model"]) == ("openai/gpt-4o", "openai/gpt-4o-mini")
    assert first["usd_low"] > second["usd_low"] > 0
    shown = run("compile", *TINY, *targets[:2], "--judge", "openai/gpt-4o", "--rpm", "60", "--dry-run").out
    assert "openai/gpt-4o" in shown
    assert not Path("mlruns").exists()


def test_optimizers_are_compared_in_one_table_each_in_a_folder_of_its_own(run: Run) -> None:
    ran = run("compile", *TINY, "--optimizer", "pareto", "--optimizer", "bootstrap", "--max-minutes", "60")
    assert ran.code == 0
    assert "Compared: held-out test" in ran.out
    assert {folder.name for folder in Path("mlruns/programs").iterdir()} == {
        "sim-gpt-4o--pareto",
        "sim-gpt-4o--bootstrap",
    }


def test_at_a_limit_the_search_ends_and_the_best_so_far_is_saved(run: Run) -> None:
    ran = run("compile", *TINY, "--max-calls", "205")
    assert ran.code == 0
    assert re.search(r"Forecast: about \d+ LM calls a target.*3 held-out scenarios", " ".join(ran.err.split()))
    said = " ".join(ran.out.split())
    assert re.search(r"The search ended after \d+ trials: 205 LM calls are spent; the same command carries it on", said)
    assert Path("mlruns/programs/sim-gpt-4o/program.json").exists()


def test_a_target_that_fails_is_named_and_the_others_are_compiled(run: Run) -> None:
    with OpenAIServer() as server:
        gone = server.url  # nobody listens there once the server has stopped
    targets = [
        "--target",
        "sim/gpt-4o",
        "--target",
        "openai/gpt-4o",
        "--judge",
        "sim/judge",
        "--teacher",
        "sim/teacher",
    ]
    ran = run("compile", *TINY, *targets, "--api-base", gone, "--json")
    assert ran.code == 1
    assert [target["target"] for target in ran.object["targets"]] == ["sim/gpt-4o"]
    assert "failed: openai/gpt-4o" in " ".join(ran.err.split())
    assert "still simulated: judge, teacher" in ran.err
