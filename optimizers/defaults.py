"""What compile settings start from; a light module, so that ``--help`` can show it without importing them."""

from typing import Final

OPTIMIZER: Final = "pareto"
TRAIN: Final = 56
DEV: Final = 84
TEST: Final = 196
TRIALS: Final = 40
PRICE: Final = 0.1
"""Safety points that a question must be worth."""
PICK: Final = "no-more-questions"
