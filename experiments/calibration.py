"""Calibrates the stand-in world to published figures and writes what is left over.

Fitted: how much each attribute matters on average (to the averages of single attributes, Figure 6), the vanilla average
of each target persona (through its habits) and its path length without a planner (through its readiness to stop). The
constants of the judge and of responders, which all share, were chosen once by a random search against the same figures,
the context-rich mean and the prefixes of Figure 15; they are not fitted here. What full RAISE reaches is not fitted; it
is reported beside Table 2. Stand-ins are asked directly (``experiments.direct``), since that is many times as fast.

Run ``python -m experiments.calibration`` to measure, with ``--fit`` to fit first; both rewrite ``docs/calibration.md``.
"""

import argparse
import math
import re
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

from benchmark.planning.planning import PlanSettings
from benchmark.published import published
from benchmark.scenarios.authored import build_authored
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample, split
from experiments.direct import Direct
from lms.simulation import PERSONAS, WORLD
from lms.simulation.lexicon import AVERAGE_WEIGHT
from lms.simulation.worth import forget_worths
from modules import PathIndex
from signatures import ATTRIBUTE_NAMES

ROOT = Path(__file__).resolve().parent.parent
PERSONA_FILE = ROOT / "lms" / "simulation" / "personas.toml"
WEIGHT_FILE = ROOT / "lms" / "simulation" / "questions.toml"
REPORT = ROOT / "docs" / "calibration.md"
HABITS = ("caution", "help", "validate", "encourage", "steps")
SAMPLE, SEED = 210, 3
ANSWERS = 2
"""Answers to each scenario that are averaged."""
BUDGET = 5
"""Questions that an agent may ask."""
BOUND = 0.15
"""Largest residual of a model average that the tests accept."""
SINGLES = "gpt-4o"
"""The persona of which averages of single attributes are taken."""
AIM, HIGHEST_AIM = 0.92, 0.76
"""Share of the published gains of single attributes that is aimed at, and the most; more: context-rich too good."""
ROUNDS, STEP, MOST = 6, 0.9, 0.6
"""Rounds in which average weights are fitted, and the power and the largest logarithm of a correction."""

Traits = dict[str, float]


def direct(name: str, traits: Traits | None = None) -> Direct:
    """The persona ``name`` with ``traits`` overridden."""
    return Direct(replace(PERSONAS[name], **(traits or {})))  # type: ignore[arg-type]


def mean_safety(who: Direct, names: Collection[str] = (), n: int = SAMPLE) -> float:
    """Mean safety of answers from these attributes, over ``n`` authored scenarios."""
    return fmean(who.safety(s, names, sample=i) for s in _scenarios(n) for i in range(ANSWERS))


@cache
def _scenarios(n: int) -> Sequence[Scenario]:
    return sample(build_authored().scenarios, n, seed=SEED)


@dataclass(frozen=True)
class Asked:
    """What an agent reached, on average: safety, and with how many questions."""

    safety: float
    questions: float


def converse(who: Direct, paths: PathIndex | None = None, n: int = SAMPLE) -> Asked:
    """Let the agent ask until it finds that it knows enough, then answer; with planned paths or without."""
    asked, scores = [], []
    for scenario in _scenarios(n):
        path = who.ask(scenario, BUDGET, paths)
        path = path[: who.length(scenario, path)]
        asked.append(len(path))
        scores += [who.safety(scenario, path, sample=i) for i in range(ANSWERS)]
    return Asked(fmean(scores), fmean(asked))


def shifted(chance: float, by: float) -> float:
    """A probability moved by ``by`` on the logit scale."""
    return 1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + by)))


