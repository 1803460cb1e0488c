"""DSPy's ``BootstrapFewShot`` and ``BootstrapFewShotWithRandomSearch``: demonstrations from good conversations.

DSPy tests a demonstration's metric for truth; ours tells 1.0 or 0.0 there, by a threshold that goes with the price.
Labelled demonstrations are off: a train scenario has no right answer, and would show a person's profile.
"""

import dspy

from optimizers.adapters.outcome import OptimizerTraits
from optimizers.adapters.run import OptimizerRun
from optimizers.task import Search, Task

DEMOS = 4
"""At most so many demonstrations a predictor."""


def bootstrap(task: Task) -> Search:
    """One set of demonstrations, from the first good conversations on train; ``trials`` means nothing here."""
    run = OptimizerRun(task, OptimizerTraits("bootstrap"))

    def compiled() -> dspy.Module:
        optimizer = dspy.BootstrapFewShot(
            metric=run.metric, max_bootstrapped_demos=DEMOS, max_labeled_demos=0, max_errors=len(run.train) + 1
        )
        return optimizer.compile(run.student, trainset=run.train)

    return run.search(compiled)


def bootstrap_random(task: Task) -> Search:
    """``trials`` sets of demonstrations, each measured on dev; the sets vary in size and in where they look first."""
    run = OptimizerRun(task, OptimizerTraits("bootstrap-random"))
    sets = max(1, task.trials - 1)  # one is what BootstrapFewShot alone finds

    def compiled() -> dspy.Module:
        optimizer = dspy.BootstrapFewShotWithRandomSearch(
            metric=run.metric,
            max_bootstrapped_demos=DEMOS,
            max_labeled_demos=0,
            num_candidate_programs=sets,
            num_threads=task.concurrency,
            max_errors=len(run.train) + len(run.dev) + 1,
        )
        # left out are no demonstrations (-3), which is the uncompiled program, and labelled ones (-2)
        return optimizer.compile(run.student, trainset=run.train, valset=run.dev, restrict=range(-1, sets))

    return run.search(compiled)
