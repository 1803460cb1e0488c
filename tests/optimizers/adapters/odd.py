"""Models that a test makes odd, and searches to compare."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dspy.lm15 import Request

from lms import LanguageModels, Role
from lms.engine import Model
from lms.simulation.prompt import Prompt, read
from lms.store import Reply
from optimizers.adapters.records import state_of
from optimizers.registry import OPTIMIZERS
from optimizers.task import Search, Task
from tests.benchmark.scripted import listen

NAMES = ("bootstrap", "bootstrap-random", "mipro", "gepa", "simba", "copro")
SHOWING = ("bootstrap", "bootstrap-random", "mipro", "simba")
TAUGHT = ("mipro", "gepa", "copro")
"""Optimizers that cannot do without a teacher."""


class Odd:
    """A model that a test makes odd: ``trick`` sees each prompt, and replies, raises, or lets the model answer."""

    def __init__(self, model: Model, trick: Callable[[Prompt, int], str | None]) -> None:
        self.model, self.trick, self.identity = model, trick, model.identity
        self.calls = 0
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.calls += 1
            number = self.calls
        said = self.trick(read(request), number)
        return self.model.answer(request) if said is None else Reply(text=said, finish_reason="stop")

    async def aanswer(self, request: Request) -> Reply:
        return self.answer(request)


def odd(models: LanguageModels, role: Role, trick: Callable[[Prompt, int], str | None]) -> Odd:
    engine = models[role].engine
    engine.model = strange = Odd(engine.model, trick)
    return strange


def again(task: Task, **changes: Any) -> Task:
    """The same task with models, episodes and a budget of its own."""
    return replace(
        Task(task.student, task.train, task.dev, LanguageModels(task.models.roles), trials=task.trials), **changes
    )


def told(search: Search) -> list[Any]:
    """All that must be the same when a search is run again."""
    return [(t.name, t.point, t.params, state_of(t.program)) for t in [*search.trials, *search.front]]


def listen_and_run(task: Task, name: str) -> list[Prompt]:
    prompts = listen(task.models, Role.TEACHER)
    OPTIMIZERS[name](task)
    return prompts
