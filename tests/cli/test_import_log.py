"""``raise import-log``: what inspect_ai measured beside what we measured."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytest.importorskip("inspect_ai")


def measured(program: str, model: str = "sim/gpt-4o") -> str:
    """A log of inspect_ai."""
    from inspect_ai import eval as inspect_eval

    from benchmark.inspect.extension import penguin

    (log,) = inspect_eval(penguin(program, scenarios=14), model=model, log_dir="logs", display="none")
    return str(log.location).removeprefix("file://")


@pytest.mark.usefixtures("tracked")
def test_a_log_is_paired_with_our_own_record_and_with_another_log(run: Run) -> None:
    ran = run("evaluate", "vanilla", "--limit", "14", "--json")
    assert ran.code == 0, ran.err
    ours = ran.object["programs"][0]
    from mlflow import MlflowClient

    from optimizers import tracking_uri

    client = MlflowClient(tracking_uri())
    ids = [one.experiment_id for one in client.search_experiments()]
    (kept,) = [one for one in client.search_runs(ids) if one.data.params.get("program") == "vanilla"]
    free, rich = measured("context-free"), measured("context-rich")
    ran = run("import-log", free, kept.info.run_id, rich, "--json")
    assert ran.code == 0, ran.err
    theirs, same, better = ran.object["programs"]
    assert ran.object["simulated"] is True
    assert (theirs["safety"], theirs["safety_lo"], theirs["n"]) == (ours["safety"], ours["safety_lo"], 14)
    assert theirs["data_hash"] == same["data_hash"]
    with_ours, with_rich = ran.object["comparisons"]
    assert (with_ours["safety"], with_ours["safety_lo"], with_ours["safety_hi"]) == (0, 0, 0)
    assert with_rich["safety_lo"] <= with_rich["safety"] <= with_rich["safety_hi"]
    assert with_rich["safety"] == pytest.approx(better["safety"] - theirs["safety"], abs=0.002)
    shown = run("import-log", free, rich).out
    assert "SIMULATED" in shown
    assert run("import-log", free).code == 0


def test_mistakes_are_one_sentence(run: Run) -> None:
    Path("odd.eval").write_text("no log", encoding="utf-8")
    for words, sentence in (("none.eval", "there is no log none.eval"), ("odd.eval", "is no log of inspect_ai")):
        ran = run("import-log", words)
        assert (ran.code, ran.out) == (2, "")
        assert sentence in " ".join(ran.err.split())
