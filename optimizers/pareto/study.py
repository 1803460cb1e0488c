"""The record of a search: rounds of trials in an Optuna storage, shared by workers, resumed after a crash.

Each round is an Optuna study of its own, since new options widen the choices, and Optuna's distributions are fixed; the
trials before are copied into it, numbers included, so that the sampler knows them. A round's trials are queued when it
is opened, so that there are never more of them than planned. Sampling is seeded by trial number: a resumed search
proposes what an undisturbed one would have.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import optuna
from optuna.distributions import CategoricalChoiceType, CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from lms.workers import alive, worker
from optimizers.front import Objective, Point
from optimizers.locks import POLL_SECONDS
from optimizers.pareto.search_space import OptionPool, Params, dump_pool, load_pool
from optimizers.storage import Storage
from signatures import RaiseError

SCHEMA = 3
DIRECTIONS: Mapping[Objective, tuple[StudyDirection, ...]] = {
    "questions": (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE),
    "cost": (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE, StudyDirection.MINIMIZE),
}
"""Safety, questions, and cost if it is an objective."""
LOST_SECONDS = 2 * 3600
"""A trial of a worker on another machine is taken over so long after it was claimed."""
RELEASED = "nobody"
UNSCORED = "trials that could not be scored"
FINISHED = (TrialState.COMPLETE, TrialState.FAIL)
UNFINISHED = (TrialState.WAITING, TrialState.RUNNING)


@dataclass(frozen=True)
class RoundPlan:
    """What a round starts from.

    Attributes:
        pool: the options to choose from.
        starts: parameters of its first trials; the sampler chooses those of the others.
        trials: how many there are, ``starts`` included.
        issues: what went wrong in making it, by kind.
    """

    pool: OptionPool
    starts: Sequence[Params]
    trials: int
    issues: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ClaimedTrial:
    """A trial that is this worker's to run.

    Attributes:
        number: unique over all rounds.
        trial: Optuna's.
    """

    number: int
    trial: optuna.Trial


class StudyRound:
    """One round of a search, as one worker sees it.

    Args:
        storage: where it is kept.
        name: of the search.
        number: of the round.
        seed: of the sampler.
        plan: what the round is to be, if nobody has opened it yet; called by one worker only, the others wait for it.
        distributions: of a pool.
        before: the round before, whose trials are copied.
        objective: what safety is traded for.

    Raises:
        RaiseError: if an earlier version began this search.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        number: int,
        *,
        seed: int,
        plan: Callable[[], RoundPlan],
        distributions: Callable[[OptionPool], Mapping[str, CategoricalDistribution]],
        before: "StudyRound | None" = None,
        objective: Objective = "questions",
    ) -> None:
        self._storage, self._seed, self._me = storage, seed, worker()
        self._title = f"{name} round {number}"
        with storage.alone(f"opening {self._title}"):
            self._study = optuna.create_study(
                storage=storage.inner, study_name=self._title, directions=DIRECTIONS[objective], load_if_exists=True
            )
            self._check_schema(name)
            if "pool" not in self._study.user_attrs:
                self._open(plan(), distributions, before)
        self.pool = load_pool(json.loads(self._study.user_attrs["pool"]))
        self.total: int = self._study.user_attrs["total"]
        self.issues: dict[str, int] = self._study.user_attrs["issues"]
        self.distributions = dict(distributions(self.pool))

    def _check_schema(self, name: str) -> None:
        if not self._study.user_attrs and not self._study.trials:
            self._study.set_user_attr("schema", SCHEMA)
        elif self._study.user_attrs.get("schema") != SCHEMA:
            raise RaiseError(
                f"the search {name!r} in the storage was begun by an earlier version and cannot go on: --fresh starts "
                "it anew, from the replies that are paid for."
            )

    def _open(
        self,
        plan: RoundPlan,
        distributions: Callable[[OptionPool], Mapping[str, CategoricalDistribution]],
        before: "StudyRound | None",
    ) -> None:
        """Copy what is done, queue what is to be done; a crashed worker may have written some of it already."""
        earlier = before.finished() if before else []
        shapes = dict(distributions(plan.pool))
        queue = [*plan.starts, *({} for _ in range(plan.trials))][: plan.trials]
        there = len(self._study.trials)
        for trial in earlier[there:]:
            self._study.add_trial(_copy_trial(trial, shapes))
        for params in queue[max(0, there - len(earlier)) :]:
            self._study.enqueue_trial(dict(params))
        self._study.set_user_attr("issues", dict(plan.issues))
        self._study.set_user_attr("total", len(earlier) + plan.trials)
        self._study.set_user_attr("pool", json.dumps(dump_pool(plan.pool)))

    def finished(self) -> list[FrozenTrial]:
        """Trials that are done, earlier rounds' included, by number."""
        return list(self._study.get_trials(deepcopy=False, states=FINISHED))

    def claim(self) -> ClaimedTrial | None:
        """The next trial for this worker: one that a dead worker left behind, else a queued one.

        Waits for other workers' trials, since theirs may yet be left behind; None once all are done.
        """
        while True:
            with self._storage.alone(f"claiming of {self._title}"):  # looking and taking are one step
                unfinished = self._study.get_trials(deepcopy=False, states=UNFINISHED)
                if claimed := self._claim_one_of(unfinished):
                    return claimed
            if not unfinished:
                return None
            time.sleep(POLL_SECONDS)

    def _claim_one_of(self, unfinished: Sequence[FrozenTrial]) -> ClaimedTrial | None:
        orphan = next((trial for trial in unfinished if _is_orphaned(trial, self._me)), None)
        queued = next((trial for trial in unfinished if trial.state is TrialState.WAITING), None)
        taken = orphan or queued
        if taken is None:
            return None
        self._study.sampler = optuna.samplers.TPESampler(
            seed=self._seed * 100_003 + taken.number, n_startup_trials=8, constant_liar=True
        )
        trial = self._storage.take_over(self._study, orphan.number) if orphan else self._study.ask()
        trial.set_user_attr("claim", {"worker": self._me, "at": time.time()})
        return ClaimedTrial(trial.number, trial)

    def choose(self, claimed: ClaimedTrial) -> dict[str, CategoricalChoiceType]:
        """The trial's parameters."""
        return {
            name: claimed.trial.suggest_categorical(name, shape.choices) for name, shape in self.distributions.items()
        }

    def tell(self, claimed: ClaimedTrial, point: Point, measured: int, violations: Mapping[str, float]) -> None:
        """Close a trial.

        Args:
            point: (safety, questions, cost if it is an objective), estimated where not all scenarios were measured.
            measured: on how many scenarios it was.
            violations: constraint -> by how much it is missed; 0 or less is kept.
        """
        claimed.trial.set_user_attr("measured", measured)
        for name, value in violations.items():
            claimed.trial.set_constraint(name, value)
        self._study.tell(claimed.trial, point, skip_if_finished=True)

    def release(self, claimed: ClaimedTrial) -> None:
        """Leave a trial to whoever claims next, since this worker cannot finish it."""
        claimed.trial.set_user_attr("claim", {"worker": RELEASED, "at": time.time()})

    def give_up(self, claimed: ClaimedTrial, why: str = UNSCORED) -> None:
        """Close a trial that is not measured."""
        claimed.trial.set_user_attr("given up", why)
        self._study.tell(claimed.trial, state=TrialState.FAIL, skip_if_finished=True)


def why_given_up(trial: FrozenTrial) -> str:
    """Why a failed trial was not measured."""
    return str(trial.user_attrs.get("given up", UNSCORED))


def _is_orphaned(trial: FrozenTrial, me: str) -> bool:
    """Whether nobody runs a trial that was taken; to be asked where claims are made, so that none is half made."""
    if trial.state is not TrialState.RUNNING:
        return False
    claim = trial.user_attrs.get("claim")
    if claim is None:
        return True  # whoever took it died before signing for it
    lost = time.time() - claim["at"] > LOST_SECONDS
    return claim["worker"] in {me, RELEASED} or not alive(claim["worker"]) or lost


def _copy_trial(trial: FrozenTrial, shapes: Mapping[str, CategoricalDistribution]) -> FrozenTrial:
    if trial.state is TrialState.FAIL:
        return create_trial(state=TrialState.FAIL, user_attrs=trial.user_attrs)
    return create_trial(
        params=trial.params,
        distributions=dict(shapes),
        values=trial.values,
        user_attrs=trial.user_attrs,
        constraints=trial.constraints,
    )
