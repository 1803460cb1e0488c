"""Our optimizer: one multi-objective study over demonstrations, threshold, budget and retrieval gives a front.

All trials meet the same dev scenarios (common random numbers). The front is measured again on all of dev, so that no
member owes its place to a lucky draw on the few scenarios of the search.
"""

from collections.abc import Sequence
from typing import Any

import optuna

from modules import RAISE, AgentSettings
from optimizers.base import Candidate, Search, Task
from optimizers.demos import DemoSet, bootstrap_demo_sets, with_demos
from optimizers.front import non_dominated
from signatures import RaiseError

DEMO_SETS = 4
SCREEN = 0.5
"""Share of dev that trials are screened on."""
FRONT_AT_MOST = 6
RETRIEVED = (0, 3, 5)
BUDGETS = (1, 2, 3, 4, 5)
THRESHOLDS = (2, 3, 4, 5)


def pareto(task: Task) -> Search:
    """Search the trade-off between safety and questions with Optuna's multi-objective TPE.

    The uncompiled program is the first trial, then come the demonstrations alone; from there on Optuna proposes.
    """
    demo_sets: list[DemoSet] = [{}, *bootstrap_demo_sets(task, DEMO_SETS)]
    screened = task.dev[: max(1, round(SCREEN * len(task.dev)))]
    trials = _search(task, demo_sets, screened)
    best = [trials[i] for i in non_dominated([trial.point for trial in trials])]
    again = _measure_again(task, _thin(best))
    front = [again[i] for i in non_dominated([candidate.point for candidate in again])]
    if not front:
        raise RaiseError("no trial could be scored: look at the judge and target models.")
    return Search(trials, front)


def _search(task: Task, demo_sets: Sequence[DemoSet], screened: Sequence[Any]) -> list[Candidate]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=task.seed, n_startup_trials=max(4, task.trials // 3))
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    start = task.student.settings
    known = {"threshold": start.threshold, "budget": int(start.budget), "retrieved": start.retrieved}
    for first in [{"answering": 0, "asking": 0}, *({"answering": i, "asking": 0} for i in range(1, len(demo_sets)))]:
        study.enqueue_trial({**first, **known}, skip_if_exists=True)
    candidates: list[Candidate] = []
    for number in range(task.trials):
        task.progress("searching the trade-off", number, task.trials)
        trial = study.ask()
        params = {
            "answering": trial.suggest_categorical("answering", list(range(len(demo_sets)))),
            "asking": trial.suggest_categorical("asking", list(range(len(demo_sets)))),
            "threshold": trial.suggest_categorical("threshold", list(THRESHOLDS)),
            "budget": trial.suggest_categorical("budget", list(BUDGETS)),
            "retrieved": trial.suggest_categorical("retrieved", list(RETRIEVED)),
        }
        name = f"trial-{number:02d}"
        program = build(task.student, demo_sets, params)
        candidate = Candidate(name, program, task.measure(program, name, screened), params)
        if not len(candidate.dev.scored):
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        study.tell(trial, candidate.point)
        candidates.append(candidate)
    task.progress("searching the trade-off", task.trials, task.trials)
    return candidates


def build(student: RAISE, demo_sets: Sequence[DemoSet], params: dict[str, Any]) -> RAISE:
    """The program that a trial's parameters stand for; answering and asking take their demonstrations separately."""
    answering, asking = demo_sets[params["answering"]], demo_sets[params["asking"]]
    program = with_demos(student, {**asking, "respond": answering.get("respond", [])})
    changes = {name: params[name] for name in ("threshold", "retrieved")} | {"budget": float(params["budget"])}
    program.settings = AgentSettings(**{**student.settings.model_dump(), **changes})
    return program


def _thin(front: Sequence[Candidate]) -> Sequence[Candidate]:
    """At most ``FRONT_AT_MOST`` candidates, ends included, evenly spread."""
    if len(front) <= FRONT_AT_MOST:
        return front
    step = (len(front) - 1) / (FRONT_AT_MOST - 1)
    return [front[round(i * step)] for i in range(FRONT_AT_MOST)]


def _measure_again(task: Task, front: Sequence[Candidate]) -> list[Candidate]:
    again = []
    for number, candidate in enumerate(front):
        task.progress("measuring the front again", number, len(front))
        dev = task.measure(candidate.program, candidate.name)
        again.append(Candidate(candidate.name, candidate.program, dev, candidate.params))
    task.progress("measuring the front again", len(front), len(front))
    return again
