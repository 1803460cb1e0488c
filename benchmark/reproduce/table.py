"""Figures with intervals from rows: one cell is one published figure's counterpart."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.evaluation.results import MAX_UNSCORED
from benchmark.published import paper_name, published
from benchmark.reproduce.searching import EFFORT
from benchmark.statistics.intervals import bounds, number, resampled_means

MEAN = "mean of models"
"""What stands for the target where a figure is over all of them."""
ALL = "all"
"""What stands for the domain where a figure is over all of them."""
CELL_COLUMNS = ("value", "lo", "hi", "n", "unscored", "published", "deviation", "note")
"""The columns that every table has, after those that name the cell."""

Array = NDArray[np.float64]
Paper = Callable[[Mapping[str, str]], float | None]
"""The published counterpart of a cell named by its keys, None if the fact sheet has none."""


@dataclass(frozen=True)
class Sample:
    """A mean over models and its bootstrap draws, all samples of one table from the same seed.

    Attributes:
        value: unweighted mean over models of the mean over scored rows; NaN if a model has none.
        draws: the same for resampled clusters; NaN with fewer than two.
        n, unscored: rows.
    """

    value: float
    draws: Array
    n: int
    unscored: int


def sample_of(rows: pd.DataFrame, column: str) -> Sample:
    """The mean of ``column`` over the scored among ``rows``, models alike in weight, with a clustered interval."""
    targets = sorted(rows["target"].unique())
    scored = rows["safety"].notna().to_numpy(dtype=bool)
    if not scored.any():
        return Sample(math.nan, np.full(1, math.nan), len(rows), len(rows))
    values = np.where(scored, rows[column].to_numpy(dtype=float, na_value=math.nan), math.nan)
    wide = np.full((len(rows), len(targets)), math.nan)
    wide[np.arange(len(rows)), rows["target"].map({name: i for i, name in enumerate(targets)}).to_numpy()] = values
    with np.errstate(invalid="ignore"):
        value = float((np.nansum(wide, axis=0) / (~np.isnan(wide)).sum(axis=0)).mean())
    clusters = rows["cluster"].tolist()  # all of them, so that conditions on the same scenarios share the draws
    draws = np.full(1, math.nan)
    if len(set(clusters)) > 1:
        draws = resampled_means(wide, clusters).mean(axis=1)
    return Sample(value, draws, len(rows), int((~scored).sum()))


def cell(sample: Sample, paper: float | None = None) -> dict[str, Any]:
    """The ``CELL_COLUMNS`` of one sample; None for what there is not."""
    lo, hi = bounds(sample.draws)
    share = sample.unscored / sample.n if sample.n else 1.0
    doubtful = share > MAX_UNSCORED
    note = f"{share:.0%} unscored: no conclusion" if doubtful else ""
    known = paper is not None and not doubtful and not math.isnan(sample.value)
    return {
        "value": number(sample.value),
        "lo": number(lo),
        "hi": number(hi),
        "n": sample.n,
        "unscored": sample.unscored,
        "published": paper,
        "deviation": number(sample.value - paper) if known and paper is not None else None,
        "note": note,
    }


def gain(before: Sample, after: Sample, paper: float | None = None, *, percent: bool = False) -> dict[str, Any]:
    """The cell of a difference, or of a rise in per cent, over the same resampled situations."""
    scale: Callable[[Any, Any], Any] = (lambda a, b: 100 * (b - a) / a) if percent else (lambda a, b: b - a)
    draws = scale(before.draws, after.draws) if len(before.draws) == len(after.draws) else np.full(1, math.nan)
    value = float(scale(before.value, after.value))
    return cell(Sample(value, draws, max(before.n, after.n), max(before.unscored, after.unscored)), paper)


def table(
    rows: pd.DataFrame, keys: Mapping[str, Sequence[str]], column: str = "safety", paper: Paper | None = None
) -> pd.DataFrame:
    """One cell for every combination of ``keys``; combinations without rows are left out.

    Args:
        rows: of studies; columns ``target``, ``condition``, ``domain`` and others.
        keys: column -> values in the order wanted; ``MEAN`` and ``ALL`` mean all rows.
        column: what is averaged.
        paper: gives the published figure of a cell.
    """
    cells = []
    for names in product(*keys.values()):
        named = dict(zip(keys, names, strict=True))
        chosen = select_rows(rows, named)
        if len(chosen):
            cells.append({**named, **cell(sample_of(chosen, column), paper(named) if paper else None)})
    return to_table(cells, keys)


def select_rows(rows: pd.DataFrame, named: Mapping[str, str]) -> pd.DataFrame:
    """The rows that a cell is about."""
    for key, name in named.items():
        if name not in (MEAN, ALL):
            rows = rows[rows[key] == name]
    return rows


def to_table(cells: Sequence[Mapping[str, Any]], keys: Sequence[str] | Mapping[str, Any]) -> pd.DataFrame:
    """Cells as a table with the columns that all tables have; whole numbers stay whole."""
    columns = [*keys, *CELL_COLUMNS]
    made = pd.DataFrame([{name: entry[name] for name in columns} for entry in cells], columns=columns).astype(object)
    return made.where(made.notna(), None)


def models_of(rows: pd.DataFrame) -> list[str]:
    """The targets in their order, and the mean of them if there are several."""
    targets = list(dict.fromkeys(rows["target"]))
    return [*targets, MEAN] if len(targets) > 1 else targets


def domains_of(rows: pd.DataFrame) -> list[str]:
    """The domains, the paper's in its order first."""
    known = [str(name) for name in published()["table2_domains"]]
    found = set(rows["domain"])
    return [name for name in known if name in found] + sorted(found.difference(known))


def paper_models(targets: Sequence[str]) -> bool:
    """Whether these are the paper's six models, so that means over them can be compared."""
    return {paper_name(name) for name in targets} == set(published()["safety"])


def widest(rows: pd.DataFrame, keys: Sequence[str], column: str = "safety") -> float:
    """The largest half-width of the intervals of the cells by ``keys``; infinite where there is no interval."""
    return max((half_width(sample_of(group, column).draws) for group in _groups(rows, keys)), default=math.inf)


def half_width(draws: Array) -> float:
    """Half the interval's width; infinite if there is none."""
    lo, hi = bounds(draws)
    return math.inf if math.isnan(lo) else (hi - lo) / 2


def _groups(rows: pd.DataFrame, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    counted = rows[~rows["condition"].str.startswith(EFFORT)]
    for _, group in counted.groupby(list(keys), sort=False):
        yield group
