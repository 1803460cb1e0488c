"""What settings of the benchmark start from; a light module, so that ``--help`` can show it without importing them."""

from typing import Final

PLAN_QUERIES: Final = 56
PLAN_EVALUATIONS: Final = 15
"""Rollouts for each planned query."""
PLAN_DEPTH: Final = 4
PLAN_STRATEGY: Final = "lattice"
PLAN_PEOPLE: Final = "all"

SITUATIONS: Final = 20
"""Of a synthetic set, for each domain."""
PROFILES: Final = 5
QUERIES: Final = 10
"""For each situation, as are profiles."""
RETRIES: Final = 3

POSTS_PER_DOMAIN: Final = 1000
ATTRIBUTES_AT_LEAST: Final = 7
"""Of the ten, how many a post must reveal (paper, A.2)."""
