"""Several targets at once: each as if it were alone, with limits and failures of its own."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmark import Scenario, evaluate
from benchmark.evaluation.targets import Measurement, TargetJob, evaluate_targets
from benchmark.jobs.budget import MaxCalls
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import Progress
from lms import LanguageModels, Role, default_models
from modules import ContextRich, Program, Vanilla
from signatures import RaiseError

PROGRAMS: Sequence[tuple[str, Program]] = (("vanilla", Vanilla()), ("context-rich", ContextRich()))


def models_of(target: str) -> LanguageModels:
    roles = default_models()
    return LanguageModels({**roles, Role.TARGET: roles[Role.TARGET].model_copy(update={"model": target})})


def test_each_target_is_measured_as_if_it_were_alone(test_scenarios: list[Scenario]) -> None:
    some = test_scenarios[:4]
    jobs = [TargetJob(models_of(name), PROGRAMS, 2) for name in ("sim/gpt-4o", "sim/qwen-2.5-7b")]
    outcomes = evaluate_targets(jobs, Measurement(some))
    assert [outcome.target for outcome in outcomes] == ["sim/gpt-4o", "sim/qwen-2.5-7b"]
    for outcome in outcomes:
        assert outcome.unfinished == ""
        for (name, program), found in zip(PROGRAMS, outcome.evaluations, strict=True):
            alone = evaluate(program, some, models=models_of(outcome.target), name=name)
            assert found.summary() == alone.summary()
            assert set(found.frame["target"]) == {outcome.target}


def test_a_limit_holds_for_each_target_and_the_next_run_goes_on(test_scenarios: list[Scenario]) -> None:
    some, store = test_scenarios[:4], Journal(Path("store"))
    both = [models_of("sim/gpt-4o"), models_of("sim/qwen-2.5-7b")]
    jobs = [
        TargetJob(both[0], PROGRAMS, limits=[MaxCalls(10)]),  # the first program takes eight calls
        TargetJob(both[1], PROGRAMS, limits=[MaxCalls(16)]),
    ]
    short, whole = evaluate_targets(jobs, Measurement(some, store))
    assert (short.stopped, [found.name for found in short.evaluations]) == ("10 LM calls are spent", ["vanilla"])
    assert both[0].ledger.snapshot().total().calls == 10
    assert (whole.stopped, len(whole.evaluations)) == ("", 2)
    again = evaluate_targets([TargetJob(both[0], PROGRAMS, limits=[MaxCalls(6)])], Measurement(some, store))[0]
    assert (again.stopped, len(again.evaluations)) == ("", 2)
    assert both[0].ledger.snapshot().total().calls == 16


class Broken(Vanilla):
    """A program with a mistake of the user in it, on one target."""

    def identity(self) -> str:
        raise RaiseError("this program cannot be had.")


def test_a_target_that_fails_leaves_the_others_alone(test_scenarios: list[Scenario]) -> None:
    jobs = [
        TargetJob(models_of("sim/gpt-4o"), [("broken", Broken())]),
        TargetJob(models_of("sim/qwen-2.5-7b"), PROGRAMS),
    ]
    failed, done = evaluate_targets(jobs, Measurement(test_scenarios[:2]))
    assert (failed.error, failed.evaluations) == ("this program cannot be had.", ())
    assert len(done.evaluations) == 2
    with pytest.raises(RaiseError, match="cannot be had"):
        evaluate_targets(jobs[:1], Measurement(test_scenarios[:2]))


def test_who_stops_it_stops_all(test_scenarios: list[Scenario]) -> None:
    class Interrupted(BaseException):
        pass

    def progress(report: Progress) -> None:
        if report.target == "sim/gpt-4o" and report.done == 1:
            raise Interrupted

    jobs = [TargetJob(models_of(name), PROGRAMS) for name in ("sim/gpt-4o", "sim/qwen-2.5-7b")]
    with pytest.raises((Interrupted, KeyboardInterrupt)):
        evaluate_targets(jobs, Measurement(test_scenarios, progress=progress))


def test_curves_are_measured_for_each_target(test_scenarios: list[Scenario]) -> None:
    jobs = [TargetJob(models_of(name), PROGRAMS) for name in ("sim/gpt-4o", "sim/qwen-2.5-7b")]
    for outcome in evaluate_targets(jobs, Measurement(test_scenarios[:3], curves=True)):
        assert [curve.name for curve in outcome.curves] == ["vanilla", "context-rich"]
