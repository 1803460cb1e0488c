"""The record of trials: never more than planned, adopted when a worker dies, shared between workers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest

from modules import RAISE
from optimizers.pareto import study as module
from optimizers.pareto.search_space import Part, distributions, empty_pool, extended, plain
from optimizers.pareto.study import Opening, Round
from optimizers.storage import Storage, alive, worker
from signatures import RaiseError

STUDENT = RAISE()
DEAD = "elsewhere 1 00000000"


def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


def open_round(storage: Storage, trials: int = 5, number: int = 0, before: Round | None = None) -> Round:
    pool = before.pool if before else empty_pool()
    if number:
        pool = extended(pool, {"respond": [Part(origin="x", instruction=f"Round {number}.")]})
    return Round(
        storage,
        "search",
        number,
        seed=3,
        opening=lambda: Opening(pool, [plain(STUDENT)], trials),
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


def work(this: Round, most: int = 100) -> list[dict[str, Any]]:
    done = []
    while len(done) < most and (asked := this.claim()):
        params = this.choose(asked)
        this.tell(asked, value(params), 1, {"max_queries": params["budget"] - 2})
        done.append({"number": asked.number, **params})
    return done


def test_a_round_runs_as_many_trials_as_planned_the_given_ones_first() -> None:
    storage = Storage()
    done = work(open_round(storage))
    assert [entry.pop("number") for entry in done] == [0, 1, 2, 3, 4]
    assert done[0] == plain(STUDENT)
    assert work(open_round(storage)) == []


@pytest.mark.parametrize("stop", [1, 3, 4])
def test_a_resumed_round_proposes_what_an_undisturbed_one_would_have(tmp_path: Path, stop: int) -> None:
    undisturbed = work(open_round(Storage(), trials=12))
    first = work(open_round(Storage(url(tmp_path)), trials=12), most=stop)
    rest = work(open_round(Storage(url(tmp_path)), trials=12))
    assert first + rest == undisturbed


def test_a_trial_whose_worker_died_is_run_again_with_the_same_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = work(open_round(Storage(), trials=8))
    storage = Storage(url(tmp_path))
    this = open_round(storage, trials=8)
    work(this, most=3)
    asked = this.claim()
    assert asked is not None
    this.choose(asked)  # and here the process dies
    asked.trial.set_user_attr("worker", DEAD)
    monkeypatch.setattr(module, "alive", lambda name: name != DEAD)
    assert work(open_round(Storage(url(tmp_path)), trials=8)) == undisturbed[3:]


def test_a_later_round_knows_the_trials_before_and_has_wider_choices() -> None:
    storage = Storage()
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
    asked = first.claim()
    assert asked is not None
    first.choose(asked)
    first.give_up(asked)
    work(first)
    second = open_round(storage, number=1, before=first)
    assert [t.state for t in second.finished()][1] is optuna.trial.TrialState.FAIL
    assert next(entry["number"] for entry in work(second)) == 3


def test_workers_share_a_round_without_doing_anything_twice(tmp_path: Path) -> None:
    done: list[list[dict[str, Any]]] = []
    opened = []

    def opening() -> Opening:
        opened.append(1)
        return Opening(empty_pool(), [plain(STUDENT)], 12)

    def one() -> None:
        storage = Storage(url(tmp_path))
        this = Round(
            storage,
            "search",
            0,
            seed=0,
            opening=opening,
            distributions=lambda found: distributions(STUDENT, found),
        )
        done.append(work(this))

    at_once(one, 3)
    numbers = sorted(entry["number"] for entries in done for entry in entries)
    assert numbers == list(range(12))
    assert opened == [1]


def test_a_lock_lets_one_in_at_a_time_and_outlives_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = [0], [0]

    def one() -> None:
        with Storage(url(tmp_path)).alone("task"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1

    Storage(url(tmp_path))
    at_once(one, 4)
    assert most == [1]
    storage = Storage(url(tmp_path))
    optuna.create_study(storage=storage.inner, study_name="lock: task").set_user_attr("holder", DEAD)
    monkeypatch.setattr("optimizers.storage.alive", lambda name: name != DEAD)
    with storage.alone("task"):
        pass
    assert optuna.get_all_study_names(storage.inner) == []


def test_a_worker_is_alive_while_its_process_is() -> None:
    host, _, token = worker().split(" ")
    assert alive(worker())
    assert not alive(f"{host} 99999999 {token}")
    assert alive(DEAD)  # of other machines nothing is known


def test_a_storage_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="cannot open the storage"):
        Storage(f"sqlite:///{tmp_path}/no/such/folder/x.db")
    with pytest.raises(RaiseError, match="cannot open the storage"):
        Storage("nonsense")
