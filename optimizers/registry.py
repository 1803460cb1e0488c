"""Optimizers by the names that the command line takes."""

from optimizers.adapters import bootstrap, bootstrap_random, copro, gepa, mipro, simba
from optimizers.pareto import pareto
from optimizers.task import Optimizer

OPTIMIZERS: dict[str, Optimizer] = {
    "pareto": pareto,
    "bootstrap": bootstrap,
    "bootstrap-random": bootstrap_random,
    "mipro": mipro,
    "gepa": gepa,
    "simba": simba,
    "copro": copro,
}
