"""Compile RAISE for one target: split, plan offline, optimize, evaluate on held-out test, then write everything down.

A killed compile is resumed by running it again: everything is deterministic, and replies that were paid for come from
the store. A finished one is recognized by its configuration and not repeated.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from benchmark import Evaluation, Scenario, ScenarioSet, evaluate, sample, split
from benchmark.defaults import PLAN_DEPTH, PLAN_EVALUATIONS, PLAN_QUERIES
from benchmark.jobs.budget import Budget, BudgetSpent, MaxCalls, NoGain, Stopper
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.planning.planning import PlanSettings, plan
from lms import LanguageModels, Role
from lms.workers import worker
from modules import RAISE, AgentSettings, ContextRich, Vanilla
from optimizers.defaults import DEV, OPTIMIZER, PICK, PRICE, TEST, TRAIN, TRIALS
from optimizers.front import Objective, Pick, choose
from optimizers.pareto.search_space import TUNED
from optimizers.registry import OPTIMIZERS
from optimizers.results import (
    Compiled,
    MlflowRun,
    TargetResult,
    begin_compile,
    check_place,
    end_compile,
    find_finished,
    mark_tracked,
    publish,
    put_back,
)
from optimizers.storage import Storage
from optimizers.task import Constraints, Search, Task, parse_pick
from optimizers.tracking import Tracker, first_line, track
from signatures import RaiseError
from signatures.errors import unknown
from signatures.identity import content_id

logger = logging.getLogger(__name__)


class CompileSettings(BaseModel):
    """How to compile; all of it goes into the configuration hash.

    Attributes:
        train, dev, test: scenarios taken of each split.
        plan_queries, evaluations, depth: offline planning.
        trials: candidates the optimizer tries.
        price: safety points a question must be worth, for optimizers that know one number.
        objective: what safety is traded for: questions, or questions and the cost of a conversation.
        pick: which member of the front becomes the default program, chosen on dev; see ``optimizers.front.Pick``.
        max_queries: programs of the front must ask no more than this on average, on dev.
        min_safety: they must be at least this safe, on dev.
        allow_private_demos: whether demonstrations may be conversations of real people (``reddit``, ``hub``).
        no_gain: end the search after so many trials that brought next to nothing; None tries all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    optimizer: str = OPTIMIZER
    seed: int = 0
    train: int = Field(default=TRAIN, gt=0)
    dev: int = Field(default=DEV, gt=1)
    test: int = Field(default=TEST, gt=1)
    plan_queries: int = Field(default=PLAN_QUERIES, gt=0)
    evaluations: int = Field(default=PLAN_EVALUATIONS, gt=0)
    depth: int = Field(default=PLAN_DEPTH, ge=1, le=10)
    trials: int = Field(default=TRIALS, gt=0)
    price: float = Field(default=PRICE, ge=0)
    objective: Objective = "questions"
    pick: str = PICK
    max_queries: float | None = Field(default=None, ge=0)
    min_safety: float | None = Field(default=None, ge=1, le=5)
    no_gain: int | None = Field(default=None, gt=0)
    allow_private_demos: bool = False
    agent: AgentSettings = AgentSettings()

    def check(self) -> None:
        """Make sure that the names mean something.

        Raises:
            RaiseError: for an unknown optimizer or pick, or one that does not go with the objective.
        """
        if self.optimizer not in OPTIMIZERS:
            raise RaiseError(unknown("optimizer", self.optimizer, OPTIMIZERS))
        self.picked()

    def picked(self) -> Pick:
        """The rule for the default program; a limit on the front is one for it, too."""
        pick = parse_pick(self.pick, self.objective, self.optimizer)
        if pick == Pick() and self.max_queries is not None:
            return Pick("max-queries", self.max_queries)
        if pick == Pick() and self.min_safety is not None:
            return Pick("min-safety", self.min_safety)
        return pick


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
        storage: URL of an Optuna RDB storage that several workers may share. By default a journal in ``root``.
        progress: told what is being done.
    """

    root: Path
    out: Path
    fresh: bool = False
    force: bool = False
    concurrency: int = 1
    limits: Sequence[Stopper] = ()
    storage: str | None = None
    progress: OnProgress = ignore_progress

    def to(self, out: Path) -> "Workspace":
        """The same into another folder."""
        return replace(self, out=out)

    def open_storage(self) -> Storage:
        """The Optuna storage."""
        self.root.mkdir(parents=True, exist_ok=True)
        return Storage(self.storage or (self.root / "studies.journal").resolve())


def configuration(settings: CompileSettings, data: ScenarioSet, models: LanguageModels) -> dict[str, Any]:
    """What a compile's outcome depends on."""
    identities = {role.value: models.identity(role) for role in Role}
    return {**settings.model_dump(mode="json"), "data": data.hash, "models": identities}


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
    check_place(workspace.out, force=workspace.force)
    described = configuration(settings, data, models)
    config = content_id(described)
    if not workspace.fresh and (done := find_finished(workspace.out, config)) and done.tracked:
        return _made_current(workspace, config, done)
    if not len(models.store):  # with stored replies nobody knows what is left to pay
        refuse_low_limits(settings, workspace.limits)
    job = f"compile {config}" + (f" {uuid4().hex}" if workspace.fresh else "")
    job = begin_compile(workspace.out, described, job, force=workspace.force)
    storage, name = workspace.open_storage(), f"{workspace.out.name} {config}"
    if workspace.fresh:
        storage.forget(name)
    tags = {"simulated": str(models.simulated()).lower(), "config": config, "stage": "compile"}
    params = _params(settings, data, models)
    tracker = Tracker(workspace.root, data.card())
    open_run = partial(tracker.start, str(params["target"]), params, {**tags, "worker": worker()})
    with tracker.opening():
        tracker.close_abandoned(config)
        parent = open_run()
    try:
        with models.ledger.charged_to(job):
            prepared = prepare(
                settings,
                data,
                models,
                episodes=Journal(workspace.root / "episodes"),
                storage=storage,
                name=name,
                limits=workspace.limits,
                concurrency=workspace.concurrency,
                progress=workspace.progress,
            )
            with prepared.task.budget.enforced():
                search = OPTIMIZERS[settings.optimizer](prepared.task)
            with prepared.task.budget.enforced(), storage.alone(f"{workspace.out.name} result"):
                done = None if workspace.fresh else find_finished(workspace.out, config)
                if done and done.tracked:  # another worker was faster
                    end_compile(workspace.out)  # this one may have noted its beginning after the other's end
                    tracker.discard(parent)
                    return put_back(done, workspace.out)
                compiled = _compiled(prepared, search, settings, config, params, tags=tags, data=data, job=job)
                result = put_back(done, workspace.out) if done else publish(compiled, workspace.out)
                if not compiled.resumable:
                    end_compile(workspace.out)
                return _record(tracker, parent, open_run, compiled, result)
    except BudgetSpent as spent:
        tracker.abandon(parent)
        raise RaiseError(
            f"{spent} before the result was measured on held-out scenarios; the same command with a higher limit goes "
            "on."
        ) from spent
    except BaseException:
        tracker.abandon(parent)
        raise


