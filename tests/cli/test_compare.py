"""``raise compare`` and the runs of ``raise evaluate`` that it reads."""

import json
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from benchmark import build_authored
from optimizers import tracking_uri
from optimizers.tracking.record import TrackingRecord, read_record
from tests.cli.conftest import Run
from tests.cli.test_resume import COMPILE

pytestmark = pytest.mark.usefixtures("tracked")
EVALUATE = ("evaluate", "vanilla", "random:1", "--limit", "14")


def recorded() -> dict[str, MlflowRun]:
    """Program -> its newest run of an evaluation."""
    client = MlflowClient(tracking_uri())
    found = client.search_runs([one.experiment_id for one in client.search_experiments()], "tags.stage = 'evaluation'")
    return {run.data.params["program"]: run for run in reversed(found)}


def ids() -> dict[str, str]:
    return {program: run.info.run_id for program, run in recorded().items()}


def test_recorded_evaluations_compare_as_they_did_when_they_were_made_and_cost_no_call(run: Run) -> None:
    made = run(*EVALUATE, "--json").object
    shutil.rmtree("mlruns/episodes")
    Path("mlruns/replies.db").unlink()
    of = ids()
    ran = run("compare", of["vanilla"], of["random:1"], "--json")
    assert ran.code == 0
    assert not Path("mlruns/replies.db").exists()
    [then], [now] = made["comparisons"], ran.object["comparisons"]
    same = then.keys() - {"program", "reference", "detectable_with_all"}
    assert {name: now[name] for name in same} == {name: then[name] for name in same}
    assert (now["program"], now["reference"]) == (f"random:1 ({of['random:1'][:8]})", f"vanilla ({of['vanilla'][:8]})")
    for entry, program in zip(ran.object["programs"], made["programs"], strict=True):
        for name in ("safety", "safety_lo", "safety_hi", "avg_queries", "avg_queries_lo", "n", "unscored"):
            assert entry[name] == program[name]
    assert ran.object["simulated"] is True
    shown = " ".join(run("compare", of["vanilla"], of["random:1"]).out.split())
    assert "SIMULATED" in shown
    assert "relationship" in shown
    assert f"random:1 ({of['random:1'][:8]}) minus vanilla" in shown


def test_other_judges_are_refused_and_other_samples_are_told(run: Run) -> None:
    run(*EVALUATE)
    few = ids()
    run("evaluate", "vanilla", "--limit", "7")
    ran = run("compare", few["random:1"], ids()["vanilla"], "--json")
    assert (ran.code, ran.object["comparisons"][0]["n"]) == (0, 7)
    assert "only those in common are compared" in " ".join(ran.err.split())
    run("evaluate", "vanilla", "--limit", "7", "--judge", "sim/judge?noise=0.5")
    ran = run("compare", few["random:1"], ids()["vanilla"])
    assert (ran.code, ran.out) == (2, "")
    assert "was judged by sim/judge and vanilla" in " ".join(ran.err.split())


def test_other_data_is_told_and_nothing_in_common_is_refused(run: Run) -> None:
    rows = list(build_authored())
    for name, part in (("one", rows[:7]), ("two", rows[:7]), ("three", rows[7:14])):
        again = [s.model_copy(update={"query": f"{s.query} ({name})"}) if name == "two" else s for s in part]
        Path(f"{name}.jsonl").write_text("\n".join(json.dumps(s.row()) for s in again), encoding="utf-8")
        assert run("evaluate", "vanilla", "--data", f"{name}.jsonl", "--split", "all").code == 0
    client = MlflowClient(tracking_uri())
    of = {run.data.params["data"]: run.info.run_id for run in client.search_runs(["1", "2", "3"])}
    ran = run("compare", of["one"], of["two"])
    assert ran.code == 0
    assert "other hashes" in ran.err
    ran = run("compare", of["one"], of["three"])
    assert (ran.code, ran.out) == (2, "")
    assert "no scored scenario in common" in " ".join(ran.err.split())


