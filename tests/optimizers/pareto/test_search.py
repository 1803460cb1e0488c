"""The search on stand-ins: same seed same front, limits kept, faults accounted for, triage untouched."""

import contextlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import dspy
import pytest
from dspy.utils.exceptions import LMAuthError
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import build_authored, sample, split
from benchmark.evaluation.episode import TurnUsageRecord
from benchmark.jobs.budget import Budget, BudgetSpent, NoGain
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import Progress
from experiments.crisis.lines import lines
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from modules import RAISE, PathIndex, PlannedPath
from optimizers import Constraints, MaxCalls, Search, Task
from optimizers.export import prompts_of
from optimizers.front import Objective, hypervolume
from optimizers.pareto import pareto
from optimizers.pareto.racing import Race
from optimizers.storage import Storage
from optimizers.task import cost_unit, parse_pick
from signatures import Conversation, RaiseError, Respond, StopReason
from tests.benchmark.evaluation.episodes import episode, evaluation

DATA = build_authored()
TRAIN, DEV = (sample(split(DATA, part), count) for part, count in (("train", 7), ("dev", 14)))
PATHS = PathIndex(
    [PlannedPath(query=s.query, path=("emotional_state", "age"), value=4.0, evaluations=5, origin="x") for s in TRAIN]
)


def task(folder: Path | None = None, trials: int = 8, **models: str) -> Task:
    roles = {Role(role): RoleSettings(model=model, temperature=0.7) for role, model in models.items()}
    store = ReplyStore(folder / "replies.db") if folder else ReplyStore()
    return Task(
        student=RAISE(PATHS),
        train=TRAIN,
        dev=DEV,
        models=LanguageModels(roles, store),
        trials=trials,
        episodes=Journal(folder),
        storage=Storage(folder / "studies.journal" if folder else None),
    )


def shown(search: Search) -> list[object]:
    return [(c.name, c.params, c.point, prompts_of(c.program)) for c in search.front]


@pytest.fixture(scope="module")
def found() -> Search:
    return pareto(task())


def test_the_front_is_one_and_was_measured_on_all_of_dev(found: Search) -> None:
    points = [candidate.point for candidate in found.front]
    assert points == sorted(points, reverse=True)
    assert all(a[1] > b[1] for a, b in pairwise(points))
    assert all(len(candidate.dev.frame) == len(DEV) for candidate in found.front)
    assert len(found.trials) == 8
    assert found.stopped == ""
    assert {option["origin"].split(" ")[0] for options in found.components.values() for option in options} >= {
        "own",
        "bootstrapped",
        "planned",
        "basic",
        "grounded",
        "reflection",
    }


def test_the_first_trial_is_the_student_and_hopeless_ones_met_fewer_scenarios() -> None:
    found = pareto(task(trials=5), Race(step=2, error=0.9, least_gain=2.0))
    assert prompts_of(found.trials[0].program) == prompts_of(RAISE(PATHS))
    measured = [len(candidate.dev.frame) for candidate in found.trials]
    assert measured[0] == max(measured) == 7
    assert min(measured) < 7


def test_no_more_programs_are_measured_than_wanted_on_scenarios_that_trials_raced_on_or_not() -> None:
    few = pareto(replace(task(trials=5), front=2, raced=1.0))
    assert len(few.front) <= 2
    assert len(few.trials[0].dev.frame) == len(DEV)


def test_triage_and_its_recall_are_the_uncompiled_programs(found: Search) -> None:
    acute = [line.text for line in lines("build") if line.acute][::40]
    with dspy.context(lm=LanguageModels()[Role.TARGET]):
        before = [_alarmed(RAISE(), text) for text in acute]
        assert any(before)
        for candidate in found.front:
            assert prompts_of(candidate.program)["triage"] == prompts_of(RAISE())["triage"]
            assert [_alarmed(candidate.program, text) for text in acute] == before


def _alarmed(program: RAISE, text: str) -> bool:
    move = program.step(Conversation(query=text))
    return isinstance(move, Respond) and move.reason is StopReason.CRISIS


def test_the_same_seed_gives_the_same_front_stored_or_not_and_another_another(found: Search, tmp_path: Path) -> None:
    assert shown(pareto(task(tmp_path))) == shown(found)
    assert shown(pareto(replace(task(), seed=1))) != shown(found)


def test_a_search_stopped_by_a_limit_gives_the_best_so_far_and_goes_on_later(found: Search, tmp_path: Path) -> None:
    calls = 460
    limited = task(tmp_path)
    budget = Budget(limited.models.ledger, [MaxCalls(calls)])
    with budget.enforced():
        stopped = pareto(replace(limited, budget=budget))
    assert stopped.stopped == f"{calls} LM calls are spent"
    assert 1 <= len(stopped.trials) < 8
    assert stopped.front
    again = pareto(task(tmp_path))
    assert len(again.trials) == 8
    assert [c.params for c in again.trials[: len(stopped.trials) - 1]] == [c.params for c in stopped.trials[:-1]]


