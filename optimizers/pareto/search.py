"""The search: rounds of raced trials over a growing pool of parts, then the front measured on scenarios not raced on.

Every trial meets the same scenarios in the same order. The first round chooses among what the proposers offer; each
later one adds what reflection on the front so far suggests. At the end the front is measured again on all of dev, so
that no member owes its place to luck on the scenarios of the race.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dspy
from optuna.trial import TrialState

from benchmark import Evaluation
from benchmark.evaluation.results import MAX_UNSCORED
from modules import RAISE
from optimizers.front import hypervolume, non_dominated
from optimizers.pareto.proposals import Editor, basic, bootstrapped, grounded, planned
from optimizers.pareto.racing import LEAST_GAIN, Estimate, estimate, looks, promise
from optimizers.pareto.reflection import reflect
from optimizers.pareto.search_space import build, distributions, empty_pool, extended, index_of, plain
from optimizers.pareto.study import Asked, Opening, Round
from optimizers.task import Candidate, Search, Task
from signatures import RaiseError

RACED = 0.5
"""Share of dev that trials race on; the front meets the rest afterwards."""
ROUNDS = (0.4, 0.3, 0.3)
"""Shares of the trials; reflection comes before each round but the first."""
DEMO_SETS = 3
BASIC = {"respond": 2, "abstain": 1}
GROUNDED = {"respond": 2, "abstain": 1, "plan": 1, "ask": 1}
REFLECTED = ("respond", "respond", "abstain", "respond", "plan")
"""What is reflected on before each later round, for front members in turn, safest first."""
FRONT_AT_MOST = 6


def pareto(task: Task) -> Search:
    """Search the trade-off between safety and questions; see the module."""
    return Hunt(task).run()


class Pareto(dspy.teleprompt.Teleprompter):
    """``pareto`` as a DSPy optimizer: ``Pareto(task).compile(student)`` returns the safest program found.

    Args:
        task: everything but the student.

    Attributes:
        search: what the last compile found, the whole front included.
    """

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task
        self.search: Search | None = None

    def compile(
        self,
        student: RAISE,
        *,
        trainset: Sequence[Any] | None = None,
        teacher: Any = None,
        valset: Sequence[Any] | None = None,
        **_: Any,
    ) -> RAISE:
        """Search for ``student``.

        Args:
            trainset, valset: scenarios in place of the task's train and dev.
            teacher: ignored; instructions come from the task's teacher model.

        Raises:
            RaiseError: if nothing could be scored.
        """
        train, dev = trainset or self.task.train, valset or self.task.dev
        self.search = pareto(replace(self.task, student=student, train=train, dev=dev))
        return max(self.search.front, key=lambda candidate: candidate.point[0]).program


class Hunt:
    """One run of the search by one worker.

    Attributes:
        measured: number -> the trial's program and what is measured of it.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.raced = list(task.dev[: max(1, round(RACED * len(task.dev)))])
        self.looks = looks(len(self.raced))
        self.account: Counter[str] = Counter()
        self.measured: dict[int, Candidate] = {}

    def run(self) -> Search:
        """All rounds, then the front."""
        first, *later = _shares(self.task.trials)
        before = self._round(0, first, None)
        for number, trials in enumerate(later, 1):
            if not self.task.budget.reason():
                before = self._round(number, trials, before)
        with self.task.storage.alone(f"{self.task.name} front"):
            front = self._measured_again()
        if not front:
            raise RaiseError("no trial could be scored: look at the judge and target models.")
        tried = [self.measured[number] for number in sorted(self.measured)]
        parts = {slot: [part.model_dump(mode="json") for part in found] for slot, found in before.pool.items()}
        return Search(tried, front, self.task.budget.reason(), dict(self.account), parts)

    # Rounds of trials.

    def _round(self, number: int, trials: int, before: Round | None) -> Round:
        this = Round(
            self.task.storage,
            self.task.name,
            number,
            seed=self.task.seed,
            opening=lambda: self._opening(number, trials, before),
            distributions=lambda pool: distributions(self.task.student, pool),
            before=before,
        )
        self.account.update(this.account)
        self._catch_up(this)
        while not (self.measured and self.task.budget.reason()) and (asked := this.claim()):
            try:
                self.task.progress("searching the trade-off", asked.number, self.task.trials)
                self._try(this, asked)
            except BaseException:
                this.release(asked)
                raise
        self._catch_up(this)
        return this

    def _opening(self, number: int, trials: int, before: Round | None) -> Opening:
        editor = Editor(self.task)
        if before is None:
            return self._first_opening(editor, trials)
        pool, starts = before.pool, list[dict[str, Any]]()
        front = self._front()
        for i, predictor in enumerate(REFLECTED):
            self.task.progress("reflecting on the front", i, len(REFLECTED))
            member = front[i % len(front)]
            rollout = 1 + (self.task.seed * 100 + number) * 100 + i
            for part in reflect(editor, member, predictor, rollout):
                pool = extended(pool, {predictor: [part]})
                starts.append({**member.params, predictor: index_of(pool, predictor, part)})
        return Opening(pool, starts, trials, editor.account)

    def _first_opening(self, editor: Editor, trials: int) -> Opening:
        shown, demos = bootstrapped(editor, DEMO_SETS)
        pool = empty_pool()
        for more in (shown, planned(self.task), basic(editor, BASIC), grounded(editor, GROUNDED, demos)):
            pool = extended(pool, more)
        own = plain(self.task.student)
        starts = [own, {**own, "budget": 0.0}, *({**own, "answering": i} for i in range(1, len(pool["answering"])))]
        return Opening(pool, starts, trials, editor.account)

    def _try(self, this: Round, asked: Asked) -> None:
        """Race one trial."""
        params = this.choose(asked)
        name = f"trial-{asked.number:02d}"
        program = build(self.task.student, this.pool, params)
        for count in self.looks:
            dev = self.task.measure(program, name, self.raced[:count])
            if dev.unscored > MAX_UNSCORED * len(dev.frame):
                self._fail(this, asked, dev)
                return
            reached = estimate(dev, [done.dev for done in self._raced_to_the_end()], len(self.raced))
            if count < len(self.raced) and self._hopeless(reached):
                break
        self._keep(asked.number, Candidate(name, program, dev, params))
        this.tell(asked, reached.point, len(dev.frame), self.task.constraints.violations(reached.point))
        self.task.budget.note(hypervolume([candidate.point for candidate in self._front()]))

    def _fail(self, this: Round, asked: Asked, dev: Evaluation) -> None:
        this.give_up(asked)
        self.account["trials that could not be scored"] += 1
        if asked.number == 0:
            reasons = [reason for reason in dev.frame["unscored"] if reason]
            raise RaiseError(
                f"{dev.unscored} of {len(dev.frame)} responses of the uncompiled program could not be scored "
                f"({reasons[0]}): look at the judge and target models."
            )

    def _hopeless(self, reached: Estimate) -> bool:
        """Whether the trial could hardly add to the front; nothing is before a program has been measured in full."""
        front = [candidate.point for candidate in self._front()]
        return bool(front) and (promise(reached, front) < LEAST_GAIN or bool(self.task.budget.reason()))

    # What is known so far.

    def _keep(self, number: int, candidate: Candidate) -> None:
        self.measured[number] = candidate
        self.account["unscored responses"] += candidate.dev.unscored
        if number == 0:
            self.task.reserve(candidate.dev, FRONT_AT_MOST, len(self.task.dev) - len(self.raced))

    def _catch_up(self, this: Round) -> None:
        """Take in trials that an earlier run or another worker finished; their replies are in the store."""
        done = this.finished()
        self.account["trials that could not be scored"] = sum(trial.state is TrialState.FAIL for trial in done)
        for trial in done:
            if trial.number in self.measured or trial.state is not TrialState.COMPLETE:
                continue
            name, count = f"trial-{trial.number:02d}", trial.user_attrs["measured"]
            program = build(self.task.student, this.pool, trial.params)
            dev = self.task.measure(program, name, self.raced[:count])
            self._keep(trial.number, Candidate(name, program, dev, dict(trial.params)))

    def _raced_to_the_end(self) -> list[Candidate]:
        done = [self.measured[number] for number in sorted(self.measured)]
        return [candidate for candidate in done if len(candidate.dev.frame) == len(self.raced)]

    def _front(self) -> list[Candidate]:
        """The best of those that were measured in full, safest first."""
        return self._best(self._raced_to_the_end())

    def _best(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The front of those that keep the constraints; of all, if none does."""
        kept = [candidate for candidate in candidates if self.task.constraints.kept(candidate.point)] or candidates
        return [kept[i] for i in non_dominated([candidate.point for candidate in kept])]

    # The end.

    def _measured_again(self) -> list[Candidate]:
        """The front's most useful members, measured on all of dev; those that prove dominated are left out."""
        members = thinned(self._front(), FRONT_AT_MOST)
        again = []
        for number, member in enumerate(members):
            self.task.progress("measuring the front again", number, len(members))
            dev = self.task.measure(member.program, member.name)
            again.append(Candidate(member.name, member.program, dev, member.params))
        self.task.progress("measuring the front again", len(members), len(members))
        best = self._best(again)
        if not any(self.task.constraints.kept(candidate.point) for candidate in best):
            self.account["constraints that no program kept"] += 1
        return best


def _shares(trials: int) -> list[int]:
    """Trials of each round; the first takes what rounding leaves."""
    later = [int(trials * share) for share in ROUNDS[1:]]
    return [trials - sum(later), *(share for share in later if share)]


def thinned(front: Sequence[Candidate], most: int) -> list[Candidate]:
    """The ``most`` members that together keep the most hypervolume, chosen one by one, in their order."""
    chosen: list[int] = []
    while len(chosen) < min(most, len(front)):
        rest = [i for i in range(len(front)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: hypervolume([front[j].point for j in [*chosen, i]])))
    return [front[i] for i in sorted(chosen)]
