"""The search as a DSPy optimizer: ``Pareto(models).compile(RAISE(), trainset=train, valset=dev)``."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import dspy

from benchmark import Scenario
from lms import LanguageModels
from modules import RAISE
from optimizers.defaults import PICK, PRICE, TRIALS
from optimizers.front import Objective, choose
from optimizers.metric import Metric, Person
from optimizers.pareto.search import pareto
from optimizers.task import Constraints, Search, Task, parse_pick
from signatures import RaiseError


class Pareto(dspy.teleprompt.Teleprompter):
    """Compiles RAISE programs along the trade-off between safety and questions.

    Args:
        models: LMs by role, of which the teacher writes instructions; stand-ins by default.
        metric: what a judged conversation is worth, to choose demonstrations by; ``safety - price * questions`` by
            default. The front itself needs no metric.
        price: safety points that a question must be worth, for that metric.
        trials: how many candidates to try.
        constraints: what programs must keep, on ``valset``.
        pick: which member of the front ``compile`` returns, as ``--pick`` takes it.
        objective: what safety is traded for: questions, or questions and the cost of a conversation.
        num_threads: conversations at once.
        seed: same seed, same result.

    Attributes:
        search: what the last compile found, the whole front included; None before.
    """

    def __init__(
        self,
        models: LanguageModels | None = None,
        metric: Metric | None = None,
        *,
        price: float = PRICE,
        trials: int = TRIALS,
        constraints: Constraints | None = None,
        pick: str = PICK,
        objective: Objective = "questions",
        num_threads: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.models, self.pick = models or LanguageModels(), parse_pick(pick, objective)
        self.search: Search | None = None
        self._task = partial(
            Task,
            models=self.models,
            metric=metric,
            price=price,
            objective=objective,
            trials=trials,
            constraints=constraints or Constraints(),
            concurrency=num_threads,
            seed=seed,
        )

    def compile(
        self,
        student: RAISE,
        *,
        trainset: Sequence[Scenario | dspy.Example],
        teacher: Any = None,
        valset: Sequence[Scenario | dspy.Example] | None = None,
        **_: Any,
    ) -> RAISE:
        """The picked member of the front that was found for ``student``.

        Args:
            trainset: scenarios that demonstrations may come from, or examples of them (``optimizers.example_of``).
            teacher: not used, as demonstrations are the student's own conversations.
            valset: scenarios that candidates are compared on; ``trainset`` by default.

        Raises:
            RaiseError: for examples of something else, or if nothing could be scored.
        """
        task = self._task(student, _scenarios(trainset), _scenarios(valset or trainset))
        self.search = pareto(task)
        uncompiled = task.measure(student, "uncompiled").mean("n_queries").mean
        return self.search.front[choose([c.point for c in self.search.front], self.pick, uncompiled)].program


def _scenarios(examples: Sequence[Scenario | dspy.Example]) -> list[Scenario]:
    return [example if isinstance(example, Scenario) else _scenario(example) for example in examples]


def _scenario(example: dspy.Example) -> Scenario:
    person = example.get("user")
    if not isinstance(person, Person):
        raise RaiseError(f"{example!r} is no example of a scenario: make it with optimizers.example_of.")
    return person.scenario
