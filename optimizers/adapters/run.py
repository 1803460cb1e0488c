"""One run of a DSPy optimizer: what goes in, and what our record makes of it."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import dspy
import numpy as np

from benchmark import Evaluation, Scenario
from benchmark.jobs.budget import BudgetSpent
from lms import Role
from lms.ledger import Usage
from lms.role_lm import RoleLM
from modules import RAISE
from modules.calls import FATAL
from optimizers.adapters.instrumentation import InstrumentedRAISE
from optimizers.adapters.monitor import SearchMonitor, StopSearch
from optimizers.adapters.outcome import OptimizerTraits, conclude_search
from optimizers.adapters.records import state_of
from optimizers.adapters.teaching import TeacherAdapter
from optimizers.demos import silence_dspy
from optimizers.feedback import best_path_of, feedback
from optimizers.leaks import refuse_private
from optimizers.metric import check_metric, example_of, recorded_conversation
from optimizers.scoring import ConversationScorer
from optimizers.task import Search, Task, refuse_unscored
from signatures import RaiseError

WORST, BEST = 1, 5
"""Grades."""


class OptimizerRun:
    """One run. Making it asks no model; ``search`` does.

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

    def __init__(self, task: Task, traits: OptimizerTraits) -> None:
        self.task, self.traits = task, traits
        metric = task.scoring_metric()
        takes = "scenario, prediction, verdict"
        check_metric(metric, recorded_conversation(), takes)
        self.best = check_metric(metric, recorded_conversation(BEST, 0), takes)
        self.worst = check_metric(metric, recorded_conversation(WORST, math.floor(task.student.settings.budget)), takes)
        train = list(task.train)
        if traits.shows:
            train = refuse_private(train, allow=task.allow_private_demos)
        order = np.random.default_rng(task.seed).permutation(len(train))
        self._train = [train[i] for i in order]
        self.monitor = SearchMonitor(task, ConversationScorer(task.models, metric), self.worst)
        self.monitor.scorer.note("private scenarios left out", len(task.train) - len(train))
        self.adapter = TeacherAdapter(self.monitor, task.student)
        self.student = InstrumentedRAISE(self.monitor)

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
        """The score of a conversation; with a trace, whether it is good enough for a demonstration (1.0)."""
        return self.monitor.scorer.rate(self.monitor.score(example.user.scenario, prediction), trace)

    def explain(
        self,
        gold: dspy.Example,
        pred: dspy.Prediction,
        trace: Any = None,
        pred_name: Any = None,
        pred_trace: Any = None,
    ) -> dspy.Prediction | float:
        """GEPA's metric: the score; for a predictor, with what that predictor can learn from the conversation."""
        scenario: Scenario = gold.user.scenario
        conversation = self.monitor.score(scenario, pred)
        score = self.monitor.scorer.rate(conversation)
        if pred_name is None:
            return score
        path = best_path_of(self.task.student.paths, scenario)
        answer = None if conversation.failure else pred
        text = feedback(str(pred_name), scenario, answer, conversation.verdict, path)
        return dspy.Prediction(score=score, feedback=text)

    # The search.

    def search(self, compile_student: Callable[[], RAISE | None]) -> Search:
        """Measure the uncompiled program, let the optimizer work, and take the best by our own record.

        Raises:
            RaiseError: if too much could not be scored.
            dspy.utils.exceptions.LMError: for what every call would meet, such as a wrong key.
        """
        task, monitor = self.task, self.monitor
        task.prompt_limit.refuse(task.student)
        uncompiled = self._begin()
        task.budget.reserve(*task.result_cost(uncompiled, programs=1, more_dev=0))
        kept = task.budget.so_far().reserved
        self._reserve(kept, uncompiled)
        context = dspy.context(lm=task.models[Role.TARGET], adapter=self.adapter, trace=[], disable_history=True)
        returned, gave_up = None, ""
        try:
            with silence_dspy(), context:
                returned = compile_student()
        except StopSearch:
            pass  # the monitor knows why
        except BudgetSpent as spent:
            monitor.spent = monitor.spent or str(spent)
        except (RaiseError, *FATAL):
            raise
        except Exception as error:  # noqa: BLE001  the boundary: what an optimizer cannot cope with ends it, and is told
            gave_up = f"{self.traits.name} gave up ({type(error).__name__}: {str(error)[:200]})"
            monitor.scorer.note("optimizer failures")
        monitor.settle()
        task.budget.reserve(kept.calls, kept.cost_usd)
        task.budget.measure_result()
        if isinstance(returned, InstrumentedRAISE):
            returned.report()
        shown = {scenario.id for scenario in self._train}
        state = state_of(returned) if returned is not None else ""
        search = conclude_search(task, self.traits, monitor, uncompiled, returned=state, shown=shown)
        return replace(
            search, stopped=monitor.spent or gave_up, issues={k: n for k, n in monitor.scorer.issues.items() if n}
        )

    def _begin(self) -> Evaluation:
        uncompiled = self.task.measure(self.task.student, "uncompiled")
        refuse_unscored(uncompiled)
        self.monitor.keep(self.student.report(), self.monitor.scorer.calibrate(uncompiled, self.task.dev))
        return uncompiled

    def _reserve(self, kept: Usage, uncompiled: Evaluation) -> None:
        """Set aside, besides what others have, what it takes to measure the finalists on dev."""
        times = self.traits.finalists
        calls = float(uncompiled.frame["lm_replies"].sum()) * times
        self.task.budget.reserve(kept.calls + calls, kept.cost_usd + (uncompiled.cost_usd() or 0.0) * times)
