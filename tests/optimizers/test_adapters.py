"""DSPy's optimizers end to end on stand-ins: the same promises for all, also when something goes wrong."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.lm15 import Request
from dspy.utils.exceptions import LMAuthError, LMTransportError
from mlflow import MlflowClient

from benchmark import Scenario, Verdict, build_authored, sample, split
from benchmark.jobs.budget import Budget, MaxCalls
from lms import LanguageModels, Role, RoleSettings
from lms.engine import Model
from lms.simulation.prompt import Prompt, read
from lms.store import Reply
from modules import RAISE, AgentSettings
from modules.paths import PathIndex, PlannedPath
from optimizers import CompileSettings, Work, compile_target, tracking_uri
from optimizers.adapters.instrumentation import state_of
from optimizers.registry import OPTIMIZERS
from optimizers.task import Search, Task
from signatures import RaiseError
from tests.benchmark.scripted import listen
from tests.servers.openai_server import Fault, OpenAIServer

NAMES = ("bootstrap", "bootstrap-random", "mipro", "gepa", "simba", "copro")
SHOWING = ("bootstrap", "bootstrap-random", "mipro", "simba")
TAUGHT = ("mipro", "gepa", "copro")
"""Optimizers that cannot do without a teacher."""


class Odd:
    """A model that a test makes odd: ``trick`` sees each prompt, and replies, raises, or lets the model answer."""

    def __init__(self, model: Model, trick: Callable[[Prompt, int], str | None]) -> None:
        self.model, self.trick, self.identity = model, trick, model.identity
        self.calls = 0
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.calls += 1
            number = self.calls
        said = self.trick(read(request), number)
        return self.model.answer(request) if said is None else Reply(text=said, finish_reason="stop")

    async def aanswer(self, request: Request) -> Reply:
        return self.answer(request)


def odd(models: LanguageModels, role: Role, trick: Callable[[Prompt, int], str | None]) -> Odd:
    engine = models[role].engine
    engine.model = Odd(engine.model, trick)
    return engine.model


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Sequence[Scenario]]:
    data = build_authored()
    return {name: sample(split(data, name), size) for name, size in (("train", 7), ("dev", 5))}


@pytest.fixture
def task(scenarios: dict[str, Sequence[Scenario]], models: LanguageModels) -> Task:
    paths = PathIndex([
        PlannedPath(query=s.query, path=("mental_health_status",), value=4.0, evaluations=1, origin=s.situation)
        for s in scenarios["train"]
    ])  # fmt: skip
    return Task(RAISE(paths, AgentSettings(budget=2)), scenarios["train"], scenarios["dev"], models, trials=3)


def again(task: Task, **changes: Any) -> Task:
    """The same task with models, episodes and a budget of its own."""
    return replace(
        Task(task.student, task.train, task.dev, LanguageModels(task.models.roles), trials=task.trials), **changes
    )


def told(search: Search) -> list[Any]:
    """All that must be the same when a search is run again."""
    return [(t.name, t.point, t.params, state_of(t.program)) for t in [*search.trials, *search.front]]


@pytest.mark.parametrize("name", NAMES)
def test_a_search_gives_one_measured_program_and_all_that_was_tried(name: str, task: Task) -> None:
    counted = [odd(task.models, role, lambda prompt, number: None) for role in Role]
    search = OPTIMIZERS[name](task)
    assert search.stopped == ""
    assert search.account == {}
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
    assert told(OPTIMIZERS[name](again(task, seed=1))) != once


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


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        (3.5, "pass a function"),
        (lambda scenario, prediction: 1.0, "cannot be called with"),
        (lambda scenario, prediction, verdict: 1 / 0, "ZeroDivisionError"),
        (lambda scenario, prediction, verdict: float("nan"), "finite number"),
        (lambda scenario, prediction, verdict: None, "finite number"),
        (lambda scenario, prediction, verdict: True, "finite number"),
    ],
)
@pytest.mark.parametrize("name", ["bootstrap", "gepa"])
def test_a_metric_that_cannot_be_used_is_refused_before_the_first_call(
    name: str, metric: Any, problem: str, task: Task
) -> None:
    with pytest.raises(RaiseError, match=problem):
        OPTIMIZERS[name](replace(task, metric=metric))
    assert task.models.ledger.snapshot().total().calls == 0


@pytest.mark.parametrize("price", [-0.1, float("nan")])
def test_a_price_that_means_nothing_is_refused_before_the_first_call(price: float, task: Task) -> None:
    with pytest.raises(RaiseError, match="price of a question"):
        OPTIMIZERS["copro"](replace(task, price=price))
    assert task.models.ledger.snapshot().total().calls == 0


class Failing:
    """A metric that fails at some of its calls; those that try it out are not counted."""

    def __init__(self, fails: Callable[[int], bool]) -> None:
        self.fails, self.calls = fails, 0

    def __call__(self, scenario: Scenario, prediction: dspy.Prediction, verdict: Verdict) -> float:
        if scenario.id != "recorded":
            self.calls += 1
            if self.fails(self.calls):
                raise KeyError("no such thing")
        return float(verdict.safety or 0) - 0.1 * float(prediction.n_queries)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_that_fails_now_and_then_is_counted(name: str, task: Task) -> None:
    search = OPTIMIZERS[name](replace(task, metric=Failing(lambda call: call == 7)))
    assert search.account["metric failures"] == 1
    assert search.stopped == ""
    assert search.front


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_that_often_fails_ends_the_search_and_says_why(name: str, task: Task) -> None:
    with pytest.raises(RaiseError, match=r"\d+ of \d+ conversations could not be scored.*no such thing"):
        OPTIMIZERS[name](replace(task, metric=Failing(lambda call: call > 5 and call % 2 == 0)))


@pytest.mark.parametrize("name", NAMES)
def test_a_teacher_that_returns_rubbish_leaves_the_best_so_far(name: str, task: Task) -> None:
    odd(task.models, Role.TEACHER, lambda prompt, number: "As a large language model, hm.")
    search = OPTIMIZERS[name](task)
    [best] = search.front
    assert len(best.dev.scored) == len(task.dev)
    assert bool(search.account.get("replies of the teacher that could not be read")) is (name in (*TAUGHT, "simba"))
    assert all(trial.params["rewritten"] == "nothing" for trial in search.trials)


@pytest.mark.parametrize("name", TAUGHT)
def test_a_teacher_that_cannot_be_reached_leaves_the_best_so_far(name: str, task: Task) -> None:
    def silent(prompt: Prompt, number: int) -> str | None:
        raise LMTransportError("no route to host")

    odd(task.models, Role.TEACHER, silent)
    search = OPTIMIZERS[name](task)
    assert search.account["calls of the teacher that failed"] > 0
    assert search.front


@pytest.mark.parametrize("name", NAMES)
def test_a_target_that_refuses_gets_a_low_score_and_a_result(name: str, task: Task) -> None:
    roles = {**task.models.roles, Role.TARGET: RoleSettings(model="sim/gpt-4o?refuse=1", temperature=0.7)}
    search = OPTIMIZERS[name](
        again(task, models=LanguageModels(roles), dev=task.dev[:3], train=task.train[:4], trials=1)
    )
    [best] = search.front
    assert best.point[0] < 3


@pytest.mark.parametrize("name", NAMES)
def test_a_target_that_falls_silent_ends_the_search_and_says_why(name: str, task: Task) -> None:
    student = task.measure(task.student, "uncompiled")  # what is measured first is measured well
    assert student.unscored == 0
    odd(task.models, Role.TARGET, lambda prompt, number: "" if "response" in prompt.fields else None)
    with pytest.raises(RaiseError, match="could not be scored while optimizing: Unreadable"):
        OPTIMIZERS[name](task)


@pytest.mark.parametrize("role", [Role.TARGET, Role.JUDGE, Role.TEACHER])
@pytest.mark.parametrize("name", TAUGHT)
def test_a_key_that_is_refused_is_raised_as_it_is(name: str, role: Role, task: Task) -> None:
    after = {Role.TARGET: 70, Role.JUDGE: 8, Role.TEACHER: 0}[role]

    def revoked(prompt: Prompt, number: int) -> str | None:
        if number > after:
            raise LMAuthError("the key was revoked")
        return None

    model = odd(task.models, role, revoked)
    with pytest.raises(LMAuthError, match="revoked"):
        OPTIMIZERS[name](task)
    assert model.calls <= after + 2


@pytest.mark.parametrize("name", TAUGHT)
def test_instructions_that_tell_of_a_person_are_left_out(name: str, task: Task) -> None:
    secret = task.train[0].query

    def indiscreet(prompt: Prompt, number: int) -> str | None:
        field = next((name for name in prompt.fields if name.endswith("_instruction")), "")
        texts = dict.fromkeys(prompt.fields, "Name the risk.")
        return prompt.reply({**texts, field: f"Name the risk and be kind. Remember: {secret}"}) if field else None

    odd(task.models, Role.TEACHER, indiscreet)
    search = OPTIMIZERS[name](task)
    assert search.account["candidates left out for personal details"] > 0
    assert any(secret in p.signature.instructions for t in search.trials for p in t.program.predictors())
    assert not any(secret in p.signature.instructions for p in search.front[0].program.predictors())


def private(task: Task) -> Task:
    return replace(task, train=[s.model_copy(update={"source": "reddit"}) for s in task.train])


@pytest.mark.parametrize("name", SHOWING)
def test_conversations_of_real_people_are_refused_before_the_first_call(name: str, task: Task) -> None:
    with pytest.raises(RaiseError, match="--allow-private-demos"):
        OPTIMIZERS[name](private(task))
    assert task.models.ledger.snapshot().total().calls == 0


def demonstrated(search: Search) -> set[str]:
    predictors = [predictor for trial in search.trials for predictor in trial.program.predictors()]
    return {demo.query for predictor in predictors for demo in predictor.demos if "query" in demo}


def test_they_are_taken_if_that_is_allowed_and_left_out_of_a_mixture(task: Task) -> None:
    allowed = OPTIMIZERS["bootstrap"](replace(private(task), allow_private_demos=True))
    assert "private scenarios left out" not in allowed.account
    taken = min(demonstrated(allowed))
    mixed = [
        after if before.query == taken else before
        for before, after in zip(task.train, private(task).train, strict=True)
    ]
    search = OPTIMIZERS["bootstrap"](again(task, train=mixed))
    assert search.account["private scenarios left out"] == 1
    assert taken not in demonstrated(search)


def test_mipro_shows_teachers_the_agents_code_and_nothing_of_who_people_are(task: Task) -> None:
    prompts = listen(task.models, Role.TEACHER)
    OPTIMIZERS["mipro"](task)
    described = [prompt for prompt in prompts if "observations" in prompt.fields]
    assert described
    for prompt in described:
        assert task.train[0].query in prompt.text or task.train[-1].query in prompt.text
        assert "a person who answers questions" in prompt.text
        for scenario in task.train:
            assert str(scenario.profile.emotional_state) not in prompt.text
    assert any("class RAISE(dspy.Module)" in prompt.text for prompt in prompts)


def test_gepa_reflects_on_what_conversations_missed(task: Task) -> None:
    prompts = [prompt for prompt in listen_and_run(task, "gepa") if "new_instruction" in prompt.fields]
    assert len(prompts) == task.trials
    shown = " ".join(prompt.text for prompt in prompts)
    assert "of 5 for safety after" in shown
    assert "Best order for a question like this: mental health status." in shown
    assert "never mention names" in shown


def listen_and_run(task: Task, name: str) -> list[Prompt]:
    prompts = listen(task.models, Role.TEACHER)
    OPTIMIZERS[name](task)
    return prompts


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
    work = Work(root=tmp_path / "runs", out=tmp_path / "program")
    result = compile_target(settings, build_authored(), LanguageModels(), work)
    assert [entry["name"] for entry in result.figures["front"]] == ["gepa"]
    client, where = MlflowClient(tracking_uri(tmp_path / "runs")), result.figures["mlflow"]
    runs = client.search_runs([where["experiment_id"]], "tags.stage = 'dev'")
    names = {run.info.run_name for run in runs}
    assert {"gepa"} < names <= {"gepa", "uncompiled", *(f"gepa-{number:02d}" for number in range(20))}
    for run in runs:
        assert run.data.params["optimizer"] == "gepa"
        assert run.data.params["measured_on"].split()[0] in ("dev", "train")
        assert 1 <= run.data.metrics["safety"] <= 5
        assert run.data.tags["pareto"] == str(run.info.run_name == "gepa").lower()


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
