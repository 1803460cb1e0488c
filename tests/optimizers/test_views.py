"""What MLflow's pages show of a compile: saved views, names, params, descriptions, data sets."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import dspy
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from benchmark import Evaluation, Scenario, build_authored
from benchmark.evaluation.cost import ConversationCost
from benchmark.evaluation.episode import Episode
from benchmark.judging.judge import Verdict
from modules import RAISE
from optimizers import CompileSettings, TargetResult, Tracker, opening_pages, tracking_uri
from optimizers.front import hypervolume
from optimizers.pareto.search_space import COMPONENTS
from optimizers.task import Candidate
from optimizers.tracking.metrics import learning_curve
from optimizers.tracking.names import COLOURS
from optimizers.tracking.notes import BANNER, LONGEST, compile_note, program_note
from optimizers.tracking.params import AS_SHIPPED, PREDICTORS, Beginnings, first_words, program_params
from optimizers.tracking.record import read_record
from optimizers.tracking.views import TAG, VIEWS, read_view, views, write_views
from optimizers.tracking.write import write_record
from signatures import SCORE_DIMENSIONS, read_vocabulary, using_vocabulary
from tests.optimizers.test_tracking import compile_in
from tests.own_vocabulary import write_own

SMALL = CompileSettings(train=4, dev=2, test=7, plan_queries=2, evaluations=3, trials=4)
CARD = {"name": "test", "version": "1", "hash": "0123456789", "n": 2}
PRICED = {f"target_{field.name}" for field in fields(ConversationCost) if field.name.startswith("usd")}
"""Metrics that stand-ins, which have no price, have not."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def compiled(root: Path) -> TargetResult:
    return compile_in(root, SMALL)


@pytest.fixture(scope="module")
def client(root: Path, compiled: TargetResult) -> MlflowClient:
    assert compiled.tracked
    return MlflowClient(tracking_uri(root))


@pytest.fixture(scope="module")
def runs(client: MlflowClient, compiled: TargetResult) -> list[Run]:
    """The compile and its children."""
    return list(client.search_runs([compiled.figures["mlflow"]["experiment_id"]], max_results=100))


def staged(runs: list[Run], stage: str) -> list[Run]:
    return [run for run in runs if run.data.tags["stage"] == stage]


