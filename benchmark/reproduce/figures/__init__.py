"""The tables and figures that can be reproduced, in the paper's order."""

from benchmark.reproduce.figure import PaperFigure
from benchmark.reproduce.figures import figure4, figure5, figure6, figure14, figure15, figure16, table2
from benchmark.reproduce.figures.choosing import FIGURE7, FIGURE13
from benchmark.reproduce.figures.path_lengths import TABLE7, TABLE8

PAPER_FIGURES: dict[str, PaperFigure] = {
    experiment.name: experiment
    for experiment in (
        table2.FIGURE,
        figure4.FIGURE,
        figure5.FIGURE,
        figure6.FIGURE,
        FIGURE7,
        FIGURE13,
        figure14.FIGURE,
        figure15.FIGURE,
        figure16.FIGURE,
        TABLE7,
        TABLE8,
    )
}
