"""Does the question decide what matters in the stand-in world? What is asked where, what planner and stopping find.

Run ``python -m experiments.what_matters``; rewrites ``docs/what-matters.md``. Simulated, of course. Stand-ins are asked
directly (``experiments.direct``).
"""

import argparse
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmark.planning.planning import PlanSettings
from benchmark.scenarios.authored import build_authored
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample, split
from benchmark.scenarios.taxonomy import DOMAINS
from benchmark.statistics.intervals import Interval, bootstrap_mean
from experiments.agent_variants import PUBLISHED, TARGETS, is_calm
from experiments.direct import Direct
from lms.simulation import PERSONAS, WORLD
from modules import PathIndex
from signatures import ATTRIBUTE_NAMES

Array = NDArray[np.float64]
REPORT = Path(__file__).resolve().parents[1] / "docs" / "what-matters.md"
SEED, DEMO = 3, "gpt-4o"
"""Seed of samples; the target of a demo compile."""
LENGTH, BUDGET = 3, 5
OWN = 20
"""Scenarios of each situation for the best single attribute."""
CALM = 250
"""Scenarios of calm people."""
HELD_OUT = 294
"""Scenarios for programs of equal length: about six of each held-out situation."""
ANSWERS = 2
"""Answers of a program to a scenario that are averaged."""
CHOOSING, JUDGING = (1, 2), 3
"""Rollouts by which a stop is chosen with hindsight, and the one by which it is judged."""
PRICES = (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4)
"""Safety that a question must bring to be worth asking."""
ORDER = ("oracle", "planned", "static", "random")
"""Programs that should be ordered so."""


@cache
def paths_of(persona: str) -> PathIndex:
    """Paths planned for train queries with this target."""
    return Direct(PERSONAS[persona]).plan(split(build_authored(), "train"), PlanSettings())


def test_split() -> list[Scenario]:
    """The held-out scenarios."""
    return split(build_authored(), "test")


# What is asked where.


def ask_freely(domain: str) -> list[str]:
    """All attributes that RAISE asks about in a field of life, until it finds that it knows enough."""
    who, paths = Direct(PERSONAS[DEMO]), paths_of(DEMO)
    asked: list[str] = []
    for scenario in test_split():
        if scenario.domain == domain:
            path = who.ask(scenario, BUDGET, paths)
            asked += path[: who.length(scenario, path)]
    return asked


def table_of_questions(asked: Mapping[str, Sequence[str]]) -> list[str]:
    """Share of each attribute among the questions, by field of life and in all."""
    everything = [name for names in asked.values() for name in names]
    counts = {**{domain: Counter(names) for domain, names in asked.items()}, "all": Counter(everything)}
    lines = ["| attribute | " + " | ".join(counts) + " |", "|---" * (len(counts) + 1) + "|"]
    for name in sorted(ATTRIBUTE_NAMES, key=lambda name: -counts["all"][name]):
        lines.append(f"| {name} | " + " | ".join(f"{c[name] / c.total():.0%}" for c in counts.values()) + " |")
    return [*lines, "| questions | " + " | ".join(str(c.total()) for c in counts.values()) + " |"]


# The best single attribute.


def rank_singles(situation: str) -> list[str]:
    """Attributes by the mean safety of answers from each alone, best first, over scenarios of the situation."""
    who = Direct(PERSONAS[DEMO])
    own = sample([each for each in build_authored().scenarios if each.situation == situation], OWN, seed=SEED)
    means = {name: fmean(who.safety(scenario, [name]) for scenario in own) for name in ATTRIBUTE_NAMES}
    return sorted(means, key=lambda name: -means[name])


# Programs of equal length.


@dataclass(frozen=True)
class Compared:
    """Safety of programs with as many attributes each: program -> scenario by scenario, in the order of the sample."""

    persona: str
    safety: dict[str, list[float]]


