"""One search of a DSPy optimizer: what goes in, and what our record makes of it."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import dspy
import numpy as np

from benchmark import Evaluation, Scenario
from benchmark.evaluation.results import MAX_UNSCORED
from lms import Role
from lms.engine import RoleLM
from lms.ledger import Usage
from modules import RAISE
from modules.calls import FATAL
from optimizers.adapters.instrumentation import Halt, Watch, Watched, state_of
from optimizers.adapters.outcome import Plan, outcome
from optimizers.adapters.teaching import TeacherAdapter
from optimizers.demos import quiet
from optimizers.feedback import best_path_of, feedback
from optimizers.leaks import refuse_private
from optimizers.metric import check_metric, example_of, recorded, tradeoff
from optimizers.task import Search, Task
from signatures import RaiseError

GOOD = 0.6
"""Conversations of the best 40 % may become demonstrations: those at or above this quantile of the uncompiled."""
WORST, BEST = 1, 5
"""Grades."""


class Session:
    """One search. Making it asks no model; ``search`` does.

    Attributes:
        student: what the optimizer is given.
        train, dev: scenarios as DSPy takes them; train is in an order of the seed's own, and without those that no
            demonstration may be made of.
        teacher: the model that writes instructions.
        adapter: how prompts are written, also to be given to proposers that bring their own.
        best, worst: the metric's highest and lowest value, as its recorded examples tell.

    Raises:
        RaiseError: for a metric that cannot be used, or scenarios that no demonstration may be made of.
    """

    def __init__(self, task: Task, plan: Plan) -> None:
        self.task, self.plan = task, plan
        worth = task.metric or tradeoff(task.price)
        takes = "scenario, prediction, verdict"
        check_metric(worth, recorded(), takes)
        self.best = check_metric(worth, recorded(BEST, 0), takes)
        self.worst = check_metric(worth, recorded(WORST, math.floor(task.student.settings.budget)), takes)
        train = list(task.train)
        if plan.shows:
            train = refuse_private(train, allow=task.allow_private_demos)
        order = np.random.default_rng(task.seed).permutation(len(train))
        self._train = [train[i] for i in order]
        self.watch = Watch(task, worth)
        self.watch.note("private scenarios left out", len(task.train) - len(train))
        self.adapter = TeacherAdapter(self.watch, task.student)
        self.student = Watched(self.watch)

    @cached_property
    def train(self) -> list[dspy.Example]:
        """See the class."""
        return [example_of(scenario, self.task.models) for scenario in self._train]

    @cached_property
    def dev(self) -> list[dspy.Example]:
        """See the class."""
        return [example_of(scenario, self.task.models) for scenario in self.task.dev]

    @cached_property
    def teacher(self) -> RoleLM:
        """See the class; another seed, other rollouts."""
        teacher: RoleLM = self.task.models[Role.TEACHER].copy(rollout_id=1 + self.task.seed * 1000)
        return teacher

    # Metrics.

    def metric(self, example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
        """Worth of a conversation; with a trace, as when demonstrations are sought, whether it is good enough (1.0)."""
        worth = self.watch.grade(example.user.scenario, prediction).worth
        if trace is not None:
            return float(worth is not None and worth >= self.watch.threshold)
        return self.watch.neutral if worth is None else worth

    def explain(
        self,
        gold: dspy.Example,
        pred: dspy.Prediction,
        trace: Any = None,
        pred_name: Any = None,
        pred_trace: Any = None,
    ) -> dspy.Prediction | float:
        """GEPA's metric: the worth; for a predictor, with what that predictor can learn from the conversation."""
        worth = self.metric(gold, pred)
        if pred_name is None:
            return worth
        scenario: Scenario = gold.user.scenario
        graded = self.watch.grade(scenario, pred)
        path = best_path_of(self.task.student.paths, scenario)
        told = feedback(str(pred_name), scenario, None if graded.failed else pred, graded.verdict, path)
        return dspy.Prediction(score=worth, feedback=told)

    # The search.

    def search(self, compile_student: Callable[[], RAISE | None]) -> Search:
        """Measure the uncompiled program, let the optimizer work, and take the best by our own record.

        Raises:
            RaiseError: if too much could not be scored.
            dspy.utils.exceptions.LMError: for what every call would meet, such as a wrong key.
        """
        task, watch = self.task, self.watch
        uncompiled = self._begin()
        task.reserve(uncompiled, 1, 0)
        kept = task.budget.so_far().reserved
        self._reserve(kept, uncompiled)
        context = dspy.context(lm=task.models[Role.TARGET], adapter=self.adapter, trace=[], disable_history=True)
        returned, gave_up = None, ""
        try:
            with quiet(), context:
                returned = compile_student()
        except Halt:
            pass  # the watch knows why
        except (RaiseError, *FATAL):
            raise
        except Exception as error:  # noqa: BLE001  the boundary: what an optimizer cannot cope with ends it, and is told
            gave_up = f"{self.plan.name} gave up ({type(error).__name__}: {str(error)[:200]})"
            watch.note("optimizer failures")
        watch.settle()
        task.budget.reserve(kept.calls, kept.cost_usd)
        if isinstance(returned, Watched):
            watch.meet(returned)
        shown = {scenario.id for scenario in self._train}
        state = state_of(returned) if returned is not None else ""
        search = outcome(task, self.plan, watch, uncompiled, returned=state, shown=shown)
        return replace(search, stopped=watch.spent or gave_up, account={k: n for k, n in watch.account.items() if n})

    def _begin(self) -> Evaluation:
        uncompiled = self.task.measure(self.task.student, "uncompiled")
        if len(uncompiled.frame) and uncompiled.unscored > MAX_UNSCORED * len(uncompiled.frame):
            reason = next(r for r in uncompiled.frame["unscored"] if r)
            raise RaiseError(
                f"{uncompiled.unscored} of {len(uncompiled.frame)} conversations of the uncompiled program could not "
                f"be scored ({reason}): look at the target and judge models."
            )
        start = self.watch.meet(self.student)
        self.watch.take(start, uncompiled, self.task.dev)
        scored = [value for value in self.watch.tried[start].worth.values() if value is not None]
        if not scored:
            raise RaiseError("the metric could not score any conversation of the uncompiled program.")
        self.watch.neutral, self.watch.threshold = float(np.mean(scored)), float(np.quantile(scored, GOOD))
        return uncompiled

    def _reserve(self, kept: Usage, uncompiled: Evaluation) -> None:
        """Set aside, besides what others have, what it takes to measure the finalists on dev."""
        times = self.plan.finalists
        calls = float(uncompiled.frame["lm_replies"].sum()) * times
        self.task.budget.reserve(kept.calls + calls, kept.cost_usd + (uncompiled.cost_usd() or 0.0) * times)
