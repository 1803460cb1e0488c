"""Runs programs over scenarios: concurrent, resumable, one recorded episode a scenario whatever happens."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import dspy

from benchmark.evaluation.episode import Episode, EpisodeUsage, Provenance
from benchmark.evaluation.kept import KeptEpisodes
from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.users import CONTRACT, SimulatedUser
from benchmark.jobs.budget import BudgetSpent
from benchmark.jobs.journal import Journal
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress, with_note
from benchmark.jobs.resume import Failure, ResumableJob, Unstarted, attempt, resume_models
from benchmark.judging.judge import Scorer, Verdict
from benchmark.judging.panel import judge_name, judge_of
from benchmark.scenarios.scenario import Scenario, hash_of
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


def episode_key(setup: str, scenario: Scenario) -> str:
    """What an episode is stored under.

    Args:
        setup: as ``setup_of`` gives it.
    """
    return content_id(setup, scenario.row())


def provenance_of(
    name: str, models: LanguageModels, judge: Scorer, scenarios: Sequence[Scenario], data_hash: str
) -> Provenance:
    """What the episodes of a program are of; an empty ``data_hash`` stands for the hash of ``scenarios``."""
    return Provenance(
        program=name,
        target=models.roles[Role.TARGET].model,
        judge=judge_name(judge),
        user=models.roles[Role.USER].model,
        data_hash=data_hash or hash_of(scenarios),
    )


Entry = Episode | str
"""An episode, or the key under which a store has it."""
Elsewhere = Callable[[Sequence[Scenario], Provenance, OnProgress, str], list[Entry]]
"""Has the conversations held by others: scenarios, what their episodes are of, progress and its stage -> entries."""


@dataclass(frozen=True)
class EpisodeRunner:
    """Holds conversations of one program, and keeps them.

    Attributes:
        job: finished episodes.
        keeping: whether those are read from its journal later, so that their keys do.
    """

    program: Program
    models: LanguageModels
    judge: Scorer
    job: ResumableJob[Episode]
    setup: str
    provenance: Provenance
    keeping: bool

    @classmethod
    def of(
        cls, program: Program, models: LanguageModels, judge: Scorer, store: Journal | None, provenance: Provenance
    ) -> "EpisodeRunner":
        """Of a program with its models, its judge and a store."""
        job = resume_models(Episode, store or Journal(), keep=lambda episode: episode.complete)
        keeping = store is not None and not store.in_memory
        return cls(program, models, judge, job, setup_of(program, models, judge), provenance, keeping)

    def __call__(self, scenario: Scenario) -> Entry:
        """The episode of a scenario.

        Raises:
            BudgetSpent: if a limit forbids a call.
        """
        key = episode_key(self.setup, scenario)
        done = self.job.run(
            key,
            lambda: run_episode(self.program, scenario, self.models, self.judge, key).made_by(self.provenance),
        )
        if isinstance(done, Unstarted):
            raise BudgetSpent(done.reason)
        if isinstance(done, Failure):  # errors of models are in the episode; this is one of ours
            failure = Verdict(None, unscored=done.reason)
            return Episode(provenance=self.provenance, scenario=scenario, verdict=failure, failed=True)
        return key if self.keeping and done.complete else done.made_by(self.provenance)


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
    data_hash: str = "",
    elsewhere: Elsewhere | None = None,
) -> Evaluation:
    """Run ``program`` on every scenario with a simulated user, and judge each response against the whole profile.

    Args:
        models: the target answers, the user replies, the judge scores; each sees only its own prompt.
        name: how tables call the program.
        judge: by default the judge role's model, or its panel.
        store: finished episodes; those of the same program, models and scenario are reused. Unless it is in memory,
            the evaluation reads its episodes there and holds none itself.
        concurrency: episodes at once.
        data_hash: of the set that the scenarios were drawn from; by default that of the scenarios.
        elsewhere: holds the conversations in place of this process, into the same store.

    Returns:
        An evaluation with one episode a scenario, in their order.

    Raises:
        RaiseError: for a mistake that would fail every episode, such as a missing key.
        BudgetSpent: if a limit that is enforced on the models forbids a call; finished episodes are stored.
    """
    judge, drawn = judge or judge_of(models), list(scenarios)
    provenance = provenance_of(name, models, judge, drawn, data_hash)
    runner = EpisodeRunner.of(program, models, judge, store, provenance)
    paced = with_note(progress, lambda: models.pace)
    stage = f"evaluating {name}"
    entries = (
        run_in_order(runner, drawn, concurrency, paced, stage)
        if elsewhere is None
        else elsewhere(drawn, provenance, progress, stage)
    )
    runner.job.journal.sync()
    episodes = KeptEpisodes(runner.job.journal, entries, provenance)
    return Evaluation(name, episodes, models.simulated(*ROLES))


def run_episode(program: Program, scenario: Scenario, models: LanguageModels, judge: Scorer, key: str) -> Episode:
    """One conversation and its verdict; what failed is in the verdict's reason.

    Args:
        key: what its calls are charged to.
    """
    started = time.perf_counter()
    user = SimulatedUser(scenario.profile, models[Role.USER])
    with models.ledger.scope(key) as tally, models.context(Role.TARGET):
        answer = attempt(lambda: converse(program, scenario, user))
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


def converse(program: Program, scenario: Scenario, user: SimulatedUser) -> dspy.Prediction:
    """One conversation of ``program`` with ``user``; the profile is for programs that are made to see it."""
    answer: dspy.Prediction = program(
        query=scenario.query,
        user=user,
        context=scenario.profile if program.sees_profile else None,
        origin=scenario.situation,
    )
    return answer


def _conversation_of(answer: dspy.Prediction) -> dict[str, object]:
    """The fields of an episode that a program's prediction gives."""
    fields = ("response", "n_queries", "burden", "asked", "turns", "stop_reason", "unreadable", "spent")
    counts = ("ungrounded", "invalid", "falling", "invented", "invented_kept", "harmful", "stopped", "plain_answers")
    own = {name: answer.get(name, 0) for name in counts}  # programs of one's own may lack them
    return {**{name: getattr(answer, name) for name in fields}, **own, "off_target": answer.get("off_target", ())}
