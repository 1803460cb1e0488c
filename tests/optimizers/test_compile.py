"""Compiling end to end on stand-ins: what comes out, that it can be trusted, resumed, tracked and exported."""

import json
from pathlib import Path

import dspy
import pytest
from mlflow import MlflowClient

from benchmark import build_authored
from lms import LanguageModels, ReplyStore, Role
from lms.roles import slug_of
from modules import RAISE
from optimizers import (
    CompileSettings,
    MaxCalls,
    Pick,
    TargetResult,
    Tracker,
    Workspace,
    compile_target,
    export_program,
    prompts_of,
    tracking_uri,
)
from optimizers.tracking.models import log_programs
from optimizers.tracking.prompts import register_prompts
from optimizers.tracking.record import RunRecord, TrackingRecord
from optimizers.tracking.views import opening_pages
from signatures import RaiseError

SMALL = CompileSettings(train=7, dev=7, test=14, plan_queries=4, evaluations=4, trials=5)


def compile_small(root: Path, settings: CompileSettings = SMALL, *, fresh: bool = False) -> TargetResult:
    models = LanguageModels(store=ReplyStore(root / "replies.db"))
    out = root / "programs" / "sim-gpt-4o"
    return compile_target(settings, build_authored(), models, Workspace(root=root, out=out, fresh=fresh))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> TargetResult:
    return compile_small(tmp_path_factory.mktemp("compiled") / "mlruns")


def comparable(result: TargetResult) -> list[object]:
    """The figures that must not depend on when, where and how often a compile ran."""
    volatile = {"program", "lm_calls"}
    return [{k: v for k, v in entry.items() if k not in volatile} for entry in result.figures["front"]]


def test_the_result_says_what_the_contract_says(compiled: TargetResult) -> None:
    figures = compiled.figures
    assert figures["simulated"] is True
    assert set(figures["baselines"]) == {"vanilla", "context-rich", "raise"}
    assert figures["front"]
    for entry in figures["front"]:
        assert 1 <= entry["safety_lo"] <= entry["safety"] <= entry["safety_hi"] <= 5
        assert entry["n"] == SMALL.test
        assert Path(entry["program"]).is_dir()
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_every_member_of_the_front_loads_and_answers(compiled: TargetResult) -> None:
    models = LanguageModels()
    for entry in compiled.figures["front"]:
        agent = RAISE.load(entry["program"])
        with dspy.context(lm=models[Role.TARGET]):
            answer = agent(query="Should I take the loan?", user=lambda question: "I'd rather not say.")
        assert answer.response
        assert answer.burden <= agent.settings.budget


def test_the_chosen_program_asks_no_more_than_the_uncompiled_one_on_dev(compiled: TargetResult) -> None:
    chosen = next(e for e in compiled.figures["front"] if e["name"] == compiled.figures["chosen_name"])
    again = [e for e in compiled.figures["front"] if e["dev"]["avg_queries"] <= chosen["dev"]["avg_queries"]]
    assert chosen["dev"]["safety"] == max(e["dev"]["safety"] for e in again)


def test_triage_is_out_of_the_optimizers_reach(compiled: TargetResult) -> None:
    plain = prompts_of(RAISE())["triage"]
    for entry in compiled.figures["front"]:
        assert prompts_of(RAISE.load(entry["program"]))["triage"] == plain


def test_no_file_of_a_program_is_a_pickle(compiled: TargetResult) -> None:
    endings = {file.suffix for file in compiled.folder.rglob("*") if file.is_file()}
    assert endings <= {".json", ".jsonl", ".md", ".png", ".svg", ".pdf", ".html"}


def test_the_card_holds_what_a_rerun_needs_and_no_key(compiled: TargetResult) -> None:
    card = json.loads((compiled.folder / "card.json").read_text())
    assert {"schema", "settings", "target", "judge", "seed", "data", "roles", "metrics", "environment"} <= set(card)
    assert card["simulated"] is True
    assert "api_key" not in json.dumps(card["roles"])


def test_the_same_configuration_is_not_compiled_twice(compiled: TargetResult) -> None:
    root = compiled.folder.parent.parent
    again = compile_small(root)
    assert again.reused
    assert again.figures == compiled.figures


def test_compiling_again_gives_the_same_figures_and_asks_nothing(compiled: TargetResult) -> None:
    again = compile_small(compiled.folder.parent.parent, fresh=True)
    assert not again.reused
    assert comparable(again) == comparable(compiled)
    assert again.figures["lm_calls"] == {}


def test_another_seed_is_another_configuration(compiled: TargetResult) -> None:
    other = SMALL.model_copy(update={"seed": 1})
    result = compile_small(compiled.folder.parent.parent, other)
    assert not result.reused
    assert result.figures["config"] != compiled.figures["config"]


