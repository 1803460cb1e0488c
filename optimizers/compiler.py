"""Compile RAISE for one target: split, plan offline, optimize, evaluate on held-out test, then write everything down.

A killed compile is resumed by running it again: everything is deterministic, and replies that were paid for come from
the store. A finished one is recognized by its configuration and not repeated.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmark import Scenario, ScenarioSet, sample, split
from benchmark.jobs.budget import Budget, BudgetSpent, NoGain, Stopper
from benchmark.jobs.journal import Journal
from benchmark.jobs.place import EPISODES, Place
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.jobs.shares import shared_limits
from benchmark.planning.planning import Plan, PlanSettings, plan
from lms import LanguageModels, Role
from modules import RAISE, PathIndex
from optimizers.compile_settings import CompileSettings
from optimizers.compiled import Compiled
from optimizers.defaults import OPTIMIZER
from optimizers.held_out import HeldOut, measure_held_out
from optimizers.helping import Helpers
from optimizers.least import least_calls, refuse_low_limits, too_low
from optimizers.pareto.search_space import TUNED
from optimizers.registry import OPTIMIZERS
from optimizers.results import (
    TargetResult,
    begin_compile,
    check_place,
    end_compile,
    ensure_record,
    find_finished,
    publish,
    put_back,
)
from optimizers.storage import Storage
from optimizers.task import Constraints, Search, Task
from optimizers.tracking.conversations import DEFAULT as LOGGED
from optimizers.tracking.conversations import Logged
from optimizers.tracking.recording import open_recording
from signatures.identity import content_id
from signatures.rubric import recorded_rubric


@dataclass(frozen=True)
class Workspace:
    """Where and how a compile is done; none of it changes what comes out, but for the limits.

    Attributes:
        root: folder of the MLflow store, of finished episodes and, by default, of the studies.
        out: the program folder.
        fresh: compile again even if ``out`` holds a finished compile of this very configuration.
        force: give up an unfinished compile of another configuration, and move what others have put into ``out`` to
            the former versions.
        concurrency: episodes at once.
        limits: stoppers for what may be spent from now on.
        storage: URL of an Optuna RDB storage that several workers may share. By default ``database``, or else a journal
            in ``root``.
        database: ``postgresql://...`` of finished episodes that several machines share. By default a file in ``root``.
        progress: told what is being done.
        logged: what goes to MLflow.
        helpers: workers of a cluster that run trials, too.
    """

    root: Path
    out: Path
    fresh: bool = False
    force: bool = False
    concurrency: int = 1
    limits: Sequence[Stopper] = ()
    storage: str | None = None
    database: str | None = field(default=None, repr=False)
    progress: OnProgress = ignore_progress
    logged: Logged = LOGGED
    helpers: Helpers | None = field(default=None, repr=False)

    def to(self, out: Path) -> "Workspace":
        """The same into another folder."""
        return replace(self, out=out)

    def is_enough(self, done: TargetResult) -> bool:
        """Whether a finished compile leaves nothing to do."""
        return done.tracked or not self.logged.on

    def open_storage(self) -> Storage:
        """The Optuna storage."""
        self.root.mkdir(parents=True, exist_ok=True)
        return Storage(self.storage or self.database or (self.root / "studies.journal").resolve())

    def open_episodes(self) -> Journal:
        """The journal of finished episodes."""
        return Place(self.root, self.database).open_journal(EPISODES, self.root / EPISODES)


def configuration(settings: CompileSettings, data: ScenarioSet, models: LanguageModels) -> dict[str, Any]:
    """What a compile's outcome depends on."""
    identities = {role.value: models.identity(role) for role in Role}
    return {**settings.model_dump(mode="json"), "data": data.hash, "models": identities, **recorded_rubric()}


