"""DSPy's ``BootstrapFewShotWithRandomSearch`` behind our protocol: random demonstration sets, one number decides."""

import dspy

from lms import Role
from optimizers.base import Candidate, Search, Task
from optimizers.demos import protect, quiet
from optimizers.metric import TradeoffMetric, example_of


def bootstrap_random(task: Task) -> Search:
    """One program: the demonstration set with the best ``safety - price * questions`` on dev."""
    metric = TradeoffMetric(task.models, task.price)
    optimizer = dspy.BootstrapFewShotWithRandomSearch(
        metric=metric,
        max_bootstrapped_demos=4,
        max_labeled_demos=0,
        num_candidate_programs=max(1, task.trials // 4),
        num_threads=task.concurrency,
        metric_threshold=3.5,
    )
    task.progress("random search over demonstrations", 0, 1)
    with quiet(), dspy.context(lm=task.models[Role.TARGET], trace=[], disable_history=True):
        best = optimizer.compile(
            task.student,
            trainset=[example_of(scenario, task.models) for scenario in task.train],
            valset=[example_of(scenario, task.models) for scenario in task.dev],
        )
    metric.check()
    best = protect(best, task.student)
    task.progress("random search over demonstrations", 1, 1)
    name = "bootstrap-random"
    candidate = Candidate(name, best, task.measure(best, name), {"optimizer": name, "price": task.price})
    return Search([candidate], [candidate])