def axes_of(chart: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of everything that a chart shows."""
    for axis in ("xaxis", "yaxis"):
        if axis in chart:
            yield {"METRIC": "metrics", "PARAM": "params"}[chart[axis]["type"]], chart[axis]["key"]
    if "metricKey" in chart:
        yield "metrics", chart["metricKey"]
    yield from (("metrics", name) for name in chart.get("selectedMetrics", []))
    yield from (("params", name) for name in chart.get("selectedParams", []))


def columns_of(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for column in [*state["selectedColumns"], state["orderByKey"]]:
        matched = re.fullmatch(r"(metrics|params|tags)\.`(.+)`", column)
        assert matched, column
        yield matched[1], matched[2]


@pytest.mark.parametrize("view", [view.id for view in views()])
def test_a_saved_view_finds_runs_and_names_what_they_have(
    view: str, client: MlflowClient, compiled: TargetResult
) -> None:
    experiment = client.get_experiment(compiled.figures["mlflow"]["experiment_id"])
    state = read_view(experiment.tags[TAG + view])
    found = client.search_runs([experiment.experiment_id], state["searchFilter"], max_results=100)
    had = {
        "metrics": {name for run in found for name in run.data.metrics} | PRICED,
        "params": {name for run in found for name in run.data.params},
        "tags": {name for run in found for name in run.data.tags},
    }
    charts = state["compareRunCharts"]
    named = [*columns_of(state), *(axis for chart in charts for axis in axes_of(chart))]
    assert named
    assert [name for where, name in named if name not in had[where]] == []
    places = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in charts} == places
    assert len({chart["uuid"] for chart in charts}) == len(charts)


def test_the_first_view_shows_the_tested_programs_and_tells_them_apart(
    client: MlflowClient, compiled: TargetResult
) -> None:
    experiment = client.get_experiment(compiled.figures["mlflow"]["experiment_id"])
    state = read_view(experiment.tags[TAG + VIEWS[0].id])
    found = client.search_runs([experiment.experiment_id], state["searchFilter"])
    kinds = [run.data.tags["kind"] for run in found]
    assert kinds.count("chosen") == 1
    assert kinds.count("baseline") == 2
    assert kinds.count("ceiling") == 1
    assert kinds.count("front") == len(compiled.figures["front"]) - 1
    coloured = {str(kind): colour for kind, (_, colour) in COLOURS.items()}
    assert all(run.data.tags["mlflow.runColor"] == coloured[run.data.tags["kind"]] for run in found)
    scatter = state["compareRunCharts"][0]
    assert (scatter["xaxis"]["key"], scatter["yaxis"]["key"]) == ("avg_queries", "safety")


def test_names_say_target_program_and_stage(runs: list[Run], compiled: TargetResult) -> None:
    names = {run.info.run_name for run in runs}
    target = compiled.figures["target"]
    assert {f"{target} / context-rich / test", f"{target} / raise (uncompiled) / test"} <= names
    assert {f"{target} / trial-00 / dev", f"{target} / compile / pareto"} <= names
    assert len(names) == len(runs) == 1 + SMALL.trials + 3 + len(compiled.figures["front"])


def test_params_are_words_and_counts(runs: list[Run], compiled: TargetResult) -> None:
    for run in staged(runs, "dev"):
        assert not {"answering", "asking"} & set(run.data.params)
        assert all(not run.data.params[name].isdigit() for name in PREDICTORS)
        assert all(run.data.params[f"demos_{name}"].isdigit() for name in PREDICTORS)
    first = next(run for run in staged(runs, "dev") if run.info.run_name.endswith("trial-00 / dev"))
    assert {first.data.params[name] for name in PREDICTORS} == {AS_SHIPPED}
    for entry in compiled.figures["front"]:
        [run] = [run for run in staged(runs, "test") if run.data.params["program"] == entry["name"]]
        program = RAISE.load(entry["program"])
        for name in PREDICTORS:
            assert run.data.params[f"demos_{name}"] == str(len(getattr(program, name).demos))


def test_the_parent_has_the_tables_the_curve_and_what_it_took(
    runs: list[Run], client: MlflowClient, compiled: TargetResult
) -> None:
    [parent] = staged(runs, "compile")
    note = parent.data.tags["mlflow.note.content"].replace("\u00a0", " ").replace("\u2060", "")
    assert note.startswith(BANNER)
    programs = [entry["name"] for entry in compiled.figures["front"]]
    assert all(f"| {name}&" in note for name in ("vanilla", "context-rich", "raise (uncompiled)"))
    assert all(f"| compiled {name}" in note for name in programs)
    history = client.get_metric_history(parent.info.run_id, "hypervolume_dev")
    values = [point.value for point in sorted(history, key=lambda point: point.step)]
    assert [point.step for point in sorted(history, key=lambda point: point.step)] == list(range(1, SMALL.trials + 1))
    assert values == sorted(values)
    assert values[-1] > 0
    assert parent.data.metrics["lm_calls"] == sum(compiled.figures["lm_calls"].values())
    assert parent.data.metrics["system/cpu_seconds"] > 0
    gain = compiled.figures["gain"]["compiled minus uncompiled"]["safety"]
    assert parent.data.metrics["safety_gain"] == pytest.approx(gain["mean"])
    assert {"version.dspy", "version.mlflow", "version.python"} <= set(parent.data.tags)
    assert parent.data.params["seed"] == "0"


def test_runs_are_found_by_their_data_set(runs: list[Run], client: MlflowClient) -> None:
    digest = runs[0].data.params["data_hash"]
    for stage in ("dev", "test", "compile"):
        found = client.search_runs(
            [runs[0].info.experiment_id],
            f"dataset.digest = '{digest}' and dataset.context = '{stage}'",
            max_results=100,
        )
        assert {run.info.run_id for run in found} == {run.info.run_id for run in staged(runs, stage)}
    assert runs[0].inputs is not None
    [given] = runs[0].inputs.dataset_inputs
    assert json.loads(given.dataset.profile or "")["hash"] == digest


def test_what_is_recorded_again_is_the_same(compiled: TargetResult, tmp_path: Path) -> None:
    record = read_record(compiled.folder)
    seen = []
    for _ in range(2):
        tracker = Tracker(tmp_path, record.data)
        run = tracker.start("again", record.parent.params, {})
        write_record(tracker, run, record, compiled.folder)
        found = tracker.client.search_runs(
            [run.experiment_id], f"tags.mlflow.parentRunId = '{run.run_id}'", max_results=100
        )
        known = [tracker.client.get_run(run.run_id), *found]
        told = [{k: v for k, v in each.data.tags.items() if k != "mlflow.parentRunId"} for each in known]
        views = {k: v for k, v in tracker.client.get_experiment(run.experiment_id).tags.items() if k.startswith(TAG)}
        rows = sorted(((each.info.run_name, each.data.params) for each in known), key=str)
        seen.append((sorted(told, key=str), rows, views))
    assert seen[0] == seen[1]
    assert len(seen[0][1]) == 1 + len(record.children)


def test_the_page_of_the_newest_runs_comes_first(tmp_path: Path) -> None:
    made = [Tracker(tmp_path, {**CARD, "name": name}) for name in ("one", "two", "three")]
    for tracker in made[:2]:
        write_views(tracker.client, tracker.experiment_id, CARD)
    for number, tracker in enumerate([made[1], made[0]]):
        run = tracker.client.create_run(tracker.experiment_id, start_time=1000 + number)
        tracker.client.set_terminated(run.info.run_id)
    pages = opening_pages(tracking_uri(tmp_path), "http://host:1")
    assert [page.experiment for page in pages] == ["PENGUIN one 01234567", "PENGUIN two 01234567"]
    assert pages[0].address.startswith(f"http://host:1/#/experiments/{made[0].experiment_id}/runs?")


def test_an_instruction_is_shown_by_as_many_words_as_tell_it_apart() -> None:
    same = "one two three four five six seven eight nine ten eleven"
    texts = [f"{same} x", f"{same} y\nand more", "short"]
    shown = first_words(texts)
    assert len(set(shown.values())) == len(texts)
    assert shown["short"] == "short"
    assert "\n" not in "".join(shown.values())
    assert first_words(["a " * 40])["a " * 40] == " ".join("a" * 10) + " ..."


def test_a_program_is_told_by_its_own_instructions_whatever_optimizer_made_it() -> None:
    program = RAISE()
    program.respond.signature = program.respond.signature.with_instructions("Name the risk first.")
    program.plan.demos = [dspy.Example(query="q")]
    chosen = {**dict.fromkeys(COMPONENTS, 3), "threshold": 4}
    params = program_params(program, chosen, Beginnings.of([program, RAISE()]))
    assert params["respond"] == "Name the risk first."
    assert params["ask"] == AS_SHIPPED
    assert (params["demos_plan"], params["demos_respond"], params["threshold"]) == (1, 0, 4)
    assert not {"answering", "asking"} & set(params)


def episodes(safety: int, scenarios: tuple[Scenario, ...], questions: int) -> Evaluation:
    verdict = Verdict(dict.fromkeys(SCORE_DIMENSIONS, safety))
    told = [Episode(scenario=s, verdict=verdict, response="r", n_queries=questions, burden=0.0) for s in scenarios]
    return Evaluation("p", told, simulated=True)


def test_the_learning_curve_counts_trials_that_were_measured_in_full() -> None:
    some = build_authored().scenarios[:4]
    programs = [(3, some, 4), (5, some[:1], 0), (4, some, 2)]
    trials = [Candidate(str(i), RAISE(), episodes(*each), {}) for i, each in enumerate(programs)]
    first, last = hypervolume([(3.0, 4.0)]), hypervolume([(3.0, 4.0), (4.0, 2.0)])
    assert learning_curve(trials) == (first, first, last)
    assert learning_curve([]) == ()


def test_a_description_shows_hostile_text_as_text_and_fits_a_tag(compiled: TargetResult) -> None:
    note = program_note({"respond": "# Big\n<script>\n| a | b |"}, simulated=True)
    assert "\n    # Big\n    <script>\n    | a | b |" in note
    assert len(program_note({"respond": "long " * 4000}, simulated=True)) <= LONGEST
    front = [{**entry, "name": "a|b"} for entry in compiled.figures["front"]]
    told = compile_note({**compiled.figures, "front": front, "simulated": False}, CARD)
    assert BANNER not in told
    widths = {line.count("|") for line in told.splitlines() if line.startswith("| ")}
    assert len(widths) == 2  # of two tables


def test_fields_of_ones_own_have_their_charts(tmp_path: Path) -> None:
    vocabulary, _ = write_own(tmp_path, 3)
    with using_vocabulary(read_vocabulary(vocabulary)):
        by_field = next(view for view in views() if view.id == "fields")
    assert "metrics.`safety/advice`" in by_field.columns
    assert "metrics.`safety/health`" not in by_field.columns
