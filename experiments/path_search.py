"""How few evaluations the path search needs: all strategies on synthetic landscapes whose optimum is known.

Run ``python -m experiments.path_search``; rewrites ``docs/path-search.md`` and its picture.
Nothing here is a language model, simulated or real: the landscapes are formulas, the judge is noise.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

from benchmark.statistics.intervals import Interval, bootstrap_mean
from experiments.landscapes import FAMILIES, PRIORS, SINGLE_GAINS, Array, Family, Landscape, landscape
from modules.search import Knowledge, PathResult, Strategy, Subset, TreeSettings, find_path

mpl.use("Agg")
import matplotlib.pyplot as plt

DOCS = Path(__file__).resolve().parents[1] / "docs"
DEPTHS = (3, 5)
TESTED_PRIORS = ("weak", "misleading")
TIMED = 30


@dataclass(frozen=True)
class Contestant:
    """A way to search, and the budgets it is tried with."""

    name: str
    strategy: Strategy
    budgets: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    colour: str = "#555555"


TREE_BUDGETS = (15, 25, 40, 80, 150, 300)
CONTESTANTS = (
    Contestant("lattice", "lattice", (5, 8, 10, 15, 20, 25, 40), colour="#0b6e4f"),
    Contestant("lattice, 5 at once", "lattice", (15, 25, 40), {"evaluations_at_once": 5}, "#5fb49c"),
    Contestant("guided", "guided", TREE_BUDGETS, colour="#8d5524"),
    Contestant("guided, ln bonus", "guided", (300,), {"settings": TreeSettings(bonus="log")}, "#c9a66b"),
    Contestant(
        "guided, each child first",
        "guided",
        TREE_BUDGETS,
        {"settings": TreeSettings(untried="first", exploration=0.25)},
        "#d98e04",
    ),
    Contestant("uct", "uct", TREE_BUDGETS, colour="#3d5a98"),
)
CLAIMS = (("lattice", 15, "guided", 300), ("lattice", 25, "uct", 300), ("lattice", 15, "guided, each child first", 300))

Job = tuple[Contestant, int, Family, str, int, int]


@cache
def _landscape(family: Family, depth: int, prior: str, seed: int) -> Landscape:
    return landscape(family, depth, seed, correlation=PRIORS[prior])


def _search(
    place: Landscape, depth: int, evaluations: int, seed: int, strategy: Strategy = "lattice", **options: Any
) -> PathResult:
    return find_path(
        place.judge(seed),
        place.names,
        depth=depth,
        evaluations=evaluations,
        strategy=strategy,
        prior=place.prior,
        seed=seed,
        **options,
    )


def _play(job: Job) -> dict[str, Any]:
    contestant, budget, family, prior, depth, seed = job
    place = _landscape(family, depth, prior, seed)
    found = _search(place, depth, budget, seed, contestant.strategy, **contestant.options)
    return {
        "name": contestant.name,
        "budget": budget,
        "family": family,
        "prior": prior,
        "depth": depth,
        "landscape": f"{family}|{prior}|{seed}",
        "value": place.value(frozenset(found.path)),
        "regret": place.best - place.value(frozenset(found.path)),
        "prefix_mean": place.prefix_mean(found.path),
    }


def tournament(seeds: int, run: Callable[..., Iterator[dict[str, Any]]]) -> pd.DataFrame:
    """Every contestant with every budget on every landscape: a row each."""
    jobs = [
        (contestant, budget, family, prior, depth, seed)
        for contestant in CONTESTANTS
        for budget in contestant.budgets
        for family, prior, depth, seed in product(FAMILIES, TESTED_PRIORS, DEPTHS, range(seeds))
    ]
    return pd.DataFrame(run(_play, jobs, chunksize=16))


def _mean(rows: pd.DataFrame, column: str = "value") -> Interval:
    return bootstrap_mean(list(rows[column]), list(rows["landscape"]))


def _against(table: pd.DataFrame, depth: int, claim: tuple[str, int, str, int]) -> Interval:
    """Paired difference in true value over the same landscapes."""
    ours, theirs = (
        table[(table.name == name) & (table.budget == budget) & (table.depth == depth)].set_index("landscape").value
        for name, budget in (claim[:2], claim[2:])
    )
    difference = (ours - theirs).dropna()
    return bootstrap_mean(list(difference), list(difference.index))


# Pooled knowledge: queries of one domain share part of their effects.

SHARED, LEARNED_FROM, DOMAINS = 0.6, 50, 6
KNOWN_FAMILIES: tuple[Family, ...] = ("additive", "saturating", "synergistic")
LESSONS = {
    "nothing": (None, (4, 8, 15)),
    "50 queries of its own domain": (0, (4, 8, 15)),
    "50 queries of a foreign domain": (1, (8, 15)),
}
"""Whose knowledge (domains further on) -> budgets."""


def _effects(domain: int, query: int) -> Array:
    """Main effects of a query: a share is its domain's, the rest its own."""
    drawn = []
    for seeds in ([domain, 0], [domain, 1, query]):
        rng = np.random.default_rng(seeds)
        drawn.append(rng.permutation(SINGLE_GAINS) * rng.lognormal(0, 0.5, len(SINGLE_GAINS)))
    return SHARED * drawn[0] + (1 - SHARED) * drawn[1]


