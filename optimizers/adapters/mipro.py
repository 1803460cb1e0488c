"""DSPy's ``MIPROv2``: demonstrations and grounded instructions, put together by Bayesian search.

It turns every exception of a candidate into a score of 0.0; here none reaches it (``monitor``). It prints train
examples into its prompts; ours print nothing of the person (``optimizers.metric.Person``).
"""

import dspy

from lms import Role
from optimizers.adapters.bootstrap import DEMOS
from optimizers.adapters.outcome import OptimizerTraits
from optimizers.adapters.run import OptimizerRun
from optimizers.task import Search, Task

MINIBATCH = 35
"""Candidates are screened on so many dev scenarios ..."""
MINIBATCH_FROM = 50
"""... if dev has more than this; MIPROv2's own figures."""
FEWEST, MOST = 3, 10
"""Candidate instructions and demonstration sets for each predictor."""


def mipro(task: Task) -> Search:
    """``trials`` combinations of instructions and demonstrations; a fifth of them are measured on all of dev."""
    run = OptimizerRun(task, OptimizerTraits("mipro"))
    screen = len(task.dev) > MINIBATCH_FROM

    def compiled() -> dspy.Module:
        optimizer = dspy.MIPROv2(
            metric=run.metric,
            prompt_model=run.teacher,
            task_model=task.models[Role.TARGET],
            max_bootstrapped_demos=DEMOS,
            max_labeled_demos=0,
            auto=None,
            num_candidates=min(MOST, max(FEWEST, task.trials // 4)),
            num_threads=task.concurrency,
            max_errors=len(run.train) + len(run.dev) + 1,
            seed=task.seed,  # compile(seed=0) would be ignored; here 0 is a seed
        )
        return optimizer.compile(
            run.student,
            trainset=run.train,
            valset=run.dev,
            num_trials=task.trials,
            minibatch=screen,
            minibatch_size=min(MINIBATCH, len(task.dev)),
        )

    return run.search(compiled)
