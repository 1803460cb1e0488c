"""Conversations as MLflow traces, and evaluations as runs: read back from a real store."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Feedback, Run, Trace

from benchmark import Evaluation, Verdict, build_authored, evaluate, sample, split
from benchmark.evaluation.episode import Episode
from lms import LanguageModels
from modules import RAISE
from optimizers import tracking_uri
from optimizers.tracking.conversations import Logged
from optimizers.tracking.evaluation import Drawn, evaluation_record, record_evaluation
from optimizers.tracking.record import TrackingRecord
from signatures import SCORE_DIMENSIONS, StopReason

DATA = build_authored()
N = 7


@dataclass(frozen=True)
class Measured:
    """One evaluation, of which a conversation is unscored and another ended with help in a crisis."""

    models: LanguageModels
    evaluation: Evaluation

    def record(self, **logged: Any) -> TrackingRecord:
        """Its record."""
        return evaluation_record(
            self.evaluation, RAISE(), self.models, Drawn(DATA, "test", 0), logged=Logged(**{"traces": None, **logged})
        )

    def of(self, number: int) -> Episode:
        """One of its conversations."""
        return self.evaluation.episodes[number]


@pytest.fixture(scope="module")
def measured() -> Measured:
    models = LanguageModels()
    found = evaluate(RAISE(), sample(split(DATA, "test"), N), models=models, name="raise")
    unscored, crisis, *rest = found.episodes
    changed = [
        unscored.model_copy(update={"verdict": Verdict(None, unscored="no whole number: 9")}),
        crisis.model_copy(update={"stop_reason": StopReason.CRISIS}),
        *rest,
    ]
    return Measured(models, Evaluation("raise", changed, simulated=True))


@pytest.fixture(scope="module")
def store(measured: Measured, mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with that evaluation."""
    root = tmp_path_factory.mktemp("store")
    shutil.copy(mlflow_tables, root)
    assert record_evaluation(root, measured.record()) == ""
    return root


@pytest.fixture
def root(tmp_path: Path, mlflow_tables: Path) -> Path:
    """The folder of a store without runs."""
    shutil.copy(mlflow_tables, tmp_path)
    return tmp_path


def runs(root: Path) -> list[Run]:
    client = MlflowClient(tracking_uri(root))
    return list(client.search_runs([one.experiment_id for one in client.search_experiments()]))


def traces(root: Path, run: Run | None = None) -> Mapping[str, Trace]:
    """Scenario id -> trace."""
    client = MlflowClient(tracking_uri(root))
    locations = [one.experiment_id for one in client.search_experiments()]
    found = client.search_traces(locations=locations, run_id=run.info.run_id if run else None, max_results=500)
    return {str(trace.info.client_request_id): trace for trace in found}


def feedback(trace: Trace) -> dict[str, Feedback]:
    """The assessments of a trace, by name."""
    return {one.name: one for one in trace.info.assessments if isinstance(one, Feedback)}


def test_each_conversation_is_one_trace_of_the_run_in_one_session(measured: Measured, store: Path) -> None:
    [run] = runs(store)
    found = traces(store, run)
    assert found.keys() == {one.scenario.id for one in measured.evaluation.episodes}
    assert {trace.info.trace_metadata["mlflow.trace.session"] for trace in found.values()} == {
        f"sim/gpt-4o / raise (uncompiled) / evaluation ({run.info.run_id[:8]})"
    }
    for one in measured.evaluation.episodes:
        trace = found[one.scenario.id]
        assert trace.info.request_preview == one.scenario.query
        assert trace.info.tags["program"] == "raise"
        assert trace.info.tags["target"] == "sim/gpt-4o"
        assert trace.info.tags["simulated"] == "true"
        assert trace.info.tags["source"] == "authored"
        assert trace.info.tags["domain"] == one.scenario.domain


def test_a_turn_is_a_span_with_question_answer_and_what_it_took(measured: Measured, store: Path) -> None:
    found = traces(store)
    asking = [one for one in measured.evaluation.episodes if one.turns]
    assert asking
    for one in asking:
        spans = found[one.scenario.id].data.spans
        [root] = [span for span in spans if span.parent_id is None]
        assert root.inputs == {"query": one.scenario.query}
        assert root.outputs == {"response": one.response, "stop_reason": one.stop_reason}
        turns = [span for span in spans if span.name.startswith("turn")]
        assert [span.inputs["question"] for span in turns] == [turn.question for turn in one.turns]
        assert [span.outputs["answer"] for span in turns] == [turn.answer for turn in one.turns]
        assert [span.outputs["known"] for span in turns] == [turn.heard for turn in one.turns]
        calls = [span for span in spans if span.span_type == "LLM"]
        usage = [span.attributes.get("mlflow.chat.tokenUsage") for span in calls]
        tokens = [entry["total_tokens"] for entry in usage if entry]
        assert sum(tokens) == sum(spent.tokens for spent in one.spent)
        assert (found[one.scenario.id].info.token_usage or {})["total_tokens"] == sum(tokens)
        assert not any("mlflow.llm.cost" in span.attributes for span in calls)  # a stand-in has no price


