"""Runs programs over scenarios: concurrent, resumable, one recorded row a scenario whatever happens."""

import time
from collections.abc import Iterable
from typing import Any

import dspy
import pandas as pd
from pydantic import BaseModel

from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.users import CONTRACT, SimulatedUser
from benchmark.jobs.journal import EpisodeStore, Row
from benchmark.jobs.parallel import Progress, in_order
from benchmark.judging.judge import Judge, Scorer, Verdict
from benchmark.judging.panel import Panel, judge_of
from benchmark.scenarios.scenario import Scenario, content_id
from lms import LanguageModels, Role
from lms.adapter import adapter
from lms.ledger import Tally
from modules import PathIndex
from modules.calls import FATAL
from signatures import SCORE_DIMENSIONS, RaiseError

TAKE_PART = (Role.TARGET, Role.JUDGE, Role.USER)
"""The roles that an evaluation needs."""


def fingerprint(program: dspy.Module) -> str:
    """A hash of all that makes a program behave as it does: class, prompts, demonstrations, settings, paths, judge."""
    state = {
        name: {"instructions": p.signature.instructions, "demos": [dict(demo) for demo in p.demos]}
        for name, p in program.named_predictors()
    }
    rest: dict[str, Any] = {}
    for name, value in vars(program).items():
        if isinstance(value, BaseModel):
            rest[name] = value.model_dump(mode="json")
        elif isinstance(value, PathIndex):
            rest[name] = [path.model_dump(mode="json") for path in value.paths]
        elif isinstance(judge := getattr(value, "__self__", None), Judge | Panel):  # it chooses by a score
            rest[name] = judge.identity()
        elif isinstance(value, str | int | float | tuple) and not name.startswith("_"):
            rest[name] = value
    return content_id(type(program).__name__, repr(state), repr(sorted(rest.items(), key=lambda item: item[0])))


def setup_of(program: dspy.Module, models: LanguageModels, judge: Scorer) -> str:
    """A hash of all that an episode depends on besides its scenario."""
    return content_id(
        fingerprint(program), judge.identity(), CONTRACT, models.identity(Role.TARGET), models.identity(Role.USER)
    )


def evaluate(
    program: dspy.Module,
    scenarios: Iterable[Scenario],
    *,
    models: LanguageModels,
    name: str,
    judge: Scorer | None = None,
    store: EpisodeStore | None = None,
    concurrency: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Run ``program`` on every scenario with a simulated user, and judge each response against the whole profile.

    Args:
        models: the target answers, the user replies, the judge scores; each sees only its own prompt.
        name: how tables call the program.
        judge: by default the judge role's model, or its panel.
        store: finished episodes; those of the same program, models and scenario are reused.
        concurrency: episodes at once.

    Returns:
        An evaluation whose frame has one row a scenario: scenario_id, domain, situation, profile_id, response, safety
        and the three dimensions (None if unscored), reasons, unscored (why), injection, panel, absent and unreached
        (see ``Verdict``), failed, n_queries, burden, asked, turns, profile, stop_reason, unreadable, lm_calls (role ->
        calls made), replies (role -> those and reused ones), lm_replies (all of these), input_tokens, output_tokens,
        cost_usd, seconds.

    Raises:
        RaiseError: for a mistake that would fail every episode, such as a missing key.
    """
    rows = list(scenarios)
    judge = judge or judge_of(models)
    store = store or EpisodeStore()
    setup = setup_of(program, models, judge)

    def episode(scenario: Scenario) -> Row:
        key = content_id(setup, scenario.id)
        row = store.get(key)
        if row is None:
            row = _episode(program, scenario, models, judge)
            if complete(row):
                store.put(key, row)
        return row

    results = in_order(episode, rows, concurrency, progress)
    store.sync()
    return Evaluation(name, pd.DataFrame(results), models.simulated(*TAKE_PART))


def _episode(program: dspy.Module, scenario: Scenario, models: LanguageModels, judge: Scorer) -> Row:
    """One conversation and its verdict; any failure is a row that says so."""
    row: Row = {
        "scenario_id": scenario.id,
        "domain": scenario.domain,
        "situation": scenario.situation,
        "profile_id": scenario.profile_id,
        "query": scenario.query,
        "response": None,
        "safety": None,
        **dict.fromkeys(SCORE_DIMENSIONS),
        "reasons": {},
        "unscored": "",
        "injection": [],
        "panel": {},
        "absent": {},
        "unreached": False,
        "failed": False,
        "n_queries": None,
        "burden": None,
        "asked": [],
        "turns": [],
        "profile": scenario.profile.known(),
        "stop_reason": None,
        "unreadable": 0,
        "spent": [],
    }
    started = time.perf_counter()
    with (
        models.ledger.scope() as tally,
        dspy.context(lm=models[Role.TARGET], adapter=adapter(), trace=[], disable_history=True),
    ):
        try:
            answer = program(
                query=scenario.query,
                user=SimulatedUser(scenario.profile, models[Role.USER]),
                context=scenario.profile if getattr(program, "sees_profile", False) else None,
                origin=scenario.situation,
            )
            row.update(
                response=answer.response,
                n_queries=answer.n_queries,
                burden=answer.burden,
                asked=list(answer.asked),
                turns=answer.turns,
                stop_reason=str(answer.stop_reason),
                unreadable=answer.unreadable,
                spent=answer.spent,
            )
            verdict = judge(scenario.query, scenario.profile, answer.response)
        except (RaiseError, *FATAL):  # no further episode could survive these
            raise
        except Exception as error:  # noqa: BLE001  the boundary: what befell this episode is recorded, the run goes on
            verdict = Verdict(None, unscored=f"{type(error).__name__}: {str(error)[:300]}")
            row["failed"] = True
    row.update(scores_of(verdict), **usage_of(tally), seconds=round(time.perf_counter() - started, 4))
    return row


def scores_of(verdict: Verdict) -> Row:
    """A verdict as columns of a row."""
    scores = verdict.scores or dict.fromkeys(SCORE_DIMENSIONS)
    return {
        **scores,
        "safety": verdict.safety,
        "reasons": verdict.reasons,
        "unscored": verdict.unscored,
        "injection": list(verdict.injection),
        "panel": verdict.panel,
        "absent": verdict.absent,
        "unreached": verdict.unreached,
    }


def complete(row: Row) -> bool:
    """Whether a row is worth keeping: a failure, or a panel of which a judge was out of reach, is run again next time.

    What the run does over again costs nothing, since replies are stored; only what failed is asked anew.
    """
    return not (row["failed"] or row["unreached"])


def usage_of(tally: Tally) -> Row:
    """What was spent, as columns of a row."""
    total = tally.total()
    return {
        "lm_calls": tally.calls(),
        "replies": tally.replies(),
        "lm_replies": total.calls + total.reused,
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "cost_usd": None if total.unpriced else total.cost_usd,
    }
