"""Offline planning over scenarios: which attributes are worth asking for the queries of a split.

Queries are planned in waves of a fixed size: those of a wave know nothing of each other and may run at once, later ones
learn from it. So the paths are the same for any concurrency.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from benchmark.defaults import PLAN_DEPTH, PLAN_EVALUATIONS, PLAN_PEOPLE, PLAN_QUERIES, PLAN_STRATEGY
from benchmark.jobs.budget import Budget
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from benchmark.jobs.resume import Failure, Unstarted, resume_models
from benchmark.judging.judge import Judge
from benchmark.planning.knowledge import KnowledgeFile, Pool, pool_evidence
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample
from lms import LanguageModels, Role
from lms.ledger import Tally
from modules import OfflinePlanner, PathIndex, PlannedPath, PlanningItem
from modules.offline import PEOPLE, People
from modules.search import STRATEGIES, Knowledge, Strategy
from signatures import Profile, RaiseError
from signatures.errors import unknown
from signatures.identity import content_id

ROLES = (Role.TARGET, Role.JUDGE)
"""The roles that planning needs."""
WAVE = 2
"""Queries of each domain that are planned before their knowledge is pooled."""
STAGE = "planning questions offline"
"""Of the progress reports; their note says about how many LM calls are still to come."""


@dataclass(frozen=True)
class PlanSettings:
    """How to plan; all of it decides what comes out.

    Attributes:
        queries: how many queries to plan for, spread over situations.
        evaluations: rollouts a query; each is one answer and one judge call.
        depth: longest path.
        strategy: see ``modules.search.find_path``.
        pool: whether queries learn from those of their domain that were planned before; only ``lattice`` can.
        people: whether to plan for everyone who could have asked the query, or for one of them, as the paper does.
        evaluations_at_once: evaluations of one query that run at the same time.
    """

    queries: int = PLAN_QUERIES
    evaluations: int = PLAN_EVALUATIONS
    depth: int = PLAN_DEPTH
    strategy: Strategy = PLAN_STRATEGY
    pool: bool = True
    people: People = PLAN_PEOPLE
    evaluations_at_once: int = 1

    def check(self, knowledge: KnowledgeFile | None = None) -> None:
        """Make sure that the settings mean something, before anything is written or paid for.

        Raises:
            RaiseError: for an unknown strategy or choice of people, or knowledge that would not be used.
        """
        if self.strategy not in STRATEGIES:
            raise RaiseError(unknown("strategy", self.strategy, STRATEGIES))
        if self.people not in PEOPLE:
            raise RaiseError(unknown("people", self.people, PEOPLE))
        if knowledge and not self.pools:
            raise RaiseError("a file of pooled knowledge needs the strategy 'lattice', with pooling.")

    @property
    def pools(self) -> bool:
        """Whether anything is learned from query to query."""
        return self.pool and self.strategy == "lattice"


@dataclass(frozen=True)
class UnplannedQuery:
    """A query that could not be planned, and why."""

    query: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What came of planning.

    Attributes:
        paths: of the queries planned, in the order in which they were chosen.
        failed: queries of which nothing could be scored.
        resumed: how many of ``paths`` an earlier run had planned.
        stopped: which limit ended planning before all queries were planned; empty if none did.
        knowledge: pooled by domain.
        charged: what its calls took, those of interrupted runs too.
    """

    paths: PathIndex
    failed: tuple[UnplannedQuery, ...] = ()
    resumed: int = 0
    stopped: str = ""
    knowledge: Pool = field(default_factory=dict)
    charged: Tally = field(default_factory=Tally)


def planning_items(scenarios: Sequence[Scenario], queries: int, seed: int) -> list[PlanningItem]:
    """``queries`` distinct queries, each with all profiles of its situation: everyone who could have asked it."""
    people: dict[str, dict[str, Profile]] = defaultdict(dict)
    for scenario in scenarios:
        people[scenario.situation][scenario.profile_id] = scenario.profile
    distinct = {(s.situation, s.query): s for s in scenarios}
    chosen = sample(list(distinct.values()), queries, seed=seed)
    return [PlanningItem(s.query, tuple(people[s.situation].values()), s.situation, s.domain, s.source) for s in chosen]


