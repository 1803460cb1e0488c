"""Our optimizer: a front of programs, from "asks nothing" to "asks what it takes", for one target model.

``search_space`` says what programs are put together from, ``proposals`` and ``reflection`` make options for that,
``study`` keeps the record of trials, ``racing`` says when a trial may stop, ``search`` puts it together, and
``teleprompter`` offers it as a DSPy optimizer.
"""

from optimizers.pareto.search import pareto
from optimizers.pareto.teleprompter import Pareto

__all__ = ["Pareto", "pareto"]