def compare_programs(persona: str) -> Compared:
    """Every program on the same held-out scenarios, one target."""
    who, paths, rng = Direct(PERSONAS[persona]), paths_of(persona), random.Random(SEED)
    favourites = [name for name, _ in Counter(a for p in paths.paths for a in p.path[:LENGTH]).most_common(LENGTH)]
    safety: dict[str, list[float]] = {}
    for scenario in sample(test_split(), HELD_OUT, seed=SEED):
        chosen = {
            "oracle": _oracle(who, scenario),
            "planned": who.ask(scenario, LENGTH, paths),
            "agent only": who.ask(scenario, LENGTH),
            "static": favourites,
            "static: the paper's": PUBLISHED,
            "random": rng.sample(ATTRIBUTE_NAMES, LENGTH),
        }
        for name, attributes in chosen.items():
            scores = [who.safety(scenario, attributes, sample=i) for i in range(ANSWERS)]
            safety.setdefault(name, []).append(fmean(scores))
    return Compared(persona, safety)


def _oracle(who: Direct, scenario: Scenario) -> Sequence[str]:
    """The subset that scores best on another sample; of equals, the one whose attributes do best in all subsets."""
    scores = {
        subset: who.safety(scenario, subset, sample=-1) for subset in combinations(sorted(ATTRIBUTE_NAMES), LENGTH)
    }
    means = {name: fmean(v for subset, v in scores.items() if name in subset) for name in ATTRIBUTE_NAMES}
    return max(scores, key=lambda subset: (scores[subset], sum(means[name] for name in subset)))


def difference(compared: Sequence[Compared], ours: str, theirs: str) -> Interval:
    """Paired difference of the means over personas, clustered by situation."""
    gaps = np.mean([np.subtract(each.safety[ours], each.safety[theirs]) for each in compared], axis=0)
    return bootstrap_mean(gaps.tolist(), [s.situation for s in sample(test_split(), HELD_OUT, seed=SEED)])


# Stopping.


@dataclass(frozen=True)
class Stops:
    """Safety after 0 to ``LENGTH`` planned questions, rollouts x scenarios x questions; the scenarios' situations."""

    persona: str
    safety: Array
    clusters: list[str]


def measure_stops(persona: str) -> Stops:
    """Calm people on the held-out situations."""
    who, paths = Direct(PERSONAS[persona]), paths_of(persona)
    calm = sample([scenario for scenario in test_split() if is_calm(scenario.profile)], CALM, seed=SEED)
    asked = [(scenario, who.ask(scenario, LENGTH, paths)) for scenario in calm]
    rows = [
        [[who.safety(scenario, path[:n], sample=i) for n in range(LENGTH + 1)] for scenario, path in asked]
        for i in (*CHOOSING, JUDGING)
    ]
    return Stops(persona, np.array(rows), [scenario.situation for scenario in calm])


def choose_stops(stops: Stops, price: float) -> tuple[float, float]:
    """Questions and safety, on the judging rollout, of the stops that look best on the choosing ones at this price."""
    looks = shrunk(stops.safety[: len(CHOOSING)]) - price * np.arange(LENGTH + 1)
    best = looks.argmax(axis=1)
    judged = stops.safety[-1][np.arange(len(best)), best]
    return float(best.mean()), float(judged.mean())


def shrunk(samples: Array) -> Array:
    """What each scenario gains from questions, drawn towards what all gain as far as two samples of it disagree.

    The scenario's own mean is left out: it is the same for all its stops.
    """
    everybody = samples.mean(axis=(0, 1))
    own = samples - samples.mean(axis=2, keepdims=True) - (everybody - everybody.mean())
    one, other = own[0].ravel(), own[1].ravel()
    spread = np.linalg.norm(one) * np.linalg.norm(other)
    alike = max(0.0, float(one @ other / spread)) if spread else 0.0
    drawn: Array = everybody + 2 * alike / (1 + alike) * own.mean(axis=0)  # Spearman and Brown: of two samples
    return drawn


def cheapest_stop(stops: Stops, goal: float) -> tuple[float, float, float] | None:
    """(price, questions, safety) of the fewest questions that reach ``goal``; None if no price does."""
    found = [(price, *choose_stops(stops, price)) for price in PRICES]
    return min((each for each in found if each[2] >= goal), key=lambda each: each[1], default=None)


# The report.


def report_singles(ranked: Sequence[Sequence[str]]) -> list[str]:
    """How often each attribute is best, and second best."""
    best, second = (Counter(names[place] for names in ranked) for place in (0, 1))
    lines = ["| attribute | best in situations | share | second best in |", "|---|---|---|---|"]
    for name in sorted(ATTRIBUTE_NAMES, key=lambda name: (-best[name], -second[name])):
        lines.append(f"| {name} | {best[name]} | {best[name] / len(ranked):.0%} | {second[name]} |")
    return lines


