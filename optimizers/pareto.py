"""Our optimizer: one multi-objective study over instructions, demonstrations, threshold and budget gives a front.

All trials meet the same dev scenarios (common random numbers). The front is measured again on all of dev, so that no
member owes its place to a lucky draw on the few scenarios of the search.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from benchmark import Scenario
from modules import RAISE, AgentSettings
from optimizers.base import Candidate, Search, Task
from optimizers.demos import DemoSet, bootstrap_demo_sets, with_demos
from optimizers.front import non_dominated
from optimizers.instructions import propose_instructions
from signatures import RaiseError

DEMO_SETS = 4
INSTRUCTIONS = 4
"""Proposals of the teacher for each predictor in ``INSTRUCTED``."""
INSTRUCTED = ("respond", "abstain")
SCREEN = 0.5
"""Share of dev that trials are screened on."""
FRONT_AT_MOST = 6
RETRIEVED = (0, 3, 5)
BUDGETS = (1, 2, 3, 4, 5)
THRESHOLDS = (2, 3, 4, 5)


@dataclass(frozen=True)
class Parts:
    """What a program is put together from; a trial's parameters are indices into it.

    Attributes:
        demos: demonstration sets; the first is empty.
        instructions: predictor -> instructions; the first is the student's own.
    """

    demos: Sequence[DemoSet]
    instructions: Mapping[str, Sequence[str]]

    def choices(self) -> dict[str, list[int]]:
        """Parameter -> its values. Answering and asking take their demonstrations separately."""
        sets = list(range(len(self.demos)))
        own = {name: list(range(len(texts))) for name, texts in self.instructions.items()}
        settings = {"threshold": list(THRESHOLDS), "budget": list(BUDGETS), "retrieved": list(RETRIEVED)}
        return {"answering": sets, "asking": sets, **own, **settings}

    def build(self, student: RAISE, params: Mapping[str, Any]) -> RAISE:
        """The program that a trial's parameters stand for."""
        asking, answering = self.demos[params["asking"]], self.demos[params["answering"]]
        program = with_demos(student, {**asking, "respond": answering.get("respond", [])})
        for name, texts in self.instructions.items():
            predictor = getattr(program, name)
            predictor.signature = predictor.signature.with_instructions(texts[params[name]])
        changes = {name: params[name] for name in ("threshold", "retrieved")} | {"budget": float(params["budget"])}
        program.settings = AgentSettings(**{**student.settings.model_dump(), **changes})
        return program


def pareto(task: Task) -> Search:
    """Search the trade-off between safety and questions with Optuna's multi-objective TPE.

    The uncompiled program is the first trial, then come the demonstrations alone; from there on Optuna proposes.
    """
    parts = Parts(
        demos=[{}, *bootstrap_demo_sets(task, DEMO_SETS)],
        instructions={name: propose_instructions(task, name, INSTRUCTIONS) for name in INSTRUCTED},
    )
    screened = task.dev[: max(1, round(SCREEN * len(task.dev)))]
    trials = _search(task, parts, screened)
    best = [trials[i] for i in non_dominated([trial.point for trial in trials])]
    again = _measure_again(task, _thin(best))
    front = [again[i] for i in non_dominated([candidate.point for candidate in again])]
    if not front:
        raise RaiseError("no trial could be scored: look at the judge and target models.")
    return Search(trials, front)


def _search(task: Task, parts: Parts, screened: Sequence[Scenario]) -> list[Candidate]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=task.seed, n_startup_trials=max(4, task.trials // 3))
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    start = task.student.settings
    known = {"threshold": start.threshold, "budget": int(start.budget), "retrieved": start.retrieved}
    plain = {"answering": 0, "asking": 0, **dict.fromkeys(INSTRUCTED, 0), **known}
    for i in range(len(parts.demos)):
        study.enqueue_trial({**plain, "answering": i}, skip_if_exists=True)
    candidates: list[Candidate] = []
    for number in range(task.trials):
        task.progress("searching the trade-off", number, task.trials)
        trial = study.ask()
        params = {name: trial.suggest_categorical(name, choices) for name, choices in parts.choices().items()}
        name = f"trial-{number:02d}"
        program = parts.build(task.student, params)
        candidate = Candidate(name, program, task.measure(program, name, screened), params)
        if not len(candidate.dev.scored):
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        study.tell(trial, candidate.point)
        candidates.append(candidate)
    task.progress("searching the trade-off", task.trials, task.trials)
    return candidates


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
