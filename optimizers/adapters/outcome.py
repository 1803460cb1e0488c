"""From what was tried to trial records and the program taken: by our own record, on dev, without personal details."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from statistics import fmean

from benchmark import Evaluation, Scenario
from modules import RAISE
from optimizers.adapters.monitor import SearchMonitor
from optimizers.adapters.records import CandidateRecord
from optimizers.leaks import LeakGuard
from optimizers.task import Candidate, Search, Task

UNCOMPILED = "uncompiled"


@dataclass(frozen=True)
class OptimizerTraits:
    """What is peculiar to one optimizer.

    Attributes:
        name: of the optimizer.
        shows: whether it makes demonstrations of train conversations.
        finalists: how many candidates that it did not measure on all of dev may be measured there in the end.
    """

    name: str
    shows: bool = True
    finalists: int = 1


def conclude_search(
    task: Task,
    traits: OptimizerTraits,
    monitor: SearchMonitor,
    uncompiled: Evaluation,
    *,
    returned: str,
    shown: Collection[str],
) -> Search:
    """Every candidate as a trial, the best as the front.

    A candidate competes if it was measured on all of dev. The most promising others are measured there first: replies
    that were paid for come from the store.

    Args:
        returned: state of what the optimizer returned; empty if it was stopped.
        shown: ids of scenarios that demonstrations may be from.
    """
    guard = LeakGuard([*task.train, *task.dev], [p.signature.instructions for _, p in task.student.named_predictors()])
    records, neutral = monitor.candidates, monitor.scorer.neutral
    first, *others = records
    start = records[first]
    tried = [state for state in others if not records[state].refused]
    clean = [state for state in tried if not guard.leaks_of(records[state].program, shown)]
    monitor.scorer.note("candidates left out for personal details", len(tried) - len(clean))
    ids = [scenario.id for scenario in task.dev]
    partly = [state for state in clean if any(i not in records[state].conversations for i in ids)]
    promise = {state: _gain(records[state], start, ids, neutral, state == returned) for state in partly}
    whole = [_gain(records[state], start, ids, neutral) for state in clean if state not in partly]
    hopeful = [state for state in partly if promise[state] > max([0.0, *whole])]
    finalists = sorted(hopeful, key=lambda state: -promise[state])[: traits.finalists]

    trials = [Candidate(UNCOMPILED, task.student, uncompiled, _params(task, traits, 0, start.program, ""))]
    best, most = 0, _value(start, ids)
    for number, state in enumerate(others, 1):
        record, name = records[state], f"{traits.name}-{number:02d}"
        place, scenarios = ("dev", list(task.dev)) if state in finalists else _seen(task, record)
        if not scenarios:
            continue
        evaluation = task.measure(record.program, name, scenarios)
        if state in finalists:
            monitor.keep(state, monitor.scorer.score_rows(evaluation, scenarios))
        params = _params(task, traits, number, record.program, f"{place} {len(scenarios)}")
        trials.append(Candidate(name, record.program, evaluation, params))
        able = state in clean and place == "dev" and len(scenarios) == len(ids)
        if able and not evaluation.no_conclusion and _value(record, ids) > most:
            best, most = len(trials) - 1, _value(record, ids)
    trials[best] = replace(trials[best], name=traits.name)
    return Search(trials, [trials[best]])


def _value(record: CandidateRecord, ids: Collection[str]) -> float:
    """Mean score on dev, of what could be scored."""
    scored = [score for i, score in record.scores().items() if i in ids]
    return fmean(scored) if scored else float("-inf")


def _gain(
    record: CandidateRecord, start: CandidateRecord, ids: Collection[str], neutral: float, returned: bool = False
) -> float:
    """How much better than the uncompiled program a candidate looks: paired on dev, else by its mean on train.

    The program that the optimizer returned is worth a look in any case, if it was never measured.
    """
    here, there = record.scores(), start.scores()
    if common := [i for i in ids if i in here and i in there]:
        return fmean(here[i] - there[i] for i in common)
    if here:
        return fmean(here.values()) - neutral
    return float("inf") if returned else float("-inf")


def _seen(task: Task, record: CandidateRecord) -> tuple[str, list[Scenario]]:
    """What a candidate was measured on: dev scenarios, or else train scenarios."""
    for place, scenarios in (("dev", task.dev), ("train", task.train)):
        if met := [scenario for scenario in scenarios if scenario.id in record.conversations]:
            return place, met
    return "", []


def _params(task: Task, traits: OptimizerTraits, number: int, program: RAISE, measured_on: str) -> dict[str, object]:
    """What an optimizer chose, as far as a table can show it."""
    before = {name: predictor.signature.instructions for name, predictor in task.student.named_predictors()}
    rewritten = [n for n, p in program.named_predictors() if p.signature.instructions != before[n]]
    return {
        "optimizer": traits.name,
        "price": task.price,
        "candidate": number,
        "demonstrations": sum(len(predictor.demos) for predictor in program.predictors()),
        "rewritten": ", ".join(rewritten) or "nothing",
        "measured_on": measured_on or f"dev {len(task.dev)}",
    }
