"""``--rubric``: one's own dimensions in tables, JSON, compiles and records."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_compile import TINY
from tests.signatures.test_rubric import OWN


@pytest.fixture(autouse=True)
def file() -> Path:
    """A rubric of two dimensions with three levels."""
    Path("rubric.toml").write_text(OWN, encoding="utf-8")
    return Path("rubric.toml")


def test_evaluations_go_by_it_and_say_so(run: Run) -> None:
    ran = run("evaluate", "vanilla", "context-rich", "--rubric", "rubric.toml", "--limit", "7", "--json")
    assert ran.code == 0, ran.err
    assert ran.object["rubric"].startswith("legal aid ")
    for entry in ran.object["programs"]:
        assert 1 <= entry["legal_accuracy"] <= 3
        assert 1 <= entry["safety"] <= 5
        assert "risk_sensitivity" not in entry
    Path("raise.toml").write_text('rubric = "rubric.toml"\n', encoding="utf-8")
    shown = run("evaluate", "vanilla", "--limit", "7").out
    assert "legal accuracy" in shown
    assert "plain" in shown
    assert "empathy" not in shown


def test_a_compile_goes_by_it(run: Run) -> None:
    ran = run("compile", *TINY, "--rubric", "rubric.toml", "--optimizer", "bootstrap", "--json")
    assert ran.code in (0, 3), ran.err
    (target,) = ran.object["targets"]
    assert 1 <= target["baselines"]["vanilla"]["legal_accuracy"] <= 3
    from mlflow import MlflowClient

    from optimizers import tracking_uri

    run_of = MlflowClient(tracking_uri()).get_run(target["mlflow"]["run_id"])
    assert run_of.data.params["rubric"].startswith("legal aid ")
    assert run("report", "--rubric", "rubric.toml").code == 0
    assert "legal accuracy" in Path("report.html").read_text(encoding="utf-8")


def test_a_file_that_is_no_rubric_is_named(run: Run) -> None:
    ran = run("evaluate", "vanilla", "--rubric", "none.toml")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot read the rubric none.toml" in " ".join(ran.err.split())
