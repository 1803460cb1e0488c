"""The record of trials: never more than planned, adopted when a worker dies, shared between workers."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest

from lms.workers import worker
from modules import RAISE
from optimizers.pareto import study as module
from optimizers.pareto.search_space import ComponentOption, distributions, extend_pool, start_pool, student_params
from optimizers.pareto.study import RoundPlan, StudyRound
from optimizers.storage import Storage
from signatures import RaiseError

STUDENT = RAISE()
DEAD = "elsewhere 1 00000000"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where studies are kept by default."""
    return tmp_path / "studies.journal"


@pytest.fixture(params=["journal", "rdb"])
def place(request: pytest.FixtureRequest, journal: Path) -> Path | str:
    """The default, and an RDB."""
    return journal if request.param == "journal" else f"sqlite:///{journal.with_suffix('.db')}"


def open_round(storage: Storage, trials: int = 5, number: int = 0, before: StudyRound | None = None) -> StudyRound:
    pool = before.pool if before else start_pool()
    if number:
        pool = extend_pool(pool, {"respond": [ComponentOption(origin="x", instruction=f"Round {number}.")]})
    return StudyRound(
        storage,
        "search",
        number,
        seed=3,
        plan=lambda: RoundPlan(pool, [student_params(STUDENT)], trials),
        distributions=lambda found: distributions(STUDENT, found),
        before=before,
    )


def value(params: dict[str, Any]) -> tuple[float, float]:
    """A made-up landscape."""
    return 3.0 + 0.2 * params["budget"] - 0.1 * params["threshold"] % 3, float(params["budget"])


def at_once(job: Callable[[], None], times: int) -> None:
    with ThreadPoolExecutor(times) as pool:
        for task in [pool.submit(job) for _ in range(times)]:
            task.result()


def work(this: StudyRound, most: int = 100) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    while len(done) < most and (claimed := this.claim()):
        params: dict[str, Any] = {**this.choose(claimed)}
        this.tell(claimed, value(params), 1, {"max_queries": params["budget"] - 2})
        done.append({"number": claimed.number, **params})
    return done


def test_a_round_runs_as_many_trials_as_planned_the_given_ones_first() -> None:
    storage = Storage()
    done = work(open_round(storage))
    assert [entry.pop("number") for entry in done] == [0, 1, 2, 3, 4]
    assert done[0] == student_params(STUDENT)
    assert work(open_round(storage)) == []


def test_a_resumed_round_proposes_what_an_undisturbed_one_would_have(journal: Path) -> None:
    undisturbed = work(open_round(Storage(), trials=12))
    done = []
    for most in (1, 2, 1, 100):
        done += work(open_round(Storage(journal), trials=12), most)
    assert done == undisturbed


