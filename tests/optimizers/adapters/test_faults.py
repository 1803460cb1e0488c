"""DSPy's optimizers when something goes wrong: nothing that fails becomes a score, and what ends a search is said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import LMAuthError, LMTransportError

from benchmark import Scenario, Verdict
from lms import LanguageModels, Role, RoleSettings
from lms.simulation.prompt import Prompt
from modules import RAISE
from optimizers.adapters.outcome import OptimizerTraits
from optimizers.adapters.run import OptimizerRun
from optimizers.registry import OPTIMIZERS
from optimizers.task import Task
from signatures import RaiseError
from tests.optimizers.adapters.odd import NAMES, TAUGHT, again, odd


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
    assert search.issues["metric failures"] == 1
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
    assert bool(search.issues.get("replies of the teacher that could not be read")) is (name in (*TAUGHT, "simba"))
    assert all(trial.params["rewritten"] == "nothing" for trial in search.trials)


@pytest.mark.parametrize("name", TAUGHT)
def test_a_teacher_that_cannot_be_reached_leaves_the_best_so_far(name: str, task: Task) -> None:
    def silent(prompt: Prompt, number: int) -> str | None:
        raise LMTransportError("no route to host")

    odd(task.models, Role.TEACHER, silent)
    search = OPTIMIZERS[name](task)
    assert search.issues["calls of the teacher that failed"] > 0
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


def test_an_optimizer_that_cannot_cope_ends_with_the_best_so_far_and_its_reason(task: Task) -> None:
    def compile_student() -> RAISE:
        raise KeyError("missing")

    search = OptimizerRun(task, OptimizerTraits("odd one")).search(compile_student)
    assert search.stopped == "odd one gave up (KeyError: 'missing')"
    assert search.issues == {"optimizer failures": 1}
    assert [candidate.name for candidate in search.front] == ["odd one"]


def test_a_judge_that_cannot_be_read_ends_the_search_before_the_optimizer_starts(task: Task) -> None:
    roles = {**task.models.roles, Role.JUDGE: RoleSettings(model="sim/judge?misread=1")}
    with pytest.raises(RaiseError, match="5 of 5 conversations of the uncompiled program could not be scored"):
        OPTIMIZERS["copro"](again(task, models=LanguageModels(roles)))