def plan(
    scenarios: Sequence[Scenario],
    settings: PlanSettings,
    *,
    models: LanguageModels,
    seed: int = 0,
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
    journal: Journal | None = None,
    knowledge: KnowledgeFile | None = None,
    budget: Budget | None = None,
    elsewhere: "Elsewhere | None" = None,
) -> Plan:
    """Plan paths for queries of ``scenarios`` with the target model as responder and the judge as reward.

    Args:
        concurrency: queries at once; does not change the paths.
        journal: queries planned so far; those planned in the same way are not planned again.
        knowledge: what earlier runs taught, extended by this one.
        budget: asked before each query.
        elsewhere: plans the queries of a wave in place of this process, into the same journal.

    Raises:
        RaiseError: if no query could be planned, or the settings do not fit together.
        dspy.utils.exceptions.LMError: for what would fail every query, such as a wrong key.
    """
    budget = budget or Budget()
    settings.check(knowledge)
    budget.check_prices({role: models.roles[role] for role in ROLES})
    items = planning_items(scenarios, settings.queries, seed)
    run = PlanRun(settings, seed, models, journal or Journal(), budget, elsewhere=elsewhere)
    job = content_id(run.setup, [_identity(item) for item in items])
    if knowledge:
        run.pool = knowledge.start(job)
    outcomes: dict[int, Outcome] = {}
    with models.context(Role.TARGET), models.ledger.charged_to(job), budget.enforced():
        for wave in _waves(items, settings):
            report = _report_whole(progress, len(outcomes), len(items), run)
            outcomes |= zip(wave, run.wave(job, [items[i] for i in wave], concurrency, report), strict=True)
            if any(isinstance(outcome, Unstarted) for outcome in outcomes.values()):
                break
    ordered = [outcomes[i] for i in sorted(outcomes)]
    paths = [
        outcome.model_copy(update={"source": items[i].source})
        for i, outcome in sorted(outcomes.items())
        if isinstance(outcome, PlannedPath)
    ]
    failed = tuple(
        UnplannedQuery(items[i].query, outcome.reason)
        for i, outcome in sorted(outcomes.items())
        if isinstance(outcome, Failure)
    )
    stopped = next((outcome.reason for outcome in ordered if isinstance(outcome, Unstarted)), "")
    if not paths:
        reasons = [failure.reason for failure in failed] or [stopped]
        raise RaiseError(f"no query could be planned ({reasons[0]}): look at the judge and target models.")
    if knowledge:
        knowledge.save(run.pool)
    return Plan(PathIndex(paths), failed, run.job.resumed, stopped, run.pool, models.store.usage_of(job))