def _made_current(workspace: Workspace, config: str, done: TargetResult) -> TargetResult:
    """A finished compile of this configuration with its folder in place, where another one has taken that since."""
    if done.folder == workspace.out:
        return done
    with workspace.open_storage().alone(f"{workspace.out.name} result"):
        return put_back(find_finished(workspace.out, config) or done, workspace.out)


def _record(
    tracker: Tracker, parent: MlflowRun, open_run: Callable[[], MlflowRun], compiled: Compiled, result: TargetResult
) -> TargetResult:
    """Record a published result in MLflow, in another run if somebody has deleted ``parent``."""
    try:
        run = parent if tracker.revive(parent) else open_run()
        track(tracker, run, compiled, result.figures, result.folder)
        tracker.finish(run)
        return mark_tracked(result, run)
    except Exception as error:
        logger.debug("recording in MLflow failed", exc_info=True)
        tracker.abandon(parent)
        return replace(result, untracked=first_line(error))


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
    """Test what the search found, and choose the default."""
    task = prepared.task
    replies = task.budget.so_far().replies
    tests = evaluate_on_test(prepared, search)
    uncompiled = task.measure(task.student, "raise").mean("n_queries").mean
    chosen = choose([candidate.point for candidate in search.front], settings.picked(), uncompiled)
    issues = {**search.issues, "queries that could not be planned": prepared.unplanned}
    return Compiled(
        config=config,
        params=params,
        tags=tags,
        job=job,
        data=data,
        models=task.models,
        search=search,
        tests=tests,
        chosen=chosen,
        resumable=task.budget.resumable,
        issues={kind: count for kind, count in issues.items() if count},
        search_replies=replies,
        limits=task.budget.account(),
    )


