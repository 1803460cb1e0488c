"""DSPy's optimizers over our one protocol: same task in, same search out, same rules for all.

Each brings a price-aware metric that was tried before the first call, keeps to the budget and the seed, leaves the
crisis floor alone, counts what DSPy swallows, and is judged by our record of what its candidates did.
"""

from optimizers.adapters.bootstrap import bootstrap, bootstrap_random
from optimizers.adapters.copro import copro
from optimizers.adapters.gepa import gepa
from optimizers.adapters.mipro import mipro
from optimizers.adapters.simba import simba

__all__ = ["bootstrap", "bootstrap_random", "copro", "gepa", "mipro", "simba"]