def _waves(items: Sequence[PlanningItem], settings: PlanSettings) -> list[list[int]]:
    """Indices of the queries of each wave: the next ``WAVE`` of every domain; one wave if nothing is learned."""
    if not settings.pools:
        return [list(range(len(items)))]
    waves: dict[int, list[int]] = defaultdict(list)
    seen: Counter[str] = Counter()
    for i, item in enumerate(items):
        waves[seen[item.domain] // WAVE].append(i)
        seen[item.domain] += 1
    return [waves[number] for number in sorted(waves)]


def _identity(item: PlanningItem) -> str:
    return content_id(item.query, item.origin, item.domain, [profile.known() for profile in item.profiles])


Outcome = PlannedPath | Failure | Unstarted


@dataclass(frozen=True)
class PlanUnit:
    """A query to be planned anywhere.

    Attributes:
        job: that its calls are charged to.
        key: of its path in the journal.
        knowledge: pooled so far in its domain.
    """

    job: str
    key: str
    item: PlanningItem
    knowledge: Knowledge | None


Elsewhere = Callable[[Sequence[PlanUnit], OnProgress], list[tuple[Outcome, int]]]
"""Has queries planned by others: units -> their outcomes, each with the LM replies that it took."""


class PlanRun:
    """One run over the queries of a plan.

    Args:
        elsewhere: see ``plan``.

    Attributes:
        setup: a hash of all that planning depends on, besides the query and the knowledge.
        pool: what the waves so far have taught.
        job: the journal of planned queries, and the budget.
    """

    def __init__(
        self,
        settings: PlanSettings,
        seed: int,
        models: LanguageModels,
        journal: Journal,
        budget: Budget,
        *,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        judge = Judge(models[Role.JUDGE])
        self.planner = OfflinePlanner(
            judge.score,
            depth=settings.depth,
            evaluations=settings.evaluations,
            strategy=settings.strategy,
            seed=seed,
            people=settings.people,
            evaluations_at_once=settings.evaluations_at_once,
        )
        prompts = [
            (predictor.signature.instructions, repr([dict(demo) for demo in predictor.demos]))
            for predictor in (self.planner.respond, self.planner.rank)
        ]
        chosen = {k: v for k, v in asdict(settings).items() if k not in ("queries", "pool")}  # these act through others
        self.setup = content_id("plan", chosen, seed, prompts, judge.identity(), models.identity(Role.TARGET))
        self.settings, self.models = settings, models
        self.pool: Pool = {}
        self.job = resume_models(PlannedPath, journal, budget=budget)
        self._replies: list[int] = []
        self._elsewhere = elsewhere

    def wave(self, job: str, items: Sequence[PlanningItem], concurrency: int, progress: OnProgress) -> list[Outcome]:
        """Plan ``items`` without one learning from the other, then pool what they taught."""
        units = [PlanUnit(job, self._key(item), item, self.pool.get(item.domain)) for item in items]
        if self._elsewhere is None:
            outcomes = self.job.run_all(
                units, lambda unit: unit.key, self._plan, concurrency=concurrency, progress=progress
            )
        else:
            self.job.resumed += sum(self.job.journal.get(unit.key) is not None for unit in units)
            found = self._elsewhere(units, progress)
            outcomes = [outcome for outcome, _ in found]
            self._replies += [replies for _, replies in found if replies]
        if self.settings.pools:
            self.pool = pool_evidence(self.pool, [path for path in outcomes if isinstance(path, PlannedPath)])
        return outcomes

    def _key(self, item: PlanningItem) -> str:
        """What the path of ``item`` depends on; the pool only changes between waves."""
        knowledge = self.pool.get(item.domain)
        return content_id(self.setup, _identity(item), knowledge.to_json() if knowledge else "")

    def plan_and_count(self, unit: PlanUnit) -> tuple[Outcome, int]:
        """Plan one query, unless the journal has it; with the LM replies that it took."""
        with self.models.ledger.scope(unit.job) as tally, self.models.context(Role.TARGET):
            outcome = self.job.run(unit.key, lambda: self._plan(unit))
        usage = tally.total()
        return outcome, usage.calls + usage.reused

    def _plan(self, unit: PlanUnit) -> PlannedPath:
        with self.models.ledger.scope() as tally:
            path = self.planner.plan(unit.item, unit.knowledge)
        usage = tally.total()
        self._replies.append(usage.calls + usage.reused)
        return path

    def calls_left(self, queries: int) -> int:
        """About how many LM calls ``queries`` more will take: as many each as those so far, or at first the most."""
        most = 1 + 2 * self.settings.evaluations
        return round(queries * (sum(self._replies) / len(self._replies) if self._replies else most))


def _report_whole(progress: OnProgress, before: int, total: int, run: PlanRun) -> OnProgress:
    """The report of a wave, as a report of the whole."""

    def report(wave: Progress) -> None:
        done = before + wave.done
        progress(Progress(STAGE, done, total, f"about {run.calls_left(total - done)} LM calls to go"))

    return report
