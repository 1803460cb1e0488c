"""Our optimizer: a front of programs, from "asks nothing" to "asks what it takes", for one target model.

``parts`` are what programs are put together from, ``proposals`` and ``reflection`` make them, ``study`` keeps the
record of trials, ``racing`` says when a trial may stop, ``search`` puts it together.
"""

from optimizers.pareto.search import Pareto, pareto

__all__ = ["Pareto", "pareto"]