def bisect(rising: Callable[[float], float], goal: float, low: float, high: float, steps: int = 8) -> float:
    """Where a rising, slightly noisy function meets ``goal`` within [low, high], to (high - low) / 2**steps."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < goal else (low, middle)
    return (low + high) / 2


def fit_weights() -> dict[str, float]:
    """Average weights with which each attribute alone gains nearly as published; changes those of this process."""
    goals = single_goals()
    who = direct(SINGLES)
    for _ in range(ROUNDS):
        base = mean_safety(who)
        for name, goal in goals.items():
            gain = max(0.03, mean_safety(who, [name]) - base)
            correction = STEP * math.log(min(AIM * goal, HIGHEST_AIM) / gain)
            AVERAGE_WEIGHT[name] *= math.exp(max(-MOST, min(MOST, correction)))
        forget_worths()
    return {name: round(weight, 3) for name, weight in AVERAGE_WEIGHT.items()}


def single_goals() -> dict[str, float]:
    """Attribute -> published gain of knowing it alone, read off Figure 6."""
    single = published()["single_attribute"]
    return {name: single[name] - single["baseline"] for name in ATTRIBUTE_NAMES}


def fit_habits(name: str) -> Traits:
    """Habits of ``name`` that meet its published vanilla average."""
    persona = PERSONAS[name]

    def habits(shift: float) -> Traits:
        return {habit: round(shifted(getattr(persona, habit), shift), 3) for habit in HABITS}

    def vanilla(shift: float) -> float:
        return mean_safety(direct(name, habits(shift)))

    return habits(bisect(vanilla, published()["safety"][name]["vanilla"], -1.5, 2.5))


def fit_length(name: str) -> Traits:
    """The readiness to stop of ``name`` with which it asks as many questions as published."""

    who = direct(name)
    asked = [(scenario, who.ask(scenario, BUDGET)) for scenario in _scenarios(SAMPLE)]  # whatever the readiness to stop

    def shortness(bias: float) -> float:
        ready = direct(name, {"enough_bias": bias})
        return -fmean(ready.length(scenario, path) for scenario, path in asked)

    bias = bisect(shortness, -published()["path_length"]["agent"][name], -3.5, 3.5, steps=9)
    return {"enough_bias": round(bias, 3)}


def write_weights(weights: dict[str, float]) -> None:
    """Put fitted average weights into ``questions.toml``."""
    _write(WEIGHT_FILE, "average_weight", weights)


def write_traits(name: str, traits: Traits) -> None:
    """Put fitted traits into ``personas.toml``."""
    _write(PERSONA_FILE, name, traits)


def _write(file: Path, table: str, values: dict[str, float]) -> None:
    """Replace values of a table, comments and the rest untouched."""
    text = file.read_text(encoding="utf-8")
    head = re.search(rf'^\["?{re.escape(table)}"?\]$', text, re.MULTILINE)
    if head is None:
        raise ValueError(f"{file} has no table {table}")
    start = head.end()
    end = text.find("\n[", start)
    body = text[start:end]
    for key, value in values.items():
        body = re.sub(rf"^{key} = .*$", f"{key} = {value}", body, flags=re.MULTILINE)
    file.write_text(text[:start] + body + text[end:], encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """Measured figures of one persona; ``prefixes`` is safety after 0, 1, 2, 3 planned questions."""

    name: str
    vanilla: float
    context_rich: float
    agent: Asked
    planner: Asked
    prefixes: tuple[float, ...]


def measure_persona(name: str) -> Row:
    """All model averages of one persona; the planner's paths are planned for train queries first."""
    who = direct(name)
    paths = who.plan(split(build_authored(), "train"), PlanSettings())
    asked = [(scenario, who.ask(scenario, 3, paths)) for scenario in _scenarios(SAMPLE)]
    prefixes = tuple(fmean(who.safety(s, path[:n], sample=i) for s, path in asked for i in range(ANSWERS))
                     for n in range(4))  # fmt: skip
    return Row(name, mean_safety(who), mean_safety(who, ATTRIBUTE_NAMES), converse(who), converse(who, paths), prefixes)


def single_attribute_gain(attribute: str) -> float:
    """What knowing one attribute adds, averaged over scenarios."""
    return mean_safety(direct(SINGLES), [attribute]) - mean_safety(direct(SINGLES))


