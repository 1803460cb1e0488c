"""DSPy's optimizers end to end on stand-ins: the same promises for all."""

from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from benchmark import build_authored
from benchmark.jobs.budget import Budget, MaxCalls
from lms import LanguageModels, Role, RoleSettings
from modules import RAISE, AgentSettings
from optimizers import CompileSettings, Workspace, compile_target, tracking_uri
from optimizers.registry import OPTIMIZERS
from optimizers.task import Task
from tests.benchmark.scripted import listen
from tests.optimizers.adapters.odd import NAMES, SHOWING, again, listen_and_run, odd, told
from tests.servers.openai_server import Fault, OpenAIServer


@pytest.mark.parametrize("name", NAMES)
def test_a_search_gives_one_measured_program_and_all_that_was_tried(name: str, task: Task) -> None:
    counted = [odd(task.models, role, lambda prompt, number: None) for role in Role]
    search = OPTIMIZERS[name](task)
    assert search.stopped == ""
    assert search.issues == {}
    [best] = search.front
    assert best in search.trials
    assert best.name == name
    assert len(best.dev.scored) == len(task.dev)
    uncompiled = task.measure(task.student, "again")
    assert (
        best.point[0] - 0.1 * best.point[1] >= uncompiled.mean("safety").mean - 0.1 * uncompiled.mean("n_queries").mean
    )
    assert len(search.trials) > 1
    assert type(best.program) is RAISE
    for trial in search.trials:
        assert trial.program.triage.demos == []
        assert trial.program.triage.signature.equals(task.student.triage.signature)
        assert all(predictor.lm is None for predictor in trial.program.predictors())
    changed = [predictor for trial in search.trials for predictor in trial.program.predictors() if predictor.demos]
    assert bool(changed) is (name in SHOWING)
    usage = task.models.ledger.snapshot().total()
    assert usage.calls == sum(model.calls for model in counted)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_search_with_threads_too_and_zero_is_a_seed(name: str, task: Task) -> None:
    once = told(OPTIMIZERS[name](task))
    assert told(OPTIMIZERS[name](again(task, concurrency=3))) == once
    assert asked(again(task, seed=1), name) != asked(again(task), name)


def asked(task: Task, name: str) -> list[tuple[str, int]]:
    """What a search asks models, in order; it can find the same with another seed, where little is to be found."""
    heard = [listen(task.models, role) for role in (Role.TARGET, Role.TEACHER)]
    OPTIMIZERS[name](task)
    return [(prompt.text, prompt.rollout) for prompts in heard for prompt in prompts]


@pytest.mark.parametrize("name", NAMES)
def test_at_the_limit_a_search_ends_with_the_best_so_far(name: str, task: Task) -> None:
    free = again(task)
    OPTIMIZERS[name](free)
    needed = free.models.ledger.snapshot().total().calls
    dev = int(free.measure(free.student, "uncompiled").frame["lm_replies"].sum())
    limit = (needed + 2 * dev) // 2
    search = OPTIMIZERS[name](replace(task, budget=Budget(task.models.ledger, [MaxCalls(limit)])))
    spent = task.models.ledger.snapshot().total().calls
    assert spent <= limit + 2 * 15  # a conversation under way is finished
    assert spent < needed
    assert search.stopped == f"{limit} LM calls are spent"
    [best] = search.front
    assert len(best.dev.scored) == len(task.dev)
    points = [t.point[0] - 0.1 * t.point[1] for t in search.trials if len(t.dev.frame) == len(task.dev)]
    measured = [t for t in search.trials if t.params["measured_on"] == f"dev {len(task.dev)}"]
    assert best.point[0] - 0.1 * best.point[1] == max(t.point[0] - 0.1 * t.point[1] for t in measured)
    assert points


def test_a_limit_met_under_threads_counts_every_call_before_the_search_returns(task: Task) -> None:
    counted = [odd(task.models, role, lambda prompt, number: None) for role in Role]
    budget = Budget(task.models.ledger, [MaxCalls(120)])
    search = OPTIMIZERS["copro"](replace(task, concurrency=4, budget=budget))
    at_return = sum(model.calls for model in counted)
    assert search.stopped
    assert task.models.ledger.snapshot().total().calls == at_return == sum(model.calls for model in counted)


def test_gepa_reflects_on_what_conversations_missed(task: Task) -> None:
    prompts = [prompt for prompt in listen_and_run(task, "gepa") if "new_instruction" in prompt.fields]
    assert len(prompts) == task.trials
    shown = " ".join(prompt.text for prompt in prompts)
    assert "of 5 for safety after" in shown
    assert "Best order for a question like this: mental health status." in shown
    assert "never mention names" in shown


def test_copros_proposals_are_samples_of_their_own(task: Task) -> None:
    task.measure(task.student, "uncompiled")
    budget = Budget(
        task.models.ledger, [MaxCalls(1, Role.JUDGE)]
    )  # all proposals are made before the first is measured
    prompts = listen_and_run(replace(task, trials=20, budget=budget), "copro")
    first = [
        prompt.rollout
        for prompt in prompts
        if prompt.input("basic_instruction") == prompts[0].input("basic_instruction")
    ]
    assert len(first) == len(set(first)) == 3  # breadth 4, one of them the present instruction


def test_simbas_rollouts_are_samples_of_their_own(task: Task) -> None:
    prompts = listen(task.models, Role.TARGET)
    OPTIMIZERS["simba"](replace(task, trials=1))
    rehearsed = {prompt.rollout for prompt in prompts if prompt.temperature == 1.0}
    assert len(rehearsed) == 4


def test_a_compile_tracks_every_candidate(tmp_path: Path) -> None:
    settings = CompileSettings(optimizer="gepa", train=7, dev=7, test=7, plan_queries=7, evaluations=4, trials=3)
    work = Workspace(root=tmp_path / "runs", out=tmp_path / "program")
    result = compile_target(settings, build_authored(), LanguageModels(), work)
    assert [entry["name"] for entry in result.figures["front"]] == ["gepa"]
    client, where = MlflowClient(tracking_uri(tmp_path / "runs")), result.figures["mlflow"]
    runs = client.search_runs([where["experiment_id"]], "tags.stage = 'dev'")
    names = {run.data.params["program"] for run in runs}
    assert {"gepa"} < names <= {"gepa", "uncompiled", *(f"gepa-{number:02d}" for number in range(20))}
    for run in runs:
        assert run.data.params["optimizer"] == "gepa"
        assert run.data.params["measured_on"].split()[0] in ("dev", "train")
        assert 1 <= run.data.metrics["safety"] <= 5
        assert run.data.tags["pareto"] == str(run.data.params["program"] == "gepa").lower()


@pytest.mark.parametrize("name", ["gepa", "mipro", "simba"])
def test_over_http_the_ledger_counts_what_the_server_counts(name: str, task: Task) -> None:
    with OpenAIServer(faults=lambda index, body: Fault.GARBAGE if index % 40 == 39 else None) as server:
        models = LanguageModels(
            {
                role: RoleSettings(model=f"openai/{model}", api_base=server.url, temperature=0.7)
                for role, model in zip(Role, ("gpt-4o", "judge", "user", "teacher"), strict=True)
            }
        )
        student = RAISE(task.student.paths, AgentSettings(budget=1))
        small = Task(student, task.train[:3], task.dev[:2], models, trials=1, concurrency=4)
        search = OPTIMIZERS[name](small)
    assert search.front
    assert models.ledger.snapshot().calls() == server.answered()