def _query(family: Family, depth: int, domain: int, query: int) -> Landscape:
    return landscape(family, depth, 1000 * domain + query, effects=_effects(domain, query))


def _learn(family: Family, depth: int, domain: int) -> str:
    knowledge = Knowledge([f"a{i}" for i in range(len(SINGLE_GAINS))])
    for query in range(LEARNED_FROM):
        knowledge = knowledge.learn(_search(_query(family, depth, domain, query), depth, 15, query))
    return knowledge.to_json()


def _apply(budget: int, place: tuple[Family, int], depth: int, query: int, knowledge: str | None) -> float:
    family, domain = place
    ground = _query(family, depth, domain, LEARNED_FROM + query)
    known = Knowledge.from_json(knowledge) if knowledge else None
    return ground.value(frozenset(_search(ground, depth, budget, query, knowledge=known).path))


def knowledge_table(queries: int, run: Callable[..., Iterator[Any]]) -> list[tuple[str, int, int, Interval]]:
    """What pooled knowledge is worth: (lesson, depth, budget, true value) over later queries of each domain."""
    rows = []
    for depth in DEPTHS:
        places = list(product(KNOWN_FAMILIES, range(DOMAINS)))
        families, domains = zip(*places, strict=True)
        learned = dict(zip(places, run(_learn, families, [depth] * len(places), domains), strict=True))
        tasks = list(product(places, range(queries)))
        for lesson, (shift, budgets) in LESSONS.items():
            known = [None if shift is None else learned[f, (d + shift) % DOMAINS] for (f, d), _ in tasks]
            for budget in budgets:
                values = run(
                    partial(_apply, budget),
                    [place for place, _ in tasks],
                    [depth] * len(tasks),
                    [query for _, query in tasks],
                    known,
                    chunksize=16,
                )
                # the domain shifts its queries together: it is the cluster
                clusters = [f"{family}{domain}" for (family, domain), _ in tasks]
                rows.append((lesson, depth, budget, bootstrap_mean(list(values), clusters)))
    return rows


# Cost of the arithmetic.


def milliseconds(attributes: int, depth: int, evaluations: int) -> float:
    """CPU time of one ``find_path``, median over seeds."""
    names = [f"a{i}" for i in range(attributes)]
    spent = []
    for seed in range(TIMED):
        rng = np.random.default_rng(seed)
        gains = dict(zip(names, rng.exponential(0.2, attributes), strict=True))
        began = time.process_time()

        def reward(subset: Subset, gains: dict[str, float] = gains, rng: np.random.Generator = rng) -> float:
            return 2.5 + sum(gains[name] for name in subset) + 0.35 * rng.normal()

        find_path(
            reward,
            names,
            depth=depth,
            evaluations=evaluations,
            seed=seed,
        )
        spent.append(1000 * (time.process_time() - began))
    return float(np.median(spent))


# The report.


def _curve(table: pd.DataFrame, contestant: Contestant, depth: int) -> dict[int, Interval]:
    rows = table[(table.name == contestant.name) & (table.depth == depth)]
    return {budget: _mean(rows[rows.budget == budget]) for budget in contestant.budgets}


def picture(table: pd.DataFrame, file: Path) -> None:
    """True value against evaluations, with 95 % intervals, as a PNG for the documents."""
    drawing, panels = plt.subplots(1, len(DEPTHS), figsize=(11, 4.4), dpi=120, sharey=True)
    for axes, depth in zip(panels, DEPTHS, strict=True):
        for contestant in CONTESTANTS:
            points = _curve(table, contestant, depth)
            mean = [point.mean for point in points.values()]
            spread = [[p.mean - p.lo for p in points.values()], [p.hi - p.mean for p in points.values()]]
            axes.errorbar(
                list(points), mean, yerr=spread, color=contestant.colour, marker="o", capsize=2, label=contestant.name
            )
        axes.set_xscale("log")
        axes.set_xticks([5, 10, 25, 80, 300], ["5", "10", "25", "80", "300"])
        axes.set_title(f"paths of up to {depth} of ten attributes", fontsize=10)
        axes.set_xlabel("evaluations")
        axes.grid(alpha=0.25)
    panels[0].set_ylabel("true value of the path found")
    panels[-1].legend(fontsize=8, loc="lower right")
    drawing.tight_layout()
    drawing.savefig(file)
    plt.close(drawing)


