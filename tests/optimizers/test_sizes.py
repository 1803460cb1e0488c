"""How much work a compile is: sizes, their limit and forecast, and what trials share so that it is paid for once."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmark import Scenario, build_authored, evaluate, sample, split
from benchmark.jobs.budget import Budget, BudgetSpent, MaxCalls, OwnCalls
from benchmark.jobs.journal import Journal
from lms import LanguageModels, ReplyStore, Role
from lms.ledger import Usage
from lms.store import Charge, Reply
from modules import RAISE, AgentSettings, Vanilla
from optimizers import Candidate, CompileSettings, Pick, Search, Task
from optimizers.defaults import SIZES, SMALL_CALLS
from optimizers.forecast import size_compile
from optimizers.held_out import measure_held_out
from optimizers.least import least_calls

DATA = build_authored()
DEV, TEST = sample(split(DATA, "dev"), 2), sample(split(DATA, "test"), 3)


@pytest.mark.parametrize("size", SIZES)
def test_numbers_that_are_not_given_are_those_of_the_size(size: str) -> None:
    settings = CompileSettings.model_validate({"size": size, "trials": 3, "dev": None})
    assert settings.trials == 3
    assert {name: getattr(settings, name) for name in vars(SIZES["full"])} == {
        **vars(SIZES[settings.size]),
        "trials": 3,
    }


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValidationError, match="'small', 'medium' or 'full'"):
        CompileSettings.model_validate({"size": "tiny"})


def test_the_small_one_has_a_limit_of_its_own_less_what_its_search_has_spent(tmp_path: Path) -> None:
    small, store = CompileSettings(size="small"), ReplyStore(tmp_path / "replies.db")
    assert small.limits() == [OwnCalls(SMALL_CALLS, by="--budget small")]
    assert CompileSettings().limits() == []
    for key, jobs in (("a", ("compile x",)), ("b", ("compile x", "compile x result"))):
        store.put(key, Reply(text="yes"), Charge(Role.TARGET, Usage(calls=10), jobs))
    assert small.limits(store, "compile x") == [OwnCalls(SMALL_CALLS - 10, by="--budget small", measured=10)]
    assert least_calls(small.dev, small.test) < SMALL_CALLS


def test_the_forecast_of_each_size_is_within_its_limit_and_the_default_takes_half_of_the_full_one() -> None:
    small, medium, full = (size_compile(CompileSettings.model_validate({"size": size})) for size in SIZES)
    assert small is not None
    assert medium is not None
    assert full is not None
    assert small.limit == SMALL_CALLS >= small.calls
    assert medium.calls <= full.calls / 2
    assert medium.limit is full.limit is None
    assert small.detectable > medium.detectable > full.detectable > 0
    assert size_compile(CompileSettings(optimizer="gepa")) is None


def front_of(*programs: RAISE, task: Task) -> Search:
    found = [Candidate(f"trial-{i}", p, task.measure(p, f"trial-{i}"), {}) for i, p in enumerate(programs)]
    return Search(found, found)


def test_a_limit_met_in_the_test_leaves_the_default_program_and_what_it_can_pay_for() -> None:
    programs = [RAISE(settings=AgentSettings(budget=budget)) for budget in (2.0, 1.0, 0.0)]
    respond = programs[2].respond  # asks for answers of its own, so the last member costs something
    respond.signature = respond.signature.with_instructions("Answer in one plain sentence.")

    def tested(limit: int | None, pick: str = "max-safety") -> tuple[int, list[str], int, str]:
        task = Task(RAISE(), DEV, DEV, LanguageModels())
        search = front_of(*programs, task=task)
        spent = task.models.ledger.snapshot().total().calls
        budget = Budget(task.models.ledger, [] if limit is None else [MaxCalls(limit)])
        with budget.enforced():
            found = measure_held_out(task, TEST, search, Pick.parse(pick))
        names = [member.name for member in found.front]
        assert set(found.tests) == {"vanilla", "context-rich", "raise", *names}
        calls = task.models.ledger.snapshot().total().calls - spent
        return calls, names, found.left_out, found.front[found.chosen].name

    calls, names, left_out, default = tested(None)
    assert (names, left_out) == (["trial-0", "trial-1", "trial-2"], 0)
    fewer, some, untested, still = tested(calls - 1)
    assert fewer <= calls - 1
    assert (len(some), untested, still) == (2, 1, default)
    with pytest.raises(BudgetSpent):
        tested(10)


def calls_of(models: LanguageModels, program: RAISE | Vanilla, scenarios: list[Scenario]) -> dict[str, int]:
    """What evaluating ``program`` without finished episodes takes of the models, by role."""
    before = models.ledger.snapshot().calls()
    evaluate(program, scenarios, models=models, name="program", store=Journal())
    return {role: n - before.get(role, 0) for role, n in models.ledger.snapshot().calls().items()}


def test_an_answer_is_judged_once_whoever_gives_it() -> None:
    models = LanguageModels()
    assert calls_of(models, Vanilla(), TEST)["judge"] == len(TEST)
    silent = RAISE(settings=AgentSettings(budget=0.0))
    assert calls_of(models, silent, TEST)["judge"] == 0  # it says what vanilla says


def test_a_trial_with_another_instruction_for_the_last_step_pays_for_that_step_and_its_judgement_alone() -> None:
    models, other = LanguageModels(), RAISE()
    assert calls_of(models, RAISE(), TEST)["user"] > 0
    other.respond.signature = other.respond.signature.with_instructions("Answer kindly, and name the risk.")
    paid = calls_of(models, other, TEST)
    assert paid["target"] == len(TEST)
    assert paid["judge"] <= len(TEST)
    assert paid["user"] == 0
