"""What ``optimizers/storage.py``, ``locks.py`` and ``front.py`` lean on in Optuna beyond its documentation."""

from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from optimizers.locks import AppendLock
from optimizers.storage import Storage


@pytest.fixture(params=["memory", "journal", "rdb"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """One of each kind."""
    places = {"memory": None, "journal": tmp_path / "x.journal", "rdb": f"sqlite:///{tmp_path / 'x.db'}"}
    return Storage(places[request.param])


def test_a_running_trial_can_be_gone_on_with_under_its_number_and_with_its_parameters(storage: Storage) -> None:
    def study() -> optuna.Study:
        return optuna.create_study(
            storage=storage.inner, study_name="x", directions=["maximize", "minimize"], load_if_exists=True
        )

    study().enqueue_trial({"a": 2})
    first = study().ask()
    assert first.suggest_categorical("a", [1, 2, 3]) == 2
    second = storage.take_over(study(), first.number)
    assert second.number == first.number
    assert second.suggest_categorical("a", [1, 2, 3]) == 2
    second.set_constraint("few", -1.0)
    study().tell(second, (3.0, 1.0))
    [trial] = study().trials
    assert (trial.state, trial.values, trial.params) == (TrialState.COMPLETE, [3.0, 1.0], {"a": 2})
    assert trial.constraints == {"few": -1.0}


def test_queued_trials_are_handed_out_in_order_and_a_trial_told_twice_keeps_its_first_values(storage: Storage) -> None:
    study = optuna.create_study(storage=storage.inner, direction="maximize")
    for _ in range(3):
        study.enqueue_trial({})
    asked = [study.ask() for _ in range(3)]
    assert [trial.number for trial in asked] == [0, 1, 2]
    study.tell(asked[0], 1.0)
    study.tell(asked[0], 2.0, skip_if_finished=True)
    assert study.trials[0].value == 1.0


def test_the_same_seed_proposes_the_same_wherever_trials_are_kept(tmp_path: Path) -> None:
    def proposals(inner: BaseStorage) -> list[dict[str, object]]:
        study = optuna.create_study(storage=inner, directions=["maximize", "minimize"])
        for number in range(14):
            study.sampler = optuna.samplers.TPESampler(seed=number, n_startup_trials=8, constant_liar=True)
            trial = study.ask()
            a, b = trial.suggest_categorical("a", [0.0, 1.0, 2.0, 3.0]), trial.suggest_categorical("b", ["x", "y", "z"])
            study.tell(trial, (a + (b == "y") / 3, a))
        return [trial.params for trial in study.trials]

    file = tmp_path / "x.journal"
    journal = JournalStorage(JournalFileBackend(str(file), AppendLock(file, tmp_path / "x.lock")))
    once = proposals(InMemoryStorage())
    assert proposals(journal) == once
    assert proposals(RDBStorage(f"sqlite:///{tmp_path / 'x.db'}")) == once


def test_a_journal_takes_and_lets_go_of_its_lock_around_each_line(tmp_path: Path) -> None:
    seen: list[str] = []

    class Listening(AppendLock):
        def acquire(self) -> bool:
            seen.append("acquired")
            return super().acquire()

        def release(self) -> None:
            seen.append("released")
            super().release()

    file = tmp_path / "x.journal"
    storage = JournalStorage(JournalFileBackend(str(file), Listening(file, tmp_path / "x.lock")))
    optuna.create_study(storage=storage, study_name="x").set_user_attr("a", 1)
    lines = file.read_text().splitlines()
    assert seen == ["acquired", "released"] * len(lines)
    assert len(lines) >= 2


def test_a_study_that_is_there_cannot_be_made_again_and_its_id_is_not_given_twice() -> None:
    storage = InMemoryStorage()
    first = storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "lock")
    with pytest.raises(optuna.exceptions.DuplicatedStudyError):
        storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "lock")
    storage.delete_study(first)
    with pytest.raises(KeyError):
        storage.delete_study(first)
    assert storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "lock") != first


def test_there_is_an_exact_hypervolume_of_losses_in_three_dimensions() -> None:
    from optuna._hypervolume import compute_hypervolume

    losses, reference = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.5, 1.5, 1.5]]), np.array([2.0, 2.0, 2.0])
    # two boxes of 2 x 1 x 1 that share 1 x 1 x 1; the third is beaten
    assert compute_hypervolume(losses, reference) == pytest.approx(3.0)