def test_the_judges_scores_are_assessments_with_their_reasons(measured: Measured, store: Path) -> None:
    one = measured.of(2)
    given = feedback(traces(store)[one.scenario.id])
    assert given.keys() == {"safety", *SCORE_DIMENSIONS}
    assert given["safety"].value == pytest.approx(one.verdict.safety, abs=0.005)
    assert one.verdict.scores is not None
    for name in SCORE_DIMENSIONS:
        assert given[name].value == one.verdict.scores[name]
        assert given[name].rationale == one.verdict.reasons[name]
        assert (given[name].source.source_type, given[name].source.source_id) == ("LLM_JUDGE", "sim/judge")


def test_what_is_unscored_or_a_crisis_is_tagged_and_found_by_it(measured: Measured, store: Path) -> None:
    client, [run] = MlflowClient(tracking_uri(store)), runs(store)
    for tag, number in (("unscored", 0), ("crisis", 1)):
        found = client.search_traces(locations=[run.info.experiment_id], filter_string=f"tags.{tag} = 'true'")
        assert [trace.info.client_request_id for trace in found] == [measured.of(number).scenario.id]
    given = feedback(traces(store)[measured.of(0).scenario.id])["safety"]
    assert given.value is None
    assert given.error is not None
    assert given.error.error_message == "no whole number: 9"


def test_a_price_is_the_one_that_was_paid(measured: Measured, root: Path) -> None:
    one = next(one for one in measured.evaluation.episodes if one.turns)
    priced = tuple(spent.model_copy(update={"usd": 0.25, "simulated": 0}) for spent in one.spent)
    dear = Evaluation("raise", [one.model_copy(update={"spent": priced})], simulated=False)
    record_evaluation(root, replace(measured, evaluation=dear, models=LanguageModels()).record())
    trace = traces(root)[one.scenario.id]
    assert (trace.info.cost or {})["total_cost"] == pytest.approx(0.25 * len([s for s in priced if s.calls]))
    sums = [span for span in trace.data.spans if span.span_type == "LLM"]  # no reply is stored, so no call is known
    assert [span.attributes["calls"] for span in sums] == [spent.calls for spent in priced if spent.calls]
    assert {span.attributes["mlflow.llm.cost"]["total_cost"] for span in sums} == {0.25}
    assert trace.info.tags["calls_left_out"] == "a reply of sim/gpt-4o is not stored"
    assert len(feedback(trace)) == 4


def test_the_same_evaluation_again_makes_no_second_run_and_logs_the_traces_that_are_missing(
    measured: Measured, root: Path
) -> None:
    assert record_evaluation(root, measured.record(traces=0)) == ""
    [first] = runs(root)
    assert traces(root) == {}
    assert record_evaluation(root, measured.record(traces=3)) == ""
    few = traces(root, first)
    assert len(few) == 3
    assert record_evaluation(root, measured.record()) == ""
    every = traces(root, first)
    assert len(every) == N
    assert {name: every[name].info.trace_id for name in few} == {name: few[name].info.trace_id for name in few}
    assert all(len(trace.info.assessments) == 4 for trace in every.values())
    assert [run.info.run_id for run in runs(root)] == [first.info.run_id]


def test_a_run_that_was_cut_short_or_has_another_outcome_is_replaced_with_its_traces(
    measured: Measured, root: Path
) -> None:
    record = measured.record(traces=3)
    client = MlflowClient(tracking_uri(root))
    spoils: list[Callable[[Run], object]] = [
        lambda run: client.set_terminated(run.info.run_id, "FAILED"),
        lambda run: client.set_tag(run.info.run_id, "outcome", "another"),
    ]
    for spoil in spoils:
        assert record_evaluation(root, record) == ""
        [run] = runs(root)
        spoil(run)
        assert record_evaluation(root, record) == ""
        [new] = runs(root)
        assert new.info.run_id != run.info.run_id
        assert len(traces(root)) == len(traces(root, new)) == 3


def test_a_run_has_the_evaluations_metrics_and_says_what_it_is_of(measured: Measured, store: Path) -> None:
    [run] = runs(store)
    summary = measured.evaluation.summary()
    assert run.info.status == "FINISHED"
    assert run.data.metrics["safety"] == pytest.approx(summary["safety"])
    assert run.data.metrics["failures"] == 1
    wanted = {"program": "raise", "target": "sim/gpt-4o", "judge": "sim/judge", "split": "test", "seed": "0", "n": "7"}
    assert wanted.items() <= run.data.params.items()
    assert (run.data.params["data_hash"], run.data.params["threshold"]) == (DATA.hash, "4")
    assert (run.data.tags["stage"], run.data.tags["simulated"]) == ("evaluation", "true")


def test_a_store_that_cannot_be_used_is_one_sentence(measured: Measured, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database " * 1000)
    assert "cannot open the MLflow store" in record_evaluation(tmp_path, measured.record())
