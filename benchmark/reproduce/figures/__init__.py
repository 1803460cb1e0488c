"""The tables and figures that can be reproduced, in the paper's order."""

from benchmark.reproduce.figure import Experiment
from benchmark.reproduce.figures import figure4, figure5, figure6, figure14, figure15, figure16, table2
from benchmark.reproduce.figures.choosing import FIGURE7, FIGURE13
from benchmark.reproduce.figures.path_lengths import TABLE7, TABLE8

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        table2.EXPERIMENT,
        figure4.EXPERIMENT,
        figure5.EXPERIMENT,
        figure6.EXPERIMENT,
        FIGURE7,
        FIGURE13,
        figure14.EXPERIMENT,
        figure15.EXPERIMENT,
        figure16.EXPERIMENT,
        TABLE7,
        TABLE8,
    )
}
