"""Single LM calls in the traces of conversations: prompts, replies, tokens and prices, secrets masked."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from mlflow.entities import Span, Trace

from benchmark import Scenario, build_authored, evaluate, judge_of
from lms import LanguageModels, Price, Role
from modules import RAISE, PathIndex, PlannedPath, Vanilla
from optimizers import TargetResult
from optimizers.tracking.calls import CallsRecord, calls_of
from optimizers.tracking.conversations import Logged
from optimizers.tracking.evaluation import Drawn, evaluation_record, record_evaluation
from optimizers.tracking.record import TrackingRecord, read_record
from signatures import Profile
from tests.lms.real import SECRET, over_http
from tests.optimizers.test_traces import traces
from tests.servers.openai_server import Body, OpenAIServer, role_of, stand_in

DATA = build_authored()
WORD = "marmalade"


@pytest.fixture
def root(tmp_path: Path, mlflow_tables: Path) -> Path:
    """The folder of a store without runs."""
    shutil.copy(mlflow_tables, tmp_path)
    return tmp_path


def calls_in(trace: Trace) -> list[Span]:
    """The spans of single calls, as they follow each other."""
    found = [span for span in trace.data.spans if "messages" in (span.inputs or {})]
    return sorted(found, key=lambda span: span.start_time_ns)


def test_a_trace_shows_what_the_endpoint_saw_with_tokens_and_price(root: Path, test_scenarios: list[Scenario]) -> None:
    scenario = test_scenarios[0]
    with OpenAIServer() as server:
        models = over_http(server.url, price=Price(input=1.0, output=2.0))
        found = evaluate(RAISE(), [scenario], models=models, name="raise")
        record = evaluation_record(found, RAISE(), models, Drawn(DATA), logged=Logged(traces=None))
        assert record_evaluation(root, record) == ""
    trace = traces(root)[scenario.id]
    spans = calls_in(trace)
    assert [span.inputs["messages"] for span in spans] == [request.body["messages"] for request in server.requests]
    assert [span.outputs["choices"][0]["message"]["content"] for span in spans] == [
        stand_in(request.body) for request in server.requests
    ]
    assert [span.attributes["role"] for span in spans] == [str(request.role) for request in server.requests]
    names = {span.name for span in spans}
    assert names >= {"triage", "abstain", "ask", "respond", "user", "judge"}
    assert {span.attributes["rollout"] for span in spans} == {0}
    parents = {span.span_id: span.name for span in trace.data.spans}
    where = {parents[str(span.parent_id)].partition(":")[0] for span in spans}
    assert where == {*(f"turn {i + 1}" for i in range(len(found.episodes[0].turns))), "answer", "judge"}
    [episode] = found.episodes
    target = [span for span in spans if span.attributes["role"] == Role.TARGET]
    paid = sum(span.attributes["mlflow.llm.cost"]["total_cost"] for span in target)
    assert paid == pytest.approx(episode.target()["target_usd"])
    assert (trace.info.cost or {})["total_cost"] == pytest.approx(paid)  # of the target alone
    assert (trace.info.token_usage or {})["total_tokens"] == episode.target()["target_tokens"]
    assert all(span.attributes["took"]["usd"] > 0 for span in spans)


def test_the_record_of_a_compile_has_them_and_mlflow_shows_the_same(tracked: TargetResult, store: Path) -> None:
    record = read_record(tracked.folder)
    shown = traces(store)
    tested = [child for child in record.children if child.stage == "test"]
    assert tested
    for child in tested:
        assert child.calls.conversations.keys() == {one.scenario.id for one in child.conversations}
        assert not any(found.left_out for found in child.calls.conversations.values())
    vanilla = record.child("vanilla")
    assert {trace.info.tags.get("calls_left_out") for trace in shown.values()} == {None}
    assert [call.predictor for found in vanilla.calls.conversations.values() for call in found.turns[0]] == (
        ["respond"] * len(vanilla.conversations)
    )


def test_a_record_is_the_same_each_time_and_survives_its_file(models: LanguageModels) -> None:
    few = list(DATA)[:2]
    found = evaluate(RAISE(), few, models=models, name="raise")
    first, second = (evaluation_record(found, RAISE(), models, Drawn(DATA)) for _ in range(2))
    assert first == second
    assert TrackingRecord.model_validate_json(first.model_dump_json()) == first
    texts = first.parent.calls.texts
    assert len(texts) == len(set(texts))


def recorded(
    scenarios: Sequence[Scenario], models: LanguageModels, program: RAISE | Vanilla, *, contents: bool = False
) -> CallsRecord:
    found = evaluate(program, scenarios, models=models, name="it")
    return calls_of(found.episodes, program, models, judge_of(models), Logged(contents=contents))


def test_secrets_are_masked_in_prompts_and_replies(test_scenarios: list[Scenario]) -> None:
    def indiscreet(body: Body) -> str:
        said = stand_in(body)
        return said.replace("]]\n", f"]]\n{SECRET} ", 1) if role_of(body) is Role.TARGET else said

    with OpenAIServer(indiscreet) as server:
        models = over_http(server.url, api_key=SECRET)
        record = recorded(test_scenarios[:1], models, Vanilla())
        assert any(SECRET in indiscreet(request.body) for request in server.requests)
    assert record.conversations[test_scenarios[0].id].left_out == ""
    assert SECRET not in record.model_dump_json()


def test_words_of_real_people_are_left_out_and_counts_are_not(test_scenarios: list[Scenario]) -> None:
    one = test_scenarios[0].model_copy(
        update={"source": "hub", "query": f"{WORD}?", "profile": Profile(age=f"{WORD} years")}
    )
    hidden, shown = (recorded([one], LanguageModels(), RAISE(), contents=contents) for contents in (False, True))
    assert WORD in shown.model_dump_json()
    assert hidden.texts == ("[redacted]",)
    said = {"messages", "reply"}
    bare, full = (
        [call.model_dump(exclude=said) for turn in record.conversations[one.id].turns for call in turn]
        for record in (hidden, shown)
    )
    assert bare == full
    assert bare


def test_queries_of_real_people_in_planned_paths_are_left_out_of_prompts(test_scenarios: list[Scenario]) -> None:
    path = PlannedPath(query=f"{WORD}?", path=("age",), value=4.0, evaluations=5, origin="x", source="hub")
    for contents in (False, True):
        record = recorded(test_scenarios[:1], LanguageModels(), RAISE(PathIndex([path])), contents=contents)
        assert (WORD in record.model_dump_json()) is contents


def test_no_conversations_take_no_work(models: LanguageModels) -> None:
    assert recorded([], models, Vanilla()) == CallsRecord()
