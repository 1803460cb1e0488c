"""Compile RAISE for one target: split, plan offline, optimize, evaluate on held-out test, then write everything down.

A killed compile is resumed by running it again: everything is deterministic, and replies that were paid for come from
the store. A finished one is recognized by its configuration and not repeated.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from benchmark import Evaluation, Scenario, ScenarioSet, evaluate, sample, split
from benchmark.episodes import EpisodeStore
from benchmark.planning import PlanSettings, plan
from benchmark.scenarios import content_id
from lms import LanguageModels, Role
from modules import RAISE, AgentSettings, ContextRich, Vanilla
from optimizers.base import Candidate, Progress, Search, Task, silent
from optimizers.front import knee
from optimizers.registry import OPTIMIZERS
from optimizers.results import Compiled, TargetResult, finished, publish, write_folder
from optimizers.tracking import Tracker, track
from signatures import RaiseError

PICKS = ("par", "knee", "max-safety")


class CompileSettings(BaseModel):
    """How to compile; all of it goes into the configuration hash.

    Attributes:
        train, dev, test: scenarios taken of each split.
        plan_queries, evaluations, depth: offline planning.
        trials: candidates the optimizer tries.
        price: safety points a question must be worth, for optimizers that know one number.
        pick: which member of the front becomes the default program, chosen on dev: ``par`` (the safest that asks no
            more than the uncompiled program), ``knee``, ``max-safety``.
        max_queries: ask no more than this on average (on dev); overrides ``pick``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    optimizer: str = "pareto"
    seed: int = 0
    train: int = Field(default=56, gt=0)
    dev: int = Field(default=84, gt=1)
    test: int = Field(default=196, gt=1)
    plan_queries: int = Field(default=56, gt=0)
    evaluations: int = Field(default=15, gt=0)
    depth: int = Field(default=4, ge=1, le=10)
    trials: int = Field(default=40, gt=0)
    price: float = Field(default=0.1, ge=0)
    pick: str = "par"
    max_queries: float | None = Field(default=None, ge=0)
    agent: AgentSettings = AgentSettings()

    def check(self) -> None:
        """Make sure that the names mean something.

        Raises:
            RaiseError: for an unknown optimizer or pick.
        """
        if self.optimizer not in OPTIMIZERS:
            raise RaiseError(f"unknown optimizer {self.optimizer!r}: choose one of {', '.join(OPTIMIZERS)}.")
        if self.pick not in PICKS:
            raise RaiseError(f"unknown pick {self.pick!r}: choose one of {', '.join(PICKS)}.")


def config_hash(settings: CompileSettings, data: ScenarioSet, models: LanguageModels) -> str:
    """What a compile's outcome depends on, hashed."""
    identities = {role.value: models.identity(role) for role in Role}
    return content_id(settings.model_dump(mode="json"), data.hash, identities)


def compile_target(
    settings: CompileSettings,
    data: ScenarioSet,
    models: LanguageModels,
    *,
    out: Path,
    root: Path,
    fresh: bool = False,
    concurrency: int = 1,
    progress: Progress = silent,
) -> TargetResult:
    """Compile for ``models``' target and write the program folder ``out``.

    Args:
        out: the chosen program, with the whole front under ``front/``; replaced as a whole, when all is done.
        root: folder of the MLflow store and of finished episodes.
        fresh: compile again even if ``out`` holds a finished compile of this very configuration.

    Raises:
        RaiseError: for unusable settings, data or models.
    """
    settings.check()
    config = config_hash(settings, data, models)
    if not fresh and (done := finished(out, config)):
        return done
    tracker = Tracker(root, data.card())
    tracker.close_abandoned(config)
    tags = {"simulated": str(models.simulated()).lower(), "config": config, "stage": "compile"}
    params = _params(settings, data, models)
    parent = tracker.start(str(params["target"]), params, tags)
    try:
        episodes = EpisodeStore(root / "episodes")
        search, tests, chosen = search_and_test(
            settings, data, models, episodes=episodes, concurrency=concurrency, progress=progress
        )
        compiled = Compiled(config, params, tags, data, models, search, tests, chosen)
        figures, folder = write_folder(compiled, out, parent)
        track(tracker, parent, compiled, figures, folder)
        publish(folder, out)
    except BaseException:
        tracker.finish(parent, "FAILED")
        raise
    tracker.finish(parent)
    return TargetResult(out, figures, reused=False)


