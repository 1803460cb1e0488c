"""The dry run: does the work on stand-ins to count calls and tokens by role, and says what real models would cost.

Calls are counted, not guessed: the whole work is done, with its duplicates and repeats. Tokens are those of the
stand-ins, whose replies are shorter than real ones; the price is a range from "as counted" to "as long as real models
tend to be".
"""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from benchmark import ScenarioSet
from benchmark.jobs.budget import MaxCalls
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from lms import LanguageModels, Role, RoleSettings, cost_for, is_simulated, stand_in_for
from lms.prices import LONGER_PROMPTS, LONGER_REPLIES
from optimizers.compile_settings import CompileSettings
from optimizers.compiler import search_and_test
from optimizers.task import BASELINE_CALLS
from signatures import Vocabulary, adopt_vocabulary, current_vocabulary

CONVERSATION = 12.0
"""Replies of all roles that a conversation of the uncompiled program takes, its judgement included."""
RACED, AGAIN, TESTED = 2.8, 6.5, 8.0
"""Calls for a scenario of the race and trial, of the rest of dev and member of the front, of held-out test and member:
what trials say alike is stored, and most are given up early."""
TEACHER = 35
"""Calls of the teacher."""
SPREAD = 0.8
"""Standard deviation of the paired difference in safety of two programs on a scenario, clusters allowed for."""
POWERED = 2.8
"""Standard errors that a difference must be worth to be found with 80 % power, two-sided at 5 %."""


@dataclass(frozen=True)
class CompileSize:
    """What a compile is expected to take and to tell, from its settings alone.

    Attributes:
        calls: LM calls of all roles, without retries.
        limit: calls that are not exceeded; None for no limit.
        detectable: least difference in safety that its held-out test finds with 80 % power.
    """

    calls: int
    limit: int | None
    detectable: float


def size_compile(settings: CompileSettings) -> CompileSize | None:
    """About what ``pareto`` will take, by figures measured on stand-ins (docs/compile-calls.md); None for others."""
    if settings.optimizer != "pareto":
        return None
    raced = round(settings.raced * settings.dev)
    calls = (
        (0 if settings.paths else settings.plan_queries * (1 + 2 * settings.evaluations))
        + settings.train * CONVERSATION
        + TEACHER
        + settings.trials * raced * RACED
        + (settings.dev - raced) * (CONVERSATION + settings.front * AGAIN)
        + settings.test * (BASELINE_CALLS + CONVERSATION + settings.front * TESTED)
    )
    limit = min((each.limit for each in settings.limits() if isinstance(each, MaxCalls)), default=None)
    known = round(calls) if limit is None else min(round(calls), limit)
    return CompileSize(known, limit, POWERED * SPREAD / math.sqrt(settings.test))


@dataclass(frozen=True)
class RoleForecast:
    """What one role is expected to do.

    Attributes:
        calls: LM calls, without retries.
        input_tokens, output_tokens: low end.
        usd_low, usd_high: price range; None if the price is not known.
        minutes: at the rate limit of the role, None without one.
    """

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd_low: float | None
    usd_high: float | None
    minutes: float | None


def forecast_compile(
    settings: CompileSettings,
    data: ScenarioSet,
    roles: Mapping[Role, RoleSettings],
    *,
    requests_per_minute: float | None = None,
    progress: OnProgress = ignore_progress,
) -> dict[Role, RoleForecast]:
    """What compiling would take: see ``forecast_work``."""

    def work(models: LanguageModels) -> None:
        search_and_test(settings, data, models, progress=progress)

    return forecast_work(work, roles, requests_per_minute=requests_per_minute)


def forecast_work(
    work: Callable[[LanguageModels], object],
    roles: Mapping[Role, RoleSettings],
    *,
    requests_per_minute: float | None = None,
) -> dict[Role, RoleForecast]:
    """Do ``work`` on stand-ins, in memory, and price its calls; nothing is written.

    Args:
        roles: those that take part.
        requests_per_minute: rate limit to assume for roles whose settings name none.
    """
    models = LanguageModels({role: _played(entry) for role, entry in roles.items()})
    work(models)
    counted = models.ledger.snapshot().roles
    result = {}
    for role, entry in roles.items():
        usage = counted.get(role)
        calls, sent, said = (usage.calls, usage.input_tokens, usage.output_tokens) if usage else (0, 0, 0)
        limit = None if is_simulated(entry.model) else entry.requests_per_minute or requests_per_minute
        result[role] = RoleForecast(
            entry.model,
            calls,
            sent,
            said,
            usd_low=cost_for(entry, sent, said),
            usd_high=cost_for(entry, LONGER_PROMPTS * sent, LONGER_REPLIES * said),
            minutes=calls / limit if limit else None,
        )
    return result


def forecast_each(
    jobs: Sequence[tuple[Callable[[LanguageModels], object], Mapping[Role, RoleSettings]]],
    *,
    processes: int | None = None,
    requests_per_minute: float | None = None,
    progress: OnProgress = ignore_progress,
) -> list[dict[Role, RoleForecast]]:
    """``forecast_work`` for several pieces of work, each in a process of its own: stand-ins are bound to one core.

    Args:
        jobs: work and the roles that take part in it; both travel between processes.
        processes: at once; by default one a core.
        progress: told how many are done.
    """
    stage = "counting calls on stand-ins, target by target"
    progress(Progress(stage, 0, len(jobs)))
    with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn"), *_same_vocabulary()) as pool:
        tasks = [pool.submit(forecast_work, *job, requests_per_minute=requests_per_minute) for job in jobs]
        for done, task in enumerate(as_completed(tasks), 1):
            task.result()
            progress(Progress(stage, done, len(jobs)))
    return [task.result() for task in tasks]


def _same_vocabulary() -> tuple[Callable[[Vocabulary, str], None], tuple[Vocabulary, str]]:
    """How a process of the pool begins: with the vocabulary of this one."""
    return adopt_vocabulary, (current_vocabulary(), "the forecast")


def _played(entry: RoleSettings) -> RoleSettings:
    """The same role, played by a stand-in."""
    fields = entry.model_dump(exclude={"api_base", "api_key", "headers", "extra_body", "price", "requests_per_minute"})
    return RoleSettings(**{**fields, "model": stand_in_for(entry.model)})