def compile_target(
    settings: CompileSettings, data: ScenarioSet, models: LanguageModels, workspace: Workspace
) -> TargetResult:
    """Compile for ``models``' target and write the program folder ``workspace.out``: the chosen program, with the whole
    front under ``front/``; it is replaced as a whole, when all is done, and the former one is kept.

    The program is there before it is recorded in MLflow; ``TargetResult.untracked`` says why that failed, if it did.

    Raises:
        RaiseError: for unusable settings, data, models or storage, or if an unfinished compile of another
            configuration, or a folder of somebody else, is in the way.
    """
    settings.check()
    settings.refuse_long_prompts(models)
    check_place(workspace.out, force=workspace.force)
    described = configuration(settings, data, models)
    config = content_id(described)
    if not workspace.fresh and (done := find_finished(workspace.out, config)) and workspace.is_enough(done):
        return _made_current(workspace, config, done)
    if not len(models.store):  # with stored replies nobody knows what is left to pay
        refuse_low_limits(settings.dev, settings.test, [*workspace.limits, *settings.limits()])
    job = f"compile {config}" + (f" {uuid4().hex}" if workspace.fresh else "")
    job = begin_compile(workspace.out, described, job, force=workspace.force)
    storage, name = workspace.open_storage(), f"{workspace.out.name} {config}"
    if workspace.fresh:
        storage.forget(name)
    tags = {"simulated": str(models.simulated()).lower(), "config": config, "stage": "compile"}
    params = _params(settings, data, models)
    recording = open_recording(workspace.logged, workspace.root, data.card(), params, tags, fresh=workspace.fresh)
    try:
        with (
            open_search(settings, data, models, workspace, name=name, job=job) as (prepared, search),
            prepared.task.budget.enforced(),
            storage.alone(f"{workspace.out.name} result"),
            models.ledger.charged_to(f"{job} result"),
        ):
            done = None if workspace.fresh else find_finished(workspace.out, config)
            if done and workspace.is_enough(done):  # another worker was faster
                end_compile(workspace.out)  # this one may have noted its beginning after the other's end
                recording.discard()
                return put_back(done, workspace.out)
            compiled = _compiled(prepared, search, settings, config, params, tags=tags, data=data, job=job)
            compiled = replace(compiled, logged=_logged(workspace.logged, settings))
            result = put_back(done, workspace.out) if done else publish(compiled, workspace.out)
            ensure_record(compiled, result)
            if not compiled.resumable:
                end_compile(workspace.out)
            return recording.record(result)
    except BudgetSpent as spent:
        recording.abandon()
        raise too_low(spent) from spent
    except BaseException:
        recording.abandon()
        raise


@contextmanager
def open_search(
    settings: CompileSettings, data: ScenarioSet, models: LanguageModels, workspace: Workspace, *, name: str, job: str
) -> Iterator[tuple["Prepared", Search]]:
    """A search that is over, within the limits of its compile; workers of a cluster take part in it.

    Args:
        name: of the search in its storage.
        job: that calls are charged to, and limits are kept by.
    """
    storage = workspace.open_storage()
    with models.ledger.charged_to(job), shared_limits(workspace.limits, models, job) as limits:
        with _helping(settings, data, models, workspace, name=name, job=job):
            prepared = prepare(
                settings,
                data,
                models,
                episodes=workspace.open_episodes(),
                storage=storage,
                name=name,
                limits=[*limits, *settings.limits(models.store, job)],
                concurrency=workspace.concurrency,
                progress=workspace.progress,
            )
            with prepared.task.budget.enforced():
                search = OPTIMIZERS[settings.optimizer](prepared.task)
        yield prepared, search


def _helping(
    settings: CompileSettings, data: ScenarioSet, models: LanguageModels, workspace: Workspace, *, name: str, job: str
) -> AbstractContextManager[None]:
    """While the search lasts, workers of a cluster take part in it, if there are any and it has trials to share."""
    if workspace.helpers is None or settings.optimizer != OPTIMIZER:
        return nullcontext()
    theirs = replace(
        workspace, root=workspace.root.absolute(), progress=ignore_progress, helpers=None, fresh=False, concurrency=1
    )
    part = partial(_take_part, settings=settings, data=data, workspace=theirs, name=name, job=job)
    return workspace.helpers.helping(part, models)


def _take_part(
    models: LanguageModels,
    progress: OnProgress,
    *,
    settings: CompileSettings,
    data: ScenarioSet,
    workspace: Workspace,
    name: str,
    job: str,
) -> None:
    """Run trials of a search that another process compiles by, until it is over."""
    with open_search(settings, data, models, workspace, name=name, job=job):
        pass


def _made_current(workspace: Workspace, config: str, done: TargetResult) -> TargetResult:
    """A finished compile of this configuration with its folder in place, where another one has taken that since."""
    if done.folder == workspace.out:
        return done
    with workspace.open_storage().alone(f"{workspace.out.name} result"):
        return put_back(find_finished(workspace.out, config) or done, workspace.out)