def _params(settings: CompileSettings, data: ScenarioSet, models: LanguageModels) -> dict[str, Any]:
    """The run parameters of the contract, and the rest of the settings."""
    roles = {role.value: models.roles[role].model for role in Role}
    rest = settings.model_dump(mode="json", exclude={"agent"})
    agent = {name: getattr(settings.agent, name) for name in TUNED}
    return {**roles, **rest, **agent, "data": data.name, "data_hash": data.hash}


def least_calls(settings: CompileSettings) -> int:
    """LM calls without which no result can be had: one trial, and the baselines and one program on held-out test.

    A conversation takes at least a response and its judgement, of an agent also triage and a rating.
    """
    plain, agent = 2, 4
    return settings.test * (2 * plain + 2 * agent) + settings.dev // 2 * agent


def refuse_low_limits(settings: CompileSettings, limits: Sequence[Stopper]) -> None:
    """Refuse a limit under which there can be no result.

    Raises:
        RaiseError: naming what it takes.
    """
    least = least_calls(settings)
    for limit in limits:
        if isinstance(limit, MaxCalls) and limit.role is None and limit.limit < least:
            raise RaiseError(
                f"--max-calls {limit.limit} is too low: the smallest result takes more than {least:,} LM calls "
                f"({settings.test} held-out and {settings.dev} dev scenarios); raise it, or lower --test and --dev."
            )


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
    budget.reserve(least_calls(settings), 0.0)  # planning must leave something for the result
    train, dev, test = (
        sample(split(data, part, seed=settings.seed), getattr(settings, part), seed=settings.seed)
        for part in ("train", "dev", "test")
    )
    with storage.alone(f"{name} planning"):
        planned = plan(
            split(data, "train", seed=settings.seed),
            PlanSettings(settings.plan_queries, settings.evaluations, settings.depth),
            models=models,
            seed=settings.seed,
            concurrency=concurrency,
            progress=progress,
            journal=episodes,
            budget=budget,
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
    )
    return Prepared(task, test, len(planned.failed))


def search_and_test(
    settings: CompileSettings, data: ScenarioSet, models: LanguageModels, *, progress: OnProgress = ignore_progress
) -> dict[str, Evaluation]:
    """All the LM work of a compile, and nothing else, in memory."""
    prepared = prepare(settings, data, models, progress=progress)
    return evaluate_on_test(prepared, OPTIMIZERS[settings.optimizer](prepared.task))


def evaluate_on_test(prepared: Prepared, search: Search) -> dict[str, Evaluation]:
    """Baselines, the uncompiled program and the front on scenarios that nothing was chosen on."""
    task = prepared.task
    programs: dict[str, Any] = {"vanilla": Vanilla(), "context-rich": ContextRich(), "raise": task.student}
    programs |= {candidate.name: candidate.program for candidate in search.front}
    tests = {}
    for number, (name, program) in enumerate(programs.items()):
        task.report("evaluating on held-out test", number, len(programs))
        tests[name] = evaluate(
            program, prepared.test, models=task.models, name=name, store=task.episodes, concurrency=task.concurrency
        )
    task.report("evaluating on held-out test", len(programs), len(programs))
    return tests
