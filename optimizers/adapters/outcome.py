"""From what was tried to trial records and the program taken: by our own record, on dev, without personal details."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from statistics import fmean

from benchmark import Evaluation, Scenario
from benchmark.evaluation.results import MAX_UNSCORED
from modules import RAISE
from optimizers.adapters.instrumentation import Tried, Watch
from optimizers.leaks import LeakGuard
from optimizers.task import Candidate, Search, Task

UNCOMPILED = "uncompiled"


@dataclass(frozen=True)
class Plan:
    """What is peculiar to one optimizer.

    Attributes:
        name: of the optimizer.
        shows: whether it makes demonstrations of train conversations.
        finalists: how many candidates that it did not measure on all of dev may be measured there in the end.
    """

    name: str
    shows: bool = True
    finalists: int = 1


def outcome(
    task: Task, plan: Plan, watch: Watch, uncompiled: Evaluation, *, returned: str, shown: Collection[str]
) -> Search:
    """Every candidate as a trial, the best as the front.

    A candidate competes if it was measured on all of dev. The most promising others are measured there first: replies
    that were paid for come from the store.

    Args:
        returned: state of what the optimizer returned; empty if it was stopped.
        shown: ids of scenarios that demonstrations may be from.
    """
    guard = LeakGuard([*task.train, *task.dev], [p.signature.instructions for _, p in task.student.named_predictors()])
    states = list(watch.tried)
    start, others = watch.tried[states[0]], states[1:]
    clean = [state for state in others if not guard.leaks_of(watch.tried[state].program, shown)]
    watch.note("candidates left out for personal details", len(others) - len(clean))
    ids = [scenario.id for scenario in task.dev]
    partly = [state for state in clean if any(i not in watch.tried[state].worth for i in ids)]
    promise = {state: _gain(watch.tried[state], start, ids, watch.neutral, state == returned) for state in partly}
    whole = [_gain(watch.tried[state], start, ids, watch.neutral) for state in clean if state not in partly]
    hopeful = [state for state in partly if promise[state] > max([0.0, *whole])]
    finalists = sorted(hopeful, key=lambda state: -promise[state])[: plan.finalists]

    trials = [Candidate(UNCOMPILED, task.student, uncompiled, _params(task, plan, 0, start.program, ""))]
    best, most = 0, _value(start, ids)
    for number, state in enumerate(others, 1):
        tried, name = watch.tried[state], f"{plan.name}-{number:02d}"
        place, scenarios = ("dev", list(task.dev)) if state in finalists else _seen(task, tried)
        if not scenarios:
            continue
        evaluation = task.measure(tried.program, name, scenarios)
        if state in finalists:
            watch.take(state, evaluation, scenarios)
        params = _params(task, plan, number, tried.program, f"{place} {len(scenarios)}")
        trials.append(Candidate(name, tried.program, evaluation, params))
        able = state in clean and place == "dev" and len(scenarios) == len(ids)
        if able and evaluation.unscored <= MAX_UNSCORED * len(ids) and _value(tried, ids) > most:
            best, most = len(trials) - 1, _value(tried, ids)
    trials[best] = replace(trials[best], name=plan.name)
    return Search(trials, [trials[best]])


def _value(tried: Tried, ids: Collection[str]) -> float:
    """Mean worth on dev, of what could be scored."""
    scored = [worth for i in ids if (worth := tried.worth.get(i)) is not None]
    return fmean(scored) if scored else float("-inf")


def _gain(tried: Tried, start: Tried, ids: Collection[str], neutral: float, returned: bool = False) -> float:
    """How much better than the uncompiled program a candidate looks: paired on dev, else by its mean on train.

    The program that the optimizer returned is worth a look in any case, if it was never measured.
    """
    pairs = [(w, s) for i in ids if (w := tried.worth.get(i)) is not None and (s := start.worth.get(i)) is not None]
    if pairs:
        return fmean(w - s for w, s in pairs)
    scored = [worth for worth in tried.worth.values() if worth is not None]
    if scored:
        return fmean(scored) - neutral
    return float("inf") if returned else float("-inf")


def _seen(task: Task, tried: Tried) -> tuple[str, list[Scenario]]:
    """What a candidate was measured on: dev scenarios, or else train scenarios."""
    for place, scenarios in (("dev", task.dev), ("train", task.train)):
        if met := [scenario for scenario in scenarios if scenario.id in tried.worth]:
            return place, met
    return "", []


def _params(task: Task, plan: Plan, number: int, program: RAISE, measured_on: str) -> dict[str, object]:
    """What an optimizer chose, as far as a table can show it."""
    before = {name: predictor.signature.instructions for name, predictor in task.student.named_predictors()}
    rewritten = [n for n, p in program.named_predictors() if p.signature.instructions != before[n]]
    return {
        "optimizer": plan.name,
        "price": task.price,
        "candidate": number,
        "demonstrations": sum(len(predictor.demos) for predictor in program.predictors()),
        "rewritten": ", ".join(rewritten) or "nothing",
        "measured_on": measured_on or f"dev {len(task.dev)}",
    }
