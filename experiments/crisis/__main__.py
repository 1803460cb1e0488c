"""``python -m experiments.crisis``: see ``experiments.crisis.measure``."""

from experiments.crisis.measure import main

main()
