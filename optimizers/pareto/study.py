"""The record of a search: rounds of trials in an Optuna storage, shared by workers, resumed after a crash.

Each round is an Optuna study of its own, since new parts widen the choices, and Optuna's distributions are fixed; the
trials before are copied into it, numbers included, so that the sampler knows them. A round's trials are queued when it
is opened, so that there are never more of them than planned. Sampling is seeded by trial number: a resumed search
proposes what an undisturbed one would have.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from optimizers.front import Point
from optimizers.pareto.search_space import Params, Part, Pool
from optimizers.storage import POLL_SECONDS, Storage, alive, worker

DIRECTIONS = ("maximize", "minimize")
"""Safety, questions."""
LOST = timedelta(hours=2)
"""A trial of a worker on another machine is taken over after this time."""
RELEASED = "nobody"
FINISHED = (TrialState.COMPLETE, TrialState.FAIL)


@dataclass(frozen=True)
class Opening:
    """What a round starts from.

    Attributes:
        pool: the parts to choose from.
        starts: parameters of its first trials; the sampler chooses those of the others.
        trials: how many there are, ``starts`` included.
        account: what went wrong in making it, by kind.
    """

    pool: Pool
    starts: Sequence[Params]
    trials: int
    account: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A trial to be run.

    Attributes:
        number: unique over all rounds.
        trial: Optuna's.
    """

    number: int
    trial: optuna.Trial


class Round:
    """One round of a search, as one worker sees it.

    Args:
        storage: where it is kept.
        name: of the search.
        number: of the round.
        seed: of the sampler.
        opening: makes the round, if nobody has yet; called by one worker only, the others wait for it.
        distributions: of a pool.
        before: the round before, whose trials are copied.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        number: int,
        *,
        seed: int,
        opening: Callable[[], Opening],
        distributions: Callable[[Pool], Mapping[str, BaseDistribution]],
        before: "Round | None" = None,
    ) -> None:
        self._seed, self._me = seed, worker()
        title = f"{name} round {number}"
        with storage.alone(f"opening {title}"):
            self._study = optuna.create_study(
                storage=storage.inner, study_name=title, directions=DIRECTIONS, load_if_exists=True
            )
            if "parts" not in self._study.user_attrs:
                self._open(opening(), distributions, before)
        parts = json.loads(self._study.user_attrs["parts"])
        self.pool: Pool = {slot: [Part(**part) for part in found] for slot, found in parts.items()}
        self.total: int = self._study.user_attrs["total"]
        self.account: dict[str, int] = self._study.user_attrs["account"]
        self.distributions = dict(distributions(self.pool))

    def _open(
        self, opening: Opening, distributions: Callable[[Pool], Mapping[str, BaseDistribution]], before: "Round | None"
    ) -> None:
        """Copy what is done, queue what is to be done; whoever died in the middle of this had got so far already."""
        earlier = before.finished() if before else []
        shapes = dict(distributions(opening.pool))
        queue = [*opening.starts, *({} for _ in range(opening.trials))][: opening.trials]
        there = len(self._study.trials)
        for trial in earlier[there:]:
            self._study.add_trial(_copied(trial, shapes))
        for params in queue[max(0, there - len(earlier)) :]:
            self._study.enqueue_trial(dict(params))
        parts = {slot: [part.model_dump(mode="json") for part in found] for slot, found in opening.pool.items()}
        self._study.set_user_attr("account", dict(opening.account))
        self._study.set_user_attr("total", len(earlier) + opening.trials)
        self._study.set_user_attr("parts", json.dumps(parts))

    def finished(self) -> list[FrozenTrial]:
        """Trials that are done, earlier rounds' included, by number."""
        return list(self._study.get_trials(deepcopy=False, states=FINISHED))

    def claim(self) -> Asked | None:
        """The next trial for this worker: one that a dead worker left behind, else a queued one.

        Waits for other workers' trials, since theirs may yet be left behind; None once all are done.
        """
        while True:
            queued = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            orphan = next((trial for trial in running if self._orphaned(trial)), None)
            if orphan is not None:
                return self._asked(orphan.number, partial(optuna.Trial, self._study, orphan._trial_id))
            if queued:
                asked = self._asked(queued[0].number, self._study.ask)
                if asked.number < self.total:
                    return asked
                self._study.tell(asked.trial, state=TrialState.FAIL)  # another worker had taken the last one
            elif running:
                time.sleep(POLL_SECONDS)
            else:
                return None

    def _asked(self, number: int, ask: Callable[[], optuna.Trial]) -> Asked:
        self._study.sampler = optuna.samplers.TPESampler(
            seed=self._seed * 100_003 + number, n_startup_trials=8, constant_liar=True
        )
        trial = ask()
        trial.set_user_attr("worker", self._me)
        return Asked(trial.number, trial)

    def _orphaned(self, trial: FrozenTrial) -> bool:
        signed = trial.user_attrs.get("worker")
        age = datetime.now() - (trial.datetime_start or datetime.now())
        if signed is None:
            return age > timedelta(seconds=10)  # killed between taking it and signing for it
        return signed in {self._me, RELEASED} or not alive(signed) or age > LOST

    def choose(self, asked: Asked) -> dict[str, Any]:
        """The trial's parameters."""
        return {
            name: asked.trial.suggest_categorical(name, shape.choices) for name, shape in self.distributions.items()
        }

    def tell(self, asked: Asked, point: Point, measured: int, violations: Mapping[str, float]) -> None:
        """Close a trial.

        Args:
            point: (safety, questions), estimated where not all scenarios were measured.
            measured: on how many scenarios it was.
            violations: constraint -> by how much it is missed; 0 or less is kept.
        """
        asked.trial.set_user_attr("measured", measured)
        for name, value in violations.items():
            asked.trial.set_constraint(name, value)
        self._study.tell(asked.trial, point, skip_if_finished=True)

    def release(self, asked: Asked) -> None:
        """Leave a trial to whoever claims next, since this worker cannot finish it."""
        asked.trial.set_user_attr("worker", RELEASED)

    def give_up(self, asked: Asked) -> None:
        """Close a trial that could not be measured."""
        self._study.tell(asked.trial, state=TrialState.FAIL, skip_if_finished=True)


def _copied(trial: FrozenTrial, shapes: dict[str, BaseDistribution]) -> FrozenTrial:
    if trial.state is TrialState.FAIL:
        return create_trial(state=TrialState.FAIL)
    return create_trial(
        params=trial.params,
        distributions=shapes,
        values=trial.values,
        user_attrs=trial.user_attrs,
        constraints=trial.constraints,
    )