def search_and_test(
    settings: CompileSettings,
    data: ScenarioSet,
    models: LanguageModels,
    *,
    episodes: EpisodeStore | None = None,
    concurrency: int = 1,
    progress: Progress = silent,
) -> tuple[Search, dict[str, Evaluation], int]:
    """All the LM work of a compile, and nothing else: the search, the test evaluations, the index of the default."""
    parts = {
        name: sample(split(data, name, seed=settings.seed), getattr(settings, name), seed=settings.seed)
        for name in ("train", "dev", "test")
    }
    task = _prepare(
        settings,
        plan_from=split(data, "train", seed=settings.seed),
        models=models,
        parts=parts,
        episodes=episodes or EpisodeStore(),
        concurrency=concurrency,
        progress=progress,
    )
    search = OPTIMIZERS[settings.optimizer](task)
    uncompiled = task.measure(task.student, "raise")
    tests = _evaluate_on_test(task, search, parts["test"])
    return search, tests, choose(search.front, uncompiled, settings)


def _params(settings: CompileSettings, data: ScenarioSet, models: LanguageModels) -> dict[str, Any]:
    """The run parameters of the contract, and the rest of the settings."""
    roles = {role.value: models.roles[role].model for role in Role}
    rest = settings.model_dump(mode="json", exclude={"agent"})
    agent = {name: getattr(settings.agent, name) for name in ("abstention", "threshold", "budget", "retrieved")}
    return {**roles, **rest, **agent, "data": data.name, "data_hash": data.hash}


def _prepare(
    settings: CompileSettings,
    *,
    plan_from: Sequence[Scenario],
    models: LanguageModels,
    parts: Mapping[str, Sequence[Scenario]],
    episodes: EpisodeStore,
    concurrency: int,
    progress: Progress,
) -> Task:
    """Plan on train and put the task together. Planned queries are kept beside finished episodes."""
    planned = plan(
        plan_from,
        PlanSettings(settings.plan_queries, settings.evaluations, settings.depth),
        models=models,
        seed=settings.seed,
        concurrency=concurrency,
        progress=lambda done, total, calls_left: progress("planning questions offline", done, total),
        journal=episodes,
    )
    return Task(
        student=RAISE(planned.paths, settings.agent),
        train=parts["train"],
        dev=parts["dev"],
        models=models,
        seed=settings.seed,
        trials=settings.trials,
        price=settings.price,
        concurrency=concurrency,
        progress=progress,
        episodes=episodes,
    )


def choose(front: Sequence[Candidate], uncompiled: Evaluation, settings: CompileSettings) -> int:
    """Index of the front member that becomes the default, judged by dev alone."""
    points = [candidate.point for candidate in front]
    limit = settings.max_queries
    if limit is None and settings.pick == "knee":
        return knee(points)
    if limit is None and settings.pick == "par":
        limit = uncompiled.mean("n_queries").mean
    allowed = [i for i, (_, questions) in enumerate(points) if limit is None or questions <= limit + 1e-9]
    if allowed:
        return max(allowed, key=lambda i: points[i][0])
    return min(range(len(points)), key=lambda i: points[i][1])


def _evaluate_on_test(task: Task, search: Search, test: Sequence[Scenario]) -> dict[str, Evaluation]:
    """Baselines, the uncompiled program and the front on scenarios that nothing was chosen on."""
    programs: dict[str, Any] = {"vanilla": Vanilla(), "context-rich": ContextRich(), "raise": task.student}
    programs |= {candidate.name: candidate.program for candidate in search.front}
    tests = {}
    for number, (name, program) in enumerate(programs.items()):
        task.progress("evaluating on held-out test", number, len(programs))
        tests[name] = evaluate(
            program, test, models=task.models, name=name, store=task.episodes, concurrency=task.concurrency
        )
    task.progress("evaluating on held-out test", len(programs), len(programs))
    return tests