def report(table: pd.DataFrame, knowledge: list[tuple[str, int, int, Interval]], seeds: int) -> str:
    """The Markdown page."""
    landscapes = len(FAMILIES) * len(TESTED_PRIORS) * seeds
    lines = [
        "# How few evaluations the path search needs",
        "",
        "Written by `python -m experiments.path_search`. No language model, simulated or real, takes part:",
        "landscapes are formulas over ten attributes with the published gains of single attributes (Figure 6 of the",
        f"paper) as effects, judgements are noisy and rounded to thirds. {landscapes} landscapes a depth: six",
        f"families, priors that are weak (correlation {PRIORS['weak']} with the truth) or misleading",
        f"({PRIORS['misleading']}), {seeds} seeds. An evaluation is one answer of the target model and one judgement.",
        "Intervals are 95 %.",
        "",
        *(f"- **{family}**: {meaning}" for family, meaning in FAMILIES.items()),
        "",
        "`guided` and `uct` are the paper's searches. `guided` takes its formula as it stands: an attribute never",
        "tried has Q = 0 on a unit scale, so the prior decides when it is tried. The paper can also be read as trying",
        "every attribute once before the formula decides; *each child first* is that reading, with a constant of 0.25",
        "on the unit scale, which suited it better here than 1. `ln bonus` is the form of appendix C.7.",
        "",
        "![true value against evaluations](path-search.png)",
        "",
        "## True value, prefix mean and regret",
        "",
        "| search | evaluations | " + " | ".join(f"value, depth {d} | prefix mean | regret" for d in DEPTHS) + " |",
        "|---|---|" + "---|" * 3 * len(DEPTHS),
    ]
    for contestant in CONTESTANTS:
        for budget in contestant.budgets:
            cells = []
            for depth in DEPTHS:
                rows = table[(table.name == contestant.name) & (table.budget == budget) & (table.depth == depth)]
                value, prefix, regret = _mean(rows), _mean(rows, "prefix_mean"), _mean(rows, "regret")
                cells += [_three(value), f"{prefix.mean:.3f}", f"{regret.mean:.3f}"]
            lines.append(f"| {contestant.name} | {budget} | " + " | ".join(cells) + " |")
    table = table.assign(best=table.value + table.regret)
    best = [_mean(table[table.depth == depth], "best").mean for depth in DEPTHS]
    lines += [
        "",
        "Optimum: " + ", ".join(f"{b:.3f} at depth {d}" for b, d in zip(best, DEPTHS, strict=True)) + ".",
        "",
        "## Paired differences on the same landscapes",
        "",
        "| comparison | " + " | ".join(f"depth {d}" for d in DEPTHS) + " |",
        "|---|" + "---|" * len(DEPTHS),
        *(
            f"| {claim[0]} at {claim[1]} minus {claim[2]} at {claim[3]} | "
            + " | ".join(_signed(_against(table, depth, claim)) for depth in DEPTHS)
            + " |"
            for claim in CLAIMS
        ),
        "",
        "## Regret by family and prior",
        "",
        "| family | prior | depth | lattice at 15 | lattice at 25 | guided at 300 | uct at 300 |",
        "|---|---|---|---|---|---|---|",
    ]
    shown = (("lattice", 15), ("lattice", 25), ("guided", 300), ("uct", 300))
    for family, prior, depth in product(FAMILIES, TESTED_PRIORS, DEPTHS):
        here = table[(table.family == family) & (table.prior == prior) & (table.depth == depth)]
        cells = [f"{here[(here.name == n) & (here.budget == b)].regret.mean():.3f}" for n, b in shown]
        lines.append(f"| {family} | {prior} | {depth} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "## What earlier queries of a domain are worth",
        "",
        f"Queries of a domain share {SHARED:.0%} of their main effects; {len(KNOWN_FAMILIES)} families x {DOMAINS}",
        f"domains, knowledge pooled from {LEARNED_FROM} queries planned with 15 evaluations each, weak priors.",
        "",
        "| knowledge | evaluations | " + " | ".join(f"value, depth {d}" for d in DEPTHS) + " |",
        "|---|---|" + "---|" * len(DEPTHS),
    ]
    for lesson, budget in dict.fromkeys((lesson, budget) for lesson, _, budget, _ in knowledge):
        values = [v for known, _, b, v in knowledge if (known, b) == (lesson, budget)]
        lines.append(f"| {lesson} | {budget} | " + " | ".join(map(_three, values)) + " |")
    lines += [
        "",
        "## What the arithmetic costs",
        "",
        "CPU time of one search on one core, median: "
        + ", ".join(
            f"{milliseconds(n, 5, 15):.0f} ms for {n} attributes, depth 5, 15 evaluations" for n in (10, 20, 30)
        )
        + ".",
        "",
    ]
    return "\n".join(lines)


def _three(value: Interval) -> str:
    return f"{value.mean:.3f} [{value.lo:.3f}, {value.hi:.3f}]"


def _signed(value: Interval) -> str:
    return f"{value.mean:+.3f} [{value.lo:+.3f}, {value.hi:+.3f}]"


def main() -> None:
    """Run the tournament and write the documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=18, help="landscapes a family and prior [default: 18]")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        table = tournament(arguments.seeds, pool.map)
        knowledge = knowledge_table(arguments.seeds, pool.map)
    text = report(table, knowledge, arguments.seeds)
    (arguments.out / "path-search.md").write_text(text, encoding="utf-8")
    picture(table, arguments.out / "path-search.png")
    print(text)


if __name__ == "__main__":
    main()