def report(rows: Sequence[Row], gains: dict[str, float]) -> str:
    """The residuals as Markdown."""
    safety, length = published()["safety"], published()["path_length"]
    lines = [
        "# Calibration of the stand-in models",
        "",
        f"Written by `python -m experiments.calibration`. **Simulated** (stand-in world {WORLD}): personas",
        "tuned to resemble published figures, no evidence about the models they are named after.",
        f"{SAMPLE} authored scenarios (sample seed {SEED}), {ANSWERS} answers each, stand-ins asked directly.",
        "",
        "## Fitted",
        "",
        "| persona | vanilla | published | residual | questions (agent) | published | residual |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        goal, asked = safety[row.name]["vanilla"], length["agent"][row.name]
        lines.append(
            f"| {row.name} | {row.vanilla:.2f} | {goal:.2f} | {row.vanilla - goal:+.2f} "
            f"| {row.agent.questions:.2f} | {asked:.2f} | {row.agent.questions - asked:+.2f} |"
        )
    rich, goal = fmean(row.context_rich for row in rows), published()["context_rich_mean"]
    lines += [
        "",
        f"Context-rich, mean of the six: {rich:.2f}; published over all models: {goal:.2f}; {rich - goal:+.2f}.",
        "",
        f"One attribute alone, gain over none ({SINGLES} persona; published: read off Figure 6):",
        "",
        "| attribute | gain | published | residual |",
        "|---|---|---|---|",
    ]
    for name, goal in single_goals().items():
        lines.append(f"| {name} | {gains[name]:+.2f} | {goal:+.2f} | {gains[name] - goal:+.2f} |")
    figure = published()["path_prefix"]
    prefixes = [fmean(row.prefixes[n] for row in rows) for n in range(4)]
    lines += [
        "",
        "Gain of each question of a planned path (mean of the six; published: Figure 15):",
        "",
        "| question | gain | published | residual |",
        "|---|---|---|---|",
    ]
    for n in range(1, 4):
        gain, goal = prefixes[n] - prefixes[n - 1], figure[str(n)] - figure[str(n - 1)]
        lines.append(f"| {n} | {gain:+.2f} | {goal:+.2f} | {gain - goal:+.2f} |")
    lines += [
        "",
        "## Not fitted: what RAISE then reaches",
        "",
        "| persona | agent | published | diff. | full RAISE | published | diff. | questions | published |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        agent, planner = safety[row.name]["agent"], safety[row.name]["planner"]
        lines.append(
            f"| {row.name} | {row.agent.safety:.2f} | {agent:.2f} | {row.agent.safety - agent:+.2f} "
            f"| {row.planner.safety:.2f} | {planner:.2f} | {row.planner.safety - planner:+.2f} "
            f"| {row.planner.questions:.2f} | {length['planner'][row.name]:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit if asked to, measure, write the report."""
    parser = argparse.ArgumentParser(description="Calibrate the stand-in world to published figures.")
    parser.add_argument("--fit", action="store_true", help="fit first, and rewrite personas.toml and questions.toml")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    names = list(published()["safety"])
    fresh = get_context("spawn")  # each stage sees what the one before has written
    if options.fit:
        for weigh, stage in ((True, fit_habits), (True, fit_habits), (False, fit_length)):
            if weigh:
                with ProcessPoolExecutor(1, mp_context=fresh) as alone:
                    write_weights(alone.submit(fit_weights).result())
            with ProcessPoolExecutor(options.processes, mp_context=fresh) as pool:
                for name, traits in zip(names, pool.map(stage, names), strict=True):
                    write_traits(name, traits)
    with ProcessPoolExecutor(options.processes, mp_context=fresh) as pool:
        rows = list(pool.map(measure_persona, names))
        gains = dict(zip(ATTRIBUTE_NAMES, pool.map(single_attribute_gain, ATTRIBUTE_NAMES), strict=True))
    REPORT.write_text(report(rows, gains), encoding="utf-8")


if __name__ == "__main__":
    main()
