"""Runs programs over scenarios: concurrent, resumable, one recorded episode a scenario whatever happens."""

import time
from collections.abc import Iterable

import dspy

from benchmark.evaluation.episode import Episode, EpisodeUsage
from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.stored import StoredEpisodes
from benchmark.evaluation.users import CONTRACT, SimulatedUser
from benchmark.jobs.budget import BudgetSpent
from benchmark.jobs.journal import Journal
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress, with_note
from benchmark.jobs.resume import Failure, Unstarted, attempt, resume_models
from benchmark.judging.judge import Scorer, Verdict
from benchmark.judging.panel import judge_of
from benchmark.scenarios.scenario import Scenario
from lms import LanguageModels, Role
from modules import Program
from signatures.identity import content_id

ROLES = (Role.TARGET, Role.JUDGE, Role.USER)
"""The roles that take part in an evaluation."""


def setup_of(program: Program, models: LanguageModels, judge: Scorer) -> str:
    """A hash of all that an episode depends on besides its scenario."""
    return content_id(
        program.identity(), judge.identity(), CONTRACT, models.identity(Role.TARGET), models.identity(Role.USER)
    )


def evaluate(
    program: Program,
    scenarios: Iterable[Scenario],
    *,
    models: LanguageModels,
    name: str,
    judge: Scorer | None = None,
    store: Journal | None = None,
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
) -> Evaluation:
    """Run ``program`` on every scenario with a simulated user, and judge each response against the whole profile.

    Args:
        models: the target answers, the user replies, the judge scores; each sees only its own prompt.
        name: how tables call the program.
        judge: by default the judge role's model, or its panel.
        store: finished episodes; those of the same program, models and scenario are reused. Unless it is in memory,
            the evaluation reads its episodes there and holds none itself.
        concurrency: episodes at once.

    Returns:
        An evaluation with one episode a scenario, in their order.

    Raises:
        RaiseError: for a mistake that would fail every episode, such as a missing key.
        BudgetSpent: if a limit that is enforced on the models forbids a call; finished episodes are stored.
    """
    judge = judge or judge_of(models)
    job = resume_models(Episode, store or Journal(), keep=lambda episode: episode.complete)
    setup = setup_of(program, models, judge)

    kept = None if store is None or store.in_memory else store

    def run(scenario: Scenario) -> Episode | str:
        key = content_id(setup, scenario.row())
        done = job.run(key, lambda: run_episode(program, scenario, models, judge, key))
        if isinstance(done, Unstarted):
            raise BudgetSpent(done.reason)
        if isinstance(done, Failure):  # errors of models are in the episode; this is one of ours
            return Episode(scenario=scenario, verdict=Verdict(None, unscored=done.reason), failed=True)
        return done if kept is None or not done.complete else key

    paced = with_note(progress, lambda: models.pace)
    entries = run_in_order(run, list(scenarios), concurrency, paced, f"evaluating {name}")
    job.journal.sync()
    episodes = StoredEpisodes(job.journal, entries)
    return Evaluation(name, episodes, models.simulated(*ROLES))


def run_episode(program: Program, scenario: Scenario, models: LanguageModels, judge: Scorer, key: str) -> Episode:
    """One conversation and its verdict; what failed is in the verdict's reason.

    Args:
        key: what its calls are charged to.
    """
    started = time.perf_counter()
    user = SimulatedUser(scenario.profile, models[Role.USER])
    with models.ledger.scope(key) as tally, models.context(Role.TARGET):
        answer = attempt(
            lambda: program(
                query=scenario.query,
                user=user,
                context=scenario.profile if program.sees_profile else None,
                origin=scenario.situation,
            )
        )
        verdict: Verdict | Failure
        if isinstance(answer, Failure):
            verdict = answer
        elif user.failure:
            verdict = Verdict(None, unscored=user.failure, attempts=0)
        else:
            verdict = attempt(lambda: judge(scenario.query, scenario.profile, answer.response))
    return Episode(
        scenario=scenario,
        verdict=Verdict(None, unscored=verdict.reason) if isinstance(verdict, Failure) else verdict,
        lost_answers=user.lost,
        failed=isinstance(verdict, Failure),
        usage=EpisodeUsage.of(tally, models.store.usage_of(key)),
        seconds=round(time.perf_counter() - started, 4),
        **({} if isinstance(answer, Failure) else _conversation_of(answer)),
    )


def _conversation_of(answer: dspy.Prediction) -> dict[str, object]:
    """The fields of an episode that a program's prediction gives."""
    fields = ("response", "n_queries", "burden", "asked", "turns", "stop_reason", "unreadable", "spent")
    counts = ("ungrounded", "invalid", "falling", "invented", "invented_kept", "plain_answers")
    own = {name: answer.get(name, 0) for name in counts}  # programs of one's own may lack them
    return {**{name: getattr(answer, name) for name in fields}, **own, "off_target": answer.get("off_target", ())}
