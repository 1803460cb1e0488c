"""Several targets at once, several optimizers at equal budgets, workers that share one compile."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmark import build_authored
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from optimizers import CompileJob, CompileSettings, MaxCalls, Workspace, compile_all, compile_target
from optimizers.results import read_result, unfinished_note
from signatures import RaiseError

DATA = build_authored()
LIMIT = 600
TINY = CompileSettings(train=7, dev=7, test=7, plan_queries=4, evaluations=4, trials=4)


def job(
    root: Path, target: str = "sim/gpt-4o", judge: str = "sim/judge", settings: CompileSettings = TINY
) -> CompileJob:
    roles = {Role.TARGET: RoleSettings(model=target, temperature=0.7), Role.JUDGE: RoleSettings(model=judge)}
    models = LanguageModels(roles, ReplyStore(root / "replies.db"))
    name = f"{target.replace('/', '-')}--{settings.optimizer}"
    return CompileJob(settings, models, Workspace(root=root, out=root / "programs" / name))


def test_targets_are_compiled_at_the_same_time_and_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    told: list[str] = []
    good, bad = job(tmp_path), job(tmp_path, "sim/qwen-2.5-7b", judge="sim/judge?misread=1")
    outcomes = compile_all([[good], [bad]], DATA, lambda outcome: told.append(outcome.job.name))
    assert sorted(told) == ["sim/gpt-4o by pareto", "sim/qwen-2.5-7b by pareto"]
    assert outcomes[0].result is not None
    assert outcomes[0].result.figures["target"] == "sim/gpt-4o"
    assert "judge" in outcomes[1].error
    alone = compile_target(TINY, DATA, job(tmp_path / "alone").models, job(tmp_path / "alone").workspace)
    same = ("safety", "avg_queries", "params")
    fronts = [[[entry[key] for key in same] for entry in r.figures["front"]] for r in (outcomes[0].result, alone)]
    assert fronts[0] == fronts[1]


def test_optimizers_are_compared_at_equal_budgets(tmp_path: Path) -> None:
    other = TINY.model_copy(update={"optimizer": "bootstrap-random"})
    outcomes = compile_all([[job(tmp_path), job(tmp_path, settings=other)]], DATA)
    first, second = (outcome.result.figures for outcome in outcomes if outcome.result)
    assert [first["optimizer"], second["optimizer"]] == ["pareto", "bootstrap-random"]
    assert not second["resumable"]


def test_a_compile_that_a_limit_stopped_says_so_and_goes_on(tmp_path: Path) -> None:
    limited = job(tmp_path)
    work = Workspace(root=tmp_path, out=limited.workspace.out, limits=[MaxCalls(LIMIT)])
    stopped = compile_target(TINY, DATA, limited.models, work).figures
    assert stopped["stopped"] == f"{LIMIT} LM calls are spent"
    assert stopped["resumable"]
    assert stopped["front"]
    again = compile_target(TINY, DATA, job(tmp_path).models, job(tmp_path).workspace)
    assert not again.reused
    assert again.figures["trials"] == TINY.trials
    assert again.figures["stopped"] == ""
    assert compile_target(TINY, DATA, job(tmp_path).models, job(tmp_path).workspace).reused


def test_other_settings_do_not_go_on_with_an_unfinished_compile(tmp_path: Path) -> None:
    limited = job(tmp_path)
    compile_target(
        TINY, DATA, limited.models, Workspace(root=tmp_path, out=limited.workspace.out, limits=[MaxCalls(LIMIT)])
    )
    changed = TINY.model_copy(update={"trials": 5})
    with pytest.raises(RaiseError, match=r"trials: 4 -> 5"):
        compile_target(changed, DATA, limited.models, limited.workspace)
    forced = Workspace(root=tmp_path, out=limited.workspace.out, force=True)
    assert compile_target(changed, DATA, limited.models, forced).figures["trials"] == 5
    assert not unfinished_note(limited.workspace.out).exists()


def test_workers_share_a_compile_and_write_one_program(tmp_path: Path) -> None:
    lone = compile_target(TINY, DATA, job(tmp_path / "lone").models, job(tmp_path / "lone").workspace).figures
    jobs = [job(tmp_path / "shared") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(compile_target, TINY, DATA, each.models, each.workspace) for each in jobs]
        results = [task.result() for task in tasks]
    assert results[0].figures == results[1].figures
    assert sorted(result.reused for result in results) == [False, True]
    figures = results[0].figures
    assert figures["trials"] == lone["trials"]
    assert read_result(jobs[0].workspace.out) == figures
    assert not unfinished_note(jobs[0].workspace.out).exists()
    assert _paid([each.models for each in jobs]) <= 1.5 * _paid_alone(lone)


def _paid(models: Sequence[LanguageModels]) -> int:
    return sum(each.ledger.snapshot().total().calls for each in models)


def _paid_alone(figures: dict[str, dict[str, int]]) -> int:
    return sum(figures["lm_calls"].values())