def test_too_much_unscored_is_no_conclusion(run: Run) -> None:
    run(*EVALUATE, "--judge", "sim/judge?misread=0.75")
    of = ids()
    ran = run("compare", *of.values(), "--json")
    assert ran.code == 3
    assert ran.object["comparisons"][0]["safety"] is None
    assert "unscored, more than 10%" in ran.object["comparisons"][0]["no_conclusion"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere", "vanilla"], "nowhere is neither a folder with recorded figures"),
        (["0" * 32, "1" * 32], "has no recorded evaluation 0000"),
        (["models:/nobody@champion", "vanilla"], "has no recorded evaluation models:/nobody@champion"),
        (["models:/nobody", "vanilla"], "has no recorded evaluation models:/nobody"),
        (["x.versions", "vanilla"], "x.versions holds no former versions"),
    ],
)
def test_what_is_not_recorded_is_one_sentence(run: Run, words: list[str], says: str) -> None:
    ran = run("compare", *words)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert says in ran.err


def test_program_folders_their_front_versions_runs_and_models_are_taken(run: Run) -> None:
    """Also an evaluation of a program beside its own compile."""
    assert run(*COMPILE, "--trials", "2").code == 0
    program = Path("mlruns/programs/sim-gpt-4o")
    record = read_record(program)
    client = MlflowClient(tracking_uri())
    [compiled] = client.search_runs(["1"], "tags.stage = 'compile'")
    assert client.get_experiment("1").name.startswith("PENGUIN")
    model = next(one for one in client.search_logged_models(["1"]) if one.params["program"] == record.chosen)
    chosen = run("compare", str(program), str(program / "front" / record.chosen), "--json").object
    assert chosen["comparisons"][0]["safety"] == 0
    tested = record.child(record.chosen).metrics
    for name in (compiled.info.run_id, f"models:/{model.model_id}"):
        other = run("compare", str(program), name, "--json").object
        assert other["comparisons"][0]["safety_lo"] == other["comparisons"][0]["safety_hi"] == 0
        assert other["programs"][1]["safety"] == pytest.approx(tested["safety"])
    assert run(*COMPILE, "--trials", "1").code == 0
    both = run("compare", str(program), f"{program}.versions", "--json").object
    assert [entry["name"] for entry in both["programs"]] == [str(program), f"{program}.versions/1"]
    old: TrackingRecord = record.model_copy(update={"children": tuple(_without_table(record))})
    old.write(program)
    assert "an earlier version recorded it" in " ".join(run("compare", str(program), "1" * 32).err.split())


def _without_table(record: TrackingRecord) -> list[object]:
    return [child.model_copy(update={"episodes": None}) for child in record.children]


def test_evaluations_are_runs_with_traces_once_unless_that_is_not_wanted(run: Run) -> None:
    run(*EVALUATE, "--no-track")
    assert recorded() == {}
    ran = run(*EVALUATE, "--traces", "4")
    assert "open it with: raise ui" in ran.err
    before = ids()
    run(*EVALUATE, "--traces", "4", "--json")
    assert ids() == before
    client = MlflowClient(tracking_uri())
    for run_id in before.values():
        assert len(client.search_traces(locations=["1"], run_id=run_id)) == 4
    ran = run(*EVALUATE, "--traces", "some")
    assert (ran.code, ran.out) == (2, "")
    assert "--traces some: write a number, all, or none" in ran.err


def test_a_store_that_cannot_be_used_costs_neither_the_evaluation_nor_the_exit_code(run: Run) -> None:
    Path("mlruns/mlflow.db").write_text("no database " * 1000, encoding="utf-8")
    ran = run(*EVALUATE, "--json")
    assert ran.code == 0
    assert ran.object["programs"][0]["safety"] > 1
    assert "vanilla is evaluated, but not recorded in MLflow (cannot open" in " ".join(ran.err.split())


def test_a_compile_that_is_not_tracked_leaves_nothing_in_mlflow_and_can_be_recorded_later(run: Run) -> None:
    Path("mlruns/mlflow.db").unlink()
    ran = run(*COMPILE, "--trials", "1", "--no-track", "--json")
    assert (ran.code, ran.object["targets"][0]["mlflow"]) == (0, None)
    assert not Path("mlruns/mlflow.db").exists()
    assert "Nothing to do" in run(*COMPILE, "--trials", "1", "--no-track").out
    assert run(*COMPILE, "--trials", "1", "--json").object["targets"][0]["mlflow"] is not None
