"""Demonstrations from the target's own best conversations, by DSPy's ``BootstrapFewShot``."""

import contextlib
import io
import logging
import threading
from typing import Any

import dspy
import numpy as np

from lms import Role
from optimizers.metric import example_of
from optimizers.scoring import ConversationScorer
from optimizers.task import Task

PROTECTED = ("triage",)
"""Out of the optimizers' reach: a person in acute danger gets help at once, compiled or not."""
DemoSet = dict[str, list[Any]]
"""Predictor -> demonstrations."""


class _Hush:
    """Standard output, standard error and DSPy's log, silenced while anybody wants silence; threads may overlap."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._wanted:
                logger = logging.getLogger("dspy")
                self._undo.callback(logger.setLevel, logger.level)
                logger.setLevel(logging.ERROR)
                self._undo.enter_context(contextlib.redirect_stdout(io.StringIO()))
                self._undo.enter_context(contextlib.redirect_stderr(io.StringIO()))
            self._wanted += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._wanted -= 1
            if not self._wanted:
                self._undo.close()


_hush = _Hush()


def silence_dspy() -> contextlib.AbstractContextManager[None]:
    """DSPy's optimizers print progress bars and tables; our own progress says it better."""
    return _hush


def bootstrap_demo_sets(task: Task, sets: int, sizes: tuple[int, ...] = (2, 4)) -> list[DemoSet]:
    """``sets`` demonstration sets from the best conversations on train: those that ``ConversationScorer`` calls good.

    Each set sees train in another order; sizes take turns. The student is run once on train to find the threshold.

    Raises:
        RaiseError: if too much could not be scored.
    """
    scorer = ConversationScorer(task.models, task.scoring_metric())
    task.report("bootstrapping demonstrations", 0, sets)
    scorer.calibrate(task.measure(task.student, "train", task.train), task.train)
    found: list[DemoSet] = []
    for number in range(sets):
        task.report("bootstrapping demonstrations", number, sets)
        order = np.random.default_rng([task.seed, number]).permutation(len(task.train))
        size = sizes[number % len(sizes)]
        optimizer = dspy.BootstrapFewShot(metric=scorer, max_bootstrapped_demos=size, max_labeled_demos=0)
        with silence_dspy(), dspy.context(lm=task.models[Role.TARGET], trace=[], disable_history=True):
            compiled = optimizer.compile(task.student, trainset=[example_of(task.train[i], task.models) for i in order])
        scorer.check()
        found.append({name: list(predictor.demos) for name, predictor in compiled.named_predictors()})
    task.report("bootstrapping demonstrations", sets, sets)
    return found
