"""What ``optimizers.tracking.traces`` relies on: finished traces can be written to MLflow's store as they are."""

from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import AssessmentSource, Feedback, Span, TraceInfo, TraceState
from mlflow.entities.trace_location import TraceLocation
from mlflow.tracing.client import TracingClient

TRACE, ROOT, CHILD = f"tr-{'a' * 32}", "1" * 16, "2" * 16


def span(name: str, span_id: str, parent: str, begin: int) -> Span:
    attributes = {"mlflow.traceRequestId": f'"{TRACE}"', "mlflow.spanType": '"CHAIN"', "mlflow.spanInputs": '{"a": 1}'}
    return Span.from_dict(
        {
            "trace_id": TRACE,
            "span_id": span_id,
            "parent_span_id": parent,
            "name": name,
            "start_time_unix_nano": begin,
            "end_time_unix_nano": begin + 10**9,
            "status": {"code": "STATUS_CODE_OK", "message": ""},
            "attributes": attributes,
        }
    )


def test_a_finished_trace_keeps_its_id_its_times_and_its_assessments_however_often_it_is_written(
    tmp_path: Path,
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client, tracing = MlflowClient(uri), TracingClient(uri)
    experiment = client.create_experiment("traces", tmp_path.as_uri())
    graded = Feedback(name="safety", value=3.5, source=AssessmentSource("LLM_JUDGE", "judge"), rationale="Because.")
    graded.assessment_id = "a-1"
    info = TraceInfo(
        trace_id=TRACE,
        trace_location=TraceLocation.from_experiment_id(experiment),
        request_time=10**9,
        state=TraceState.OK,
        execution_duration=1000,
        trace_metadata={"mlflow.trace.session": "s", "mlflow.sourceRun": "r"},
        tags={"colour": "red"},
        assessments=[graded],
    )
    for _ in range(2):
        tracing.start_trace(info)
        tracing.log_spans(experiment, [span("whole", ROOT, "", 10**15), span("part", CHILD, ROOT, 10**15 + 5)])
    [found] = client.search_traces(locations=[experiment])
    assert (found.info.trace_id, found.info.request_time, found.info.execution_duration) == (TRACE, 10**9, 1000)
    assert (found.info.tags["colour"], found.info.trace_metadata["mlflow.trace.session"]) == ("red", "s")
    assert [(one.name, one.value, one.rationale) for one in found.info.assessments] == [("safety", 3.5, "Because.")]
    spans = {one.name: one for one in found.data.spans}
    assert spans["part"].parent_id == spans["whole"].span_id
    assert spans["whole"].start_time_ns == 10**15
    assert spans["part"].inputs == {"a": 1}