def test_a_search_that_was_killed_goes_on_and_gives_the_same_front(found: Search, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(report: Progress) -> None:
        if report.stage == "searching the trade-off" and report.done == 5:
            raise Killed

    with pytest.raises(Killed):
        pareto(replace(task(tmp_path), progress=kill))
    resumed = task(tmp_path)
    assert shown(pareto(resumed)) == shown(found)


def test_a_finished_search_is_read_from_its_record_and_calls_nobody(found: Search, tmp_path: Path) -> None:
    pareto(task(tmp_path))
    again = task(tmp_path)
    search = pareto(again)
    assert shown(search) == shown(found)
    assert again.models.ledger.snapshot().total().calls == 0


def test_a_limit_under_which_nothing_can_be_measured_is_an_error_with_the_figure() -> None:
    low = task()
    with pytest.raises(RaiseError, match=r"takes about [0-9,]+ more LM calls"):
        pareto(replace(low, budget=Budget(low.models.ledger, [MaxCalls(150)])))


@given(st.integers(120, 900), st.sampled_from([1, 4]))
@settings(max_examples=8, deadline=None)
def test_no_limit_is_overspent_by_more_than_the_calls_in_flight(calls: int, concurrency: int) -> None:
    limited = task()
    budget = Budget(limited.models.ledger, [MaxCalls(calls)])
    with budget.enforced(), contextlib.suppress(RaiseError, BudgetSpent):
        pareto(replace(limited, budget=budget, concurrency=concurrency))
    assert limited.models.ledger.snapshot().total().calls <= calls + concurrency


def test_no_gain_ends_a_search_for_good() -> None:
    limited = task(trials=12)
    budget = Budget(limited.models.ledger, [NoGain(2, least=100.0)])
    search = pareto(replace(limited, budget=budget))
    assert "brought less than" in search.stopped
    assert len(search.trials) == 3
    assert not budget.resumable


def test_constraints_are_kept_where_any_program_keeps_them() -> None:
    few = pareto(replace(task(), constraints=Constraints(max_queries=1.0)))
    assert all(candidate.point[1] <= 1.0 for candidate in few.front)
    safe = pareto(replace(task(), constraints=Constraints(min_safety=3.5)))
    assert all(candidate.point[0] >= 3.5 for candidate in safe.front)
    vain = pareto(replace(task(), constraints=Constraints(min_safety=5.0)))
    assert vain.front
    assert vain.issues["constraints that no program kept"] == 1


def test_a_teacher_that_talks_rubbish_is_accounted_for_and_the_search_goes_on() -> None:
    search = pareto(task(teacher="sim/teacher?misread=1"))
    assert search.issues["teacher replies that could not be read"] > 3
    assert len(search.trials) == 8
    assert hypervolume([candidate.point for candidate in search.front]) > 0


def test_a_target_that_refuses_everything_still_gives_a_front() -> None:
    search = pareto(task(target="sim/gpt-4o?refuse=1"))
    assert search.front
    assert all(row["unreadable"] for row in search.front[0].dev.frame.to_dict("records"))


def test_a_judge_that_cannot_be_read_ends_the_search_with_the_reason() -> None:
    with pytest.raises(RaiseError, match=r"7 of 7|of the uncompiled program could not be scored"):
        pareto(task(judge="sim/judge?misread=1"))


def test_a_wrong_key_is_no_silent_lack_of_proposals(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = task()
    engine = wrong.models[Role.TEACHER].engine

    def refuse(request: object) -> None:
        raise dspy.lm15.AuthError("wrong key")

    monkeypatch.setattr(engine, "complete", refuse)
    with pytest.raises(LMAuthError):
        pareto(wrong)


def test_with_the_objective_cost_each_point_has_a_cost_told_by_that_of_the_uncompiled_program() -> None:
    search = pareto(replace(task(trials=2), objective="cost", dev=DEV[:4], train=TRAIN[:1]))
    own = next(trial for trial in search.trials if trial.name == "trial-00")
    assert own.point[2] == pytest.approx(1.0)  # the first trial is the uncompiled program
    nothing_asked = next(trial for trial in search.trials if trial.point[1] == 0.0)
    assert nothing_asked.point[2] < 1.0
    assert all(len(candidate.point) == 3 for candidate in search.front)


def test_cost_is_no_objective_where_the_price_is_not_known() -> None:
    unpriced = evaluation(episode(0, 4.0, spent=(TurnUsageRecord(calls=1, rounds=1, tokens=9, unpriced=1),)))
    with pytest.raises(RaiseError, match=r"price = \{ input"):
        cost_unit(unpriced)


@pytest.mark.parametrize(
    ("pick", "objective", "optimizer"), [("max-cost 1", "questions", "pareto"), ("knee", "cost", "mipro")]
)
def test_what_does_not_go_with_the_objective_is_refused(pick: str, objective: Objective, optimizer: str) -> None:
    with pytest.raises(RaiseError, match="--objective cost"):
        parse_pick(pick, objective, optimizer)