def _compiled(
    prepared: "Prepared",
    search: Search,
    settings: CompileSettings,
    config: str,
    params: Mapping[str, Any],
    *,
    tags: Mapping[str, str],
    data: ScenarioSet,
    job: str,
) -> Compiled:
    """Test what the search found."""
    task = prepared.task
    replies = task.budget.so_far().replies
    found = measure_held_out(task, prepared.test, search, settings.picked())
    issues = {
        **search.issues,
        "queries that could not be planned": prepared.unplanned,
        "programs of the front that a limit left untested": found.left_out,
    }
    return Compiled(
        config=config,
        params=params,
        tags=tags,
        job=job,
        data=data,
        models=task.models,
        search=replace(search, front=found.front),
        tests=found.tests,
        programs=found.programs,
        chosen=found.chosen,
        resumable=task.budget.resumable,
        issues={kind: count for kind, count in issues.items() if count},
        search_replies=replies,
        limits=task.budget.account(),
    )


def _logged(wanted: Logged, settings: CompileSettings) -> Logged:
    """What goes to MLflow: who may show conversations in prompts may show them there."""
    return replace(wanted, contents=wanted.contents or settings.allow_private_demos)


def _params(settings: CompileSettings, data: ScenarioSet, models: LanguageModels) -> dict[str, Any]:
    """The run parameters of the contract, and the rest of the settings."""
    roles = {role.value: models.roles[role].model for role in Role}
    rest = settings.model_dump(mode="json", exclude={"agent", "paths"})
    if settings.paths:
        rest["paths"] = content_id(PathIndex(settings.paths).identity())
    agent = {name: getattr(settings.agent, name) for name in TUNED}
    return {**roles, **rest, **agent, "data": data.name, "data_hash": data.hash, **recorded_rubric()}


@dataclass(frozen=True)
class Prepared:
    """What a search starts from, and what its result is tested on.

    Attributes:
        unplanned: queries that could not be planned.
    """

    task: Task
    test: Sequence[Scenario]
    unplanned: int = 0


def prepare(
    settings: CompileSettings,
    data: ScenarioSet,
    models: LanguageModels,
    *,
    episodes: Journal | None = None,
    storage: Storage | None = None,
    name: str = "search",
    limits: Sequence[Stopper] = (),
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
) -> Prepared:
    """Split, plan on train, and put the task together. Planned queries are kept beside finished episodes.

    Args:
        name: of the search in ``storage``.
        limits: on what may be spent from now on, planning included.
    """
    episodes, storage = episodes or Journal(), storage or Storage()
    stoppers = [*limits, *([NoGain(settings.no_gain)] if settings.no_gain else [])]
    budget = Budget(models.ledger, stoppers)
    budget.reserve(least_calls(settings.dev, settings.test), 0.0)  # planning must leave something for the result
    train, dev, test = (
        sample(split(data, part, seed=settings.seed), getattr(settings, part), seed=settings.seed)
        for part in ("train", "dev", "test")
    )
    with storage.alone(f"{name} planning"):
        planned = (
            Plan(PathIndex(settings.paths))
            if settings.paths
            else plan(
                split(data, "train", seed=settings.seed),
                PlanSettings(settings.plan_queries, settings.evaluations, settings.depth),
                models=models,
                seed=settings.seed,
                concurrency=concurrency,
                progress=progress,
                journal=episodes,
                budget=budget,
            )
        )
    task = Task(
        student=RAISE(planned.paths, settings.agent),
        train=train,
        dev=dev,
        models=models,
        seed=settings.seed,
        trials=settings.trials,
        price=settings.price,
        objective=settings.objective,
        concurrency=concurrency,
        progress=progress,
        episodes=episodes,
        budget=budget,
        allow_private_demos=settings.allow_private_demos,
        constraints=Constraints(settings.max_queries, settings.min_safety),
        name=name,
        storage=storage,
        held_out=len(test),
        front=settings.front,
        raced=settings.raced,
        prompt_limit=settings.prompt_limit(models),
        data_hash=data.hash,
    )
    return Prepared(task, test, len(planned.failed))


def search_and_test(
    settings: CompileSettings, data: ScenarioSet, models: LanguageModels, *, progress: OnProgress = ignore_progress
) -> HeldOut:
    """All the LM work of a compile, and nothing else, in memory.

    Raises:
        RaiseError: if the limit of the settings' size leaves no result.
    """
    settings.refuse_long_prompts(models)
    prepared = prepare(settings, data, models, limits=settings.limits(), progress=progress)
    try:
        with prepared.task.budget.enforced():
            search = OPTIMIZERS[settings.optimizer](prepared.task)
            return measure_held_out(prepared.task, prepared.test, search, settings.picked())
    except BudgetSpent as spent:
        raise too_low(spent) from spent