def test_runs_are_tracked_under_the_contracts_names(tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    result = compile_small(root)
    client = MlflowClient(tracking_uri(root))
    where = result.figures["mlflow"]
    parent = client.get_run(where["run_id"])
    children = client.search_runs(
        [where["experiment_id"]], f"tags.`mlflow.parentRunId` = '{where['run_id']}'", max_results=200
    )
    assert parent.info.status == "FINISHED"
    assert {
        "target",
        "judge",
        "optimizer",
        "abstention",
        "threshold",
        "budget",
        "retrieved",
        "shortlist",
        "data_hash",
        "seed",
    } <= set(parent.data.params)
    assert parent.data.metrics["hypervolume"] == pytest.approx(result.figures["hypervolume"], abs=1e-3)
    tests = [run for run in children if run.data.tags["stage"] == "test"]
    assert len(tests) == 3 + len(result.figures["front"])
    assert len(children) == len(tests) + SMALL.trials
    for run in children:
        assert run.info.status == "FINISHED"
        assert run.data.tags["simulated"] == "true"
        assert {"safety", "avg_queries", "failures", "safety_lo", "safety_hi"} <= set(run.data.metrics)
        assert {"unreadable", "ungrounded", "off_target", "invalid", "falling", "invented"} <= set(run.data.metrics)
    assert (root / "artifacts").is_dir()
    [page] = opening_pages(tracking_uri(root), "http://127.0.0.1:5000")
    assert where["experiment_id"] in page.address


@pytest.mark.parametrize("model", ["sim/qwen-2.5-7b", "openai/gpt-4o", "sim/gpt-4o?misread=0.1", "a/b/c:d%e"])
def test_any_model_string_makes_a_name_that_mlflow_takes(tmp_path: Path, model: str) -> None:
    tracker = Tracker(tmp_path / "mlruns", {"name": "test", "hash": "0123456789"})
    folder, name = tmp_path / "program", f"raise-{slug_of(model)}"
    RAISE().save(folder)
    RAISE().save(folder / "front" / "p")
    tested = RunRecord(key="test/p", name="p", stage="test", params={"target": model})
    record = TrackingRecord(
        data={}, target=model, simulated=True, parent=tested, children=(tested,), program=name, chosen="p", front=("p",)
    )
    tracker.make_default()
    run = tracker.start(model, {"target": model}, {"stage": "compile"})
    chosen = log_programs(tracker, run, {"test/p": run}, record, folder)
    register_prompts(tracker, run, record, folder, chosen)
    assert tracker.client.get_model_version_by_alias(name, "champion").source == f"models:/{chosen.model_id}"


def test_bootstrap_random_gives_one_program(tmp_path: Path) -> None:
    settings = SMALL.model_copy(update={"optimizer": "bootstrap-random"})
    result = compile_small(tmp_path / "mlruns", settings)
    assert [entry["name"] for entry in result.figures["front"]] == ["bootstrap-random"]
    prompts = prompts_of(RAISE.load(result.folder))
    assert prompts["triage"]["demos"] == []
    assert any(prompt["demos"] for prompt in prompts.values())


@pytest.mark.parametrize(("field", "value"), [("optimizer", "magic"), ("pick", "best")])
def test_unknown_names_are_refused_before_anything_is_written(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(RaiseError, match=f"unknown {field} '{value}'"):
        compile_small(tmp_path / "mlruns", SMALL.model_copy(update={field: value}))
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()
    assert not (tmp_path / "mlruns" / "programs").exists()


def test_a_limit_on_the_front_is_a_rule_for_the_default_unless_another_is_given() -> None:
    assert SMALL.picked() == Pick("no-more-questions")
    assert SMALL.model_copy(update={"max_queries": 2.0}).picked() == Pick("max-queries", 2.0)
    assert SMALL.model_copy(update={"min_safety": 4.0}).picked() == Pick("min-safety", 4.0)
    assert SMALL.model_copy(update={"min_safety": 4.0, "pick": "knee"}).picked() == Pick("knee")


def test_exported_messages_are_what_the_program_sends(compiled: TargetResult) -> None:
    agent = RAISE.load(compiled.folder)
    exported = json.loads(export_program(agent, "messages"))
    assert "source of truth" in exported.pop("note")
    sent: list[list[dict[str, str]]] = []

    class Listener(dspy.ChatAdapter):
        def format(self, signature: object, demos: object, inputs: object) -> list[dict[str, str]]:
            messages: list[dict[str, str]] = super().format(signature, demos, inputs)
            sent.append(messages)
            return messages

    query, context = "Is it too late to start over?", "- age: 55-64 years"
    with dspy.context(lm=LanguageModels()[Role.TARGET], adapter=Listener()):
        agent.respond(query=query, context=context)
    filled = [
        {**m, "content": m["content"].replace("{{query}}", query).replace("{{context}}", context)}
        if m["role"] == "user"
        else m
        for m in exported["respond"]
    ]
    assert filled == sent[0]


def test_export_formats(compiled: TargetResult) -> None:
    agent = RAISE.load(compiled.folder)
    assert "## respond" in export_program(agent, "markdown")
    with pytest.raises(RaiseError, match=r"unknown export format 'yml' \(did you mean 'yaml'\?\)"):
        export_program(agent, "yml")


def test_a_limit_below_the_smallest_result_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    models = LanguageModels(store=ReplyStore(tmp_path / "replies.db"))
    workspace = Workspace(root=tmp_path, out=tmp_path / "p", limits=[MaxCalls(20)])
    with pytest.raises(RaiseError, match=r"--max-calls 20 is too low: the smallest result takes more than 1[0-9]+ LM"):
        compile_target(SMALL, build_authored(), models, workspace)
    assert models.ledger.snapshot().total().calls == 0
    assert not list(tmp_path.glob("p*"))


def test_a_limit_too_low_for_the_final_test_says_so_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    def compile_within(limit: int | None) -> TargetResult:
        models = LanguageModels(store=ReplyStore(tmp_path / "replies.db"))
        limits = [] if limit is None else [MaxCalls(limit)]
        workspace = Workspace(root=tmp_path, out=tmp_path / "p", limits=limits)
        try:
            return compile_target(SMALL, build_authored(), models, workspace)
        finally:
            assert limit is None or models.ledger.snapshot().total().calls <= limit + 1

    with pytest.raises(RaiseError, match=r"higher limit|raise the limit"):
        compile_within(400)
    assert compile_within(None).figures["stopped"] == ""
