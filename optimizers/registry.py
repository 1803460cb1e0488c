"""Optimizers by the names that the command line takes."""

from optimizers.base import Optimizer
from optimizers.bootstrap_random import bootstrap_random
from optimizers.pareto import pareto

OPTIMIZERS: dict[str, Optimizer] = {"pareto": pareto, "bootstrap-random": bootstrap_random}