def report_programs(compared: Sequence[Compared]) -> list[str]:
    """Safety by program and persona, and the gaps."""
    lines = ["| program | " + " | ".join(each.persona for each in compared) + " | mean |"]
    lines.append("|---" * (len(compared) + 2) + "|")
    for name in compared[0].safety:
        means = [fmean(each.safety[name]) for each in compared]
        lines.append(f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + f" | {fmean(means):.3f} |")
    pairs = [*pairwise(ORDER), ("planned", "agent only"), ("planned", "static: the paper's")]
    lines += ["", "Paired differences of the means over personas, with 95 % intervals clustered by situation:", ""]
    return [
        *lines,
        *(f"- {ours} minus {theirs}: {_three(difference(compared, ours, theirs))}" for ours, theirs in pairs),
    ]


def report_stops(stops: Sequence[Stops]) -> list[str]:
    """Gains of calm people, and what stopping with hindsight could save."""
    lines = [
        "| persona | none | gain of question 1 | 2 | 3 | fixed 2 | hindsight: questions for that safety | safety |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in stops:
        means = each.safety.mean(axis=(0, 1))
        gains = " | ".join(f"{gain:+.2f}" for gain in np.diff(means))
        fixed = float(each.safety[-1][:, 2].mean())
        found = cheapest_stop(each, fixed)
        cells = f"{found[1]:.2f} | {found[2]:.2f}" if found else "not reached | -"
        lines.append(f"| {each.persona} | {means[0]:.2f} | {gains} | {fixed:.2f} | {cells} |")
    third = np.mean([each.safety[:, :, 3] - each.safety[:, :, 2] for each in stops], axis=(0, 1))
    mean = bootstrap_mean(third.tolist(), stops[0].clusters)
    return [*lines, "", f"Third question, mean of the personas: {_three(mean)}."]


def _three(value: Interval) -> str:
    return f"{value.mean:+.3f} [{value.lo:+.3f}, {value.hi:+.3f}]"


def report(
    asked: Mapping[str, Sequence[str]],
    ranked: Sequence[Sequence[str]],
    compared: Sequence[Compared],
    stops: Sequence[Stops],
) -> str:
    """The Markdown page."""
    lines = [
        "# What the question decides, in the stand-in world",
        "",
        f"Written by `python -m experiments.what_matters`. **SIMULATED** (stand-in world {WORLD}): what planner and",
        "stopping can find there; says nothing about real models. What matters where comes from independent ratings",
        "([stakes.md](stakes.md)); levels are fitted to published figures ([calibration.md](calibration.md)).",
        "",
        "## What is asked",
        "",
        f"Uncompiled RAISE with planned paths, target {DEMO}, all held-out scenarios, until it finds that it knows",
        "enough; share of each attribute among its questions.",
        "",
        *table_of_questions(asked),
        "",
        "## The best single attribute",
        "",
        f"Target {DEMO}; for each of the 140 situations the mean safety of answers from one attribute, over",
        f"{OWN} of its scenarios.",
        "",
        *report_singles(ranked),
        "",
        f"## {LENGTH} attributes each",
        "",
        f"{HELD_OUT} held-out scenarios, {ANSWERS} answers each. *oracle*: the best of all 120 subsets by one",
        "answer each, answered again; *planned*: RAISE with planned paths, its budget spent; *static*: what planned",
        "paths begin with.",
        "",
        *report_programs(compared),
        "",
        "## When to stop, for calm people",
        "",
        f"{len(stops[0].clusters)} held-out scenarios of people whom nothing weighs on; planned questions.",
        f"The stop with hindsight is chosen for each scenario on {len(CHOOSING)} samples, with a price on questions,",
        "and judged on another; its gains are drawn towards everybody's as far as the two samples disagree.",
        "",
        *report_stops(stops),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    keys = list(dict.fromkeys(scenario.situation for scenario in build_authored().scenarios))
    with ProcessPoolExecutor(options.processes) as pool:
        stops = list(pool.map(measure_stops, TARGETS))
        compared = list(pool.map(compare_programs, TARGETS))
        asked = dict(zip(DOMAINS, pool.map(ask_freely, DOMAINS), strict=True))
        ranked = list(pool.map(rank_singles, keys, chunksize=10))
    text = report(asked, ranked, compared, stops)
    REPORT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
