"""The search: rounds of raced trials over a growing pool of options, then the front measured on all of dev.

Every trial meets the same scenarios in the same order. The first round chooses among what the proposers offer; each
later one adds what reflection on the front so far suggests. At the end the front is measured again on all of dev, so
that no member owes its place to luck on the scenarios of the race.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from optuna.trial import TrialState

from benchmark import Evaluation
from benchmark.jobs.budget import BudgetSpent
from optimizers.front import hypervolume, non_dominated, select_by_hypervolume
from optimizers.pareto.proposals import (
    Proposer,
    bootstrap_demos,
    propose_basic,
    propose_grounded,
    show_planned_paths,
)
from optimizers.pareto.racing import Estimate, Race, estimate, optimistic_gain
from optimizers.pareto.reflection import reflect
from optimizers.pareto.search_space import (
    OptionPool,
    build,
    distributions,
    dump_pool,
    extend_pool,
    index_of,
    start_pool,
    student_params,
)
from optimizers.pareto.study import UNSCORED, ClaimedTrial, RoundPlan, StudyRound, why_given_up
from optimizers.task import Candidate, Search, Task, cost_unit, refuse_unscored
from signatures import RaiseError

ROUNDS = (0.4, 0.3, 0.3)
"""Shares of the trials; reflection comes before each round but the first."""
DEMO_SETS = 3
BASIC = {"respond": 2, "abstain": 1}
GROUNDED = {"respond": 2, "abstain": 1, "plan": 1, "ask": 1}
REFLECTED = ("respond", "respond", "abstain", "respond", "plan")
"""What is reflected on before each later round, for front members in turn, safest first."""
OVER_LIMIT = "trials over the limit on prompt tokens, which were not tried"


def pareto(task: Task, race: Race | None = None) -> Search:
    """Search the trade-off between safety and questions; see the module.

    Args:
        race: when a trial is given up.
    """
    return ParetoSearch(task, race or Race()).run()


class ParetoSearch:
    """One run of the search by one worker.

    Attributes:
        measured: number -> the trial's program and what is measured of it.
    """

    def __init__(self, task: Task, race: Race) -> None:
        self.task, self.race = task, race
        self.raced = list(task.dev[: max(1, round(task.raced * len(task.dev)))])
        self.issues: Counter[str] = Counter()
        self.measured: dict[int, Candidate] = {}

    @cached_property
    def unit(self) -> float | None:
        """What cost is told by, where it is an objective: that of the uncompiled program, which is the first trial."""
        if self.task.objective != "cost":
            return None
        return cost_unit(self.task.measure(self.task.student, "uncompiled", self.raced))

    def run(self) -> Search:
        """All rounds, then the front."""
        self.task.prompt_limit.refuse(self.task.student)
        pool: OptionPool = {}
        try:
            for this in self._rounds():
                pool = this.pool
        except BudgetSpent as spent:  # the trial under way is left to whoever carries the search on
            if not self._completed():
                raise RaiseError(f"{spent} before a first trial was measured: raise the limit.") from spent
        affordable = self._affordable_programs()
        self.task.budget.measure_result()
        with self.task.storage.alone(f"{self.task.name} front"):
            front = self._measure_front_again(affordable)
        if not front:
            raise RaiseError("no trial could be scored: look at the judge and target models.")
        tried = [self.measured[number] for number in sorted(self.measured)]
        return Search(tried, front, self.task.budget.reason(), dict(self.issues), dump_pool(pool))

    def _affordable_programs(self) -> int:
        """How many members of the front can be measured within the limits, at most ``Task.front``."""
        first = self.measured[min(self.measured)].dev
        if programs := self._most_programs(first):
            all_raced = len(self.raced) == len(self.task.dev)  # then dev costs nothing more
            return self.task.front if all_raced else programs
        calls, usd = self._result_cost(first, 1)
        raise RaiseError(
            f"the limit is too low: measuring a result takes about {calls:,.0f} more LM calls (US$ {usd:.2f}); with a "
            "higher limit the same command goes on, or lower --dev and --test."
        )

    # Rounds of trials.

    def _rounds(self) -> Iterator[StudyRound]:
        """Each round, as it begins and again when its trials are done."""
        before: StudyRound | None = None
        for number, trials in enumerate(_share_trials(self.task.trials)):
            if before is not None and self.task.budget.reason():
                return
            before = self._open_round(number, trials, before)
            yield before
            self._run_round(before)
            yield before

    def _open_round(self, number: int, trials: int, before: StudyRound | None) -> StudyRound:
        return StudyRound(
            self.task.storage,
            self.task.name,
            number,
            seed=self.task.seed,
            plan=lambda: self._plan_round(number, trials, before),
            distributions=lambda pool: distributions(self.task.student, pool, self.task.prompt_limit),
            before=before,
            objective=self.task.objective,
        )

    def _run_round(self, this: StudyRound) -> None:
        self.issues.update(this.issues)
        self._catch_up(this)
        while not (self.measured and self.task.budget.reason()) and (claimed := this.claim()):
            try:
                self.task.report("searching the trade-off", claimed.number, self.task.trials)
                self._try(this, claimed)
            except BaseException:
                this.release(claimed)
                raise
        self._catch_up(this)

    def _plan_round(self, number: int, trials: int, before: StudyRound | None) -> RoundPlan:
        proposer = Proposer(self.task)
        if before is None:
            return self._plan_first_round(proposer, trials)
        pool, starts = before.pool, list[dict[str, Any]]()
        front = self._front()
        for i, predictor in enumerate(REFLECTED):
            self.task.report("reflecting on the front", i, len(REFLECTED))
            member = front[i % len(front)]
            rollout = 1 + (self.task.seed * 100 + number) * 100 + i
            for option in proposer.keep_short({predictor: reflect(proposer, member, predictor, rollout)})[predictor]:
                pool = extend_pool(pool, {predictor: [option]})
                starts.append({**member.params, predictor: index_of(pool, predictor, option)})
        return RoundPlan(pool, starts, trials, proposer.issues)

    def _plan_first_round(self, proposer: Proposer, trials: int) -> RoundPlan:
        shown, demos = bootstrap_demos(proposer, DEMO_SETS)
        pool = extend_pool(start_pool(), proposer.keep_short(shown))
        pool = extend_pool(pool, proposer.keep_short(show_planned_paths(self.task)))
        pool = extend_pool(pool, proposer.keep_short(propose_basic(proposer, BASIC)))
        pool = extend_pool(pool, proposer.keep_short(propose_grounded(proposer, GROUNDED, demos)))
        own = student_params(self.task.student)
        starts = [own, {**own, "budget": 0.0}, *({**own, "answering": i} for i in range(1, len(pool["answering"])))]
        return RoundPlan(pool, starts, trials, proposer.issues)

    def _try(self, this: StudyRound, claimed: ClaimedTrial) -> None:
        """Race one trial."""
        params = this.choose(claimed)
        name = f"trial-{claimed.number:02d}"
        program = build(self.task.student, this.pool, params)
        if not self.task.prompt_limit.allows(program):
            this.give_up(claimed, OVER_LIMIT)
            self.issues[OVER_LIMIT] += 1
            return
        for count in self.race.looks(len(self.raced)):
            dev = self.task.measure(program, name, self.raced[:count])
            if dev.no_conclusion:
                self._fail(this, claimed, dev)
                return
            reached = estimate(dev, [done.dev for done in self._completed()], len(self.raced), self.unit)
            if any(math.isnan(value) for value in reached.point):
                self._fail(this, claimed, dev)
                return
            luck = self.race.luck(count, len(self.raced), objectives=len(reached.point))
            if count < len(self.raced) and self._hopeless(reached, luck):
                break
        self._keep(claimed.number, Candidate(name, program, dev, params, self.unit))
        this.tell(claimed, reached.point, len(dev.frame), self.task.constraints.violations(reached.point))
        self.task.budget.note(hypervolume([candidate.point for candidate in self._front()]))

    def _fail(self, this: StudyRound, claimed: ClaimedTrial, dev: Evaluation) -> None:
        this.give_up(claimed)
        self.issues[UNSCORED] += 1
        if claimed.number == 0:
            refuse_unscored(dev)

    def _hopeless(self, reached: Estimate, luck: float) -> bool:
        """Whether the trial could hardly add to the front; none is before a first trial has finished."""
        front = [candidate.point for candidate in self._front()]
        if not front:
            return False
        return optimistic_gain(reached, front, luck) < self.race.least_gain or bool(self.task.budget.reason())

    # What is known so far.

    def _keep(self, number: int, candidate: Candidate) -> None:
        self.measured[number] = candidate
        self.issues["unscored responses"] += candidate.dev.unscored
        if number == 0:
            self._reserve_result(candidate.dev)

    def _reserve_result(self, first: Evaluation) -> None:
        """Set aside what measuring the front takes: as many members as leave half of the limits to the search."""
        self.task.budget.reserve(*self._result_cost(first, self._most_programs(first, times=2) or 1))

    def _most_programs(self, first: Evaluation, times: int = 1) -> int:
        """The largest front that could be measured ``times`` over within the limits; 0 if none could."""
        for programs in range(self.task.front, 0, -1):
            calls, usd = self._result_cost(first, programs)
            if self.task.budget.affords(times * calls, times * usd):
                return programs
        return 0

    def _result_cost(self, first: Evaluation, programs: int) -> tuple[float, float]:
        """See ``Task.result_cost``; trials have met ``raced`` only."""
        return self.task.result_cost(first, programs, len(self.task.dev) - len(self.raced))

    def _catch_up(self, this: StudyRound) -> None:
        """Take in trials that an earlier run or another worker finished; their replies are in the store."""
        done = this.finished()
        given_up = Counter(why_given_up(trial) for trial in done if trial.state is TrialState.FAIL)
        self.issues.update({why: count - self.issues[why] for why, count in given_up.items()})
        for trial in done:
            if trial.number in self.measured or trial.state is not TrialState.COMPLETE:
                continue
            name, count = f"trial-{trial.number:02d}", trial.user_attrs["measured"]
            program = build(self.task.student, this.pool, trial.params)
            dev = self.task.measure(program, name, self.raced[:count])
            self._keep(trial.number, Candidate(name, program, dev, dict(trial.params), self.unit))

    def _completed(self) -> list[Candidate]:
        done = [self.measured[number] for number in sorted(self.measured)]
        return [candidate for candidate in done if len(candidate.dev.frame) == len(self.raced)]

    def _front(self) -> list[Candidate]:
        """The best of those that were measured in full, safest first."""
        return self._best(self._completed())

    def _best(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The front of those that keep the constraints; of all, if none does."""
        kept = [candidate for candidate in candidates if self.task.constraints.kept(candidate.point)] or candidates
        return [kept[i] for i in non_dominated([candidate.point for candidate in kept])]

    # The end.

    def _measure_front_again(self, most: int) -> list[Candidate]:
        """The front's ``most`` most useful members, measured on all of dev; those that prove dominated are left out."""
        front = self._front()
        members = [front[i] for i in select_by_hypervolume([member.point for member in front], most)]
        again = []
        for number, member in enumerate(members):
            self.task.report("measuring the front again", number, len(members))
            dev = self.task.measure(member.program, member.name)
            again.append(Candidate(member.name, member.program, dev, member.params, self.unit))
        self.task.report("measuring the front again", len(members), len(members))
        best = self._best(again)
        if not any(self.task.constraints.kept(candidate.point) for candidate in best):
            self.issues["constraints that no program kept"] += 1
        return best


def _share_trials(trials: int) -> list[int]:
    """Trials of each round; the first takes what rounding leaves."""
    later = [int(trials * share) for share in ROUNDS[1:]]
    return [trials - sum(later), *(share for share in later if share)]