def test_a_trial_whose_worker_died_is_run_again_with_the_same_parameters(
    place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = work(open_round(Storage(), trials=8))
    this = open_round(Storage(place), trials=8)
    work(this, most=3)
    claimed = this.claim()
    assert claimed is not None
    this.choose(claimed)  # and here the process dies
    claimed.trial.set_user_attr("claim", {"worker": DEAD, "at": time.time()})
    monkeypatch.setattr(module, "alive", lambda name: name != DEAD)
    assert work(open_round(Storage(place), trials=8)) == undisturbed[3:]


def test_a_trial_taken_but_not_signed_for_is_claimed_at_once(place: Path | str) -> None:
    undisturbed = work(open_round(Storage(), trials=3))
    this = open_round(Storage(place), trials=3)
    this._study.ask()  # and here the process dies
    assert work(open_round(Storage(place), trials=3)) == undisturbed


def test_a_trial_of_another_machine_is_taken_over_once_and_late(journal: Path) -> None:
    this = open_round(Storage(journal), trials=1)
    claimed = this.claim()
    assert claimed is not None
    late = time.time() - module.LOST_SECONDS - 1
    claimed.trial.set_user_attr("claim", {"worker": DEAD, "at": late})
    again = open_round(Storage(journal), trials=1)
    assert again.claim() is not None
    [trial] = again._study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
    assert not module._is_orphaned(trial, worker())  # it is the second worker's now, and that one lives


def test_a_trial_that_is_released_is_claimed_by_the_next(journal: Path) -> None:
    this = open_round(Storage(journal), trials=2)
    claimed = this.claim()
    assert claimed is not None
    this.release(claimed)
    assert [entry["number"] for entry in work(open_round(Storage(journal), trials=2))] == [0, 1]


def test_a_later_round_knows_the_trials_before_and_has_wider_choices(journal: Path) -> None:
    storage = Storage(journal)
    first = open_round(storage)
    work(first)
    second = open_round(storage, number=1, before=first)
    assert [trial.number for trial in second.finished()] == [0, 1, 2, 3, 4]
    assert [t.values for t in second.finished()] == [t.values for t in first.finished()]
    assert [t.constraints for t in second.finished()] == [t.constraints for t in first.finished()]
    assert len(second.pool["respond"]) == 2
    assert [entry["number"] for entry in work(second)] == [5, 6, 7, 8, 9]


def test_trials_that_failed_keep_their_numbers_in_later_rounds() -> None:
    storage = Storage()
    first = open_round(storage, trials=3)
    work(first, most=1)
    claimed = first.claim()
    assert claimed is not None
    first.choose(claimed)
    first.give_up(claimed)
    work(first)
    second = open_round(storage, number=1, before=first)
    assert [t.state for t in second.finished()][1] is optuna.trial.TrialState.FAIL
    assert next(entry["number"] for entry in work(second)) == 3


def test_workers_share_a_round_without_doing_anything_twice(place: Path | str) -> None:
    done: list[list[dict[str, Any]]] = []
    planned = []

    def plan() -> RoundPlan:
        planned.append(1)
        return RoundPlan(start_pool(), [student_params(STUDENT)], 12)

    def one() -> None:
        this = StudyRound(
            Storage(place), "search", 0, seed=0, plan=plan, distributions=lambda found: distributions(STUDENT, found)
        )
        done.append(work(this))

    at_once(one, 3)
    numbers = sorted(entry["number"] for entries in done for entry in entries)
    assert numbers == list(range(12))
    assert planned == [1]


START: list[Any] = []
"""In a process of the pool, the barrier that all three meet at."""


def claim_all(journal: Path) -> list[int]:
    """What one process does, once all have got so far: claim until there is nothing left."""
    this, numbers = open_round(Storage(journal), trials=80), []
    START[0].wait(timeout=60)
    while claimed := this.claim():
        numbers.append(claimed.number)
        this.tell(claimed, (3.0, 1.0), 1, {})
    return numbers


def test_three_processes_claim_every_queued_trial_exactly_once(journal: Path) -> None:
    open_round(Storage(journal), trials=80)
    context = multiprocessing.get_context("fork")
    with context.Pool(3, START.append, [context.Barrier(3)]) as pool:
        numbers = pool.map(claim_all, [journal] * 3, chunksize=1)
    assert sorted(number for claimed in numbers for number in claimed) == list(range(80))
    done = open_round(Storage(journal), trials=80)._study.get_trials()
    assert [trial.state for trial in done] == [optuna.trial.TrialState.COMPLETE] * 80


def test_a_search_that_an_earlier_version_began_is_refused_and_can_be_forgotten(journal: Path) -> None:
    storage = Storage(journal)
    old = optuna.create_study(storage=storage.inner, study_name="search round 0", directions=["maximize", "minimize"])
    old.enqueue_trial({})
    for attributes in ({}, {"parts": "{}", "total": 1, "account": {}}):
        for name, content in attributes.items():
            old.set_user_attr(name, content)
        with pytest.raises(RaiseError, match=r"'search'.*begun by an earlier version.*--fresh starts it anew"):
            open_round(Storage(journal))
    storage.forget("search")
    assert len(work(open_round(Storage(journal)))) == 5
