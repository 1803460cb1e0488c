"""Calibrates the stand-in personas to published figures and writes what is left over.

Fitted: the vanilla average of each target persona (through its habits) and its path length without a planner (through
its readiness to stop). Context-rich and single-attribute figures hang on the judge's constants, which are shared and
set by hand; they are reported as residuals too. What full RAISE reaches is not fitted; it is reported beside Table 2.

Run ``python -m experiments.calibration`` to measure, with ``--fit`` to fit first; both rewrite ``docs/calibration.md``.
"""

import argparse
import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.runner import evaluate
from benchmark.planning.planning import PlanSettings, plan
from benchmark.published import published
from benchmark.scenarios.authored import build_authored
from benchmark.scenarios.scenario import Scenario
from benchmark.scenarios.splits import sample, split
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.simulation import PERSONAS
from modules import RAISE, AgentOnly, ContextRich, StaticPath, Vanilla
from signatures import ATTRIBUTE_NAMES

ROOT = Path(__file__).resolve().parent.parent
PERSONA_FILE = ROOT / "lms" / "simulation" / "personas.toml"
REPORT = ROOT / "docs" / "calibration.md"
HABITS = ("caution", "help", "validate", "encourage", "steps")
SAMPLE, SEED = 210, 3
BOUND = 0.15
"""Largest residual of a model average that the tests accept."""

Traits = dict[str, float]


def measure(name: str, program: Any, traits: Traits | None = None, n: int = SAMPLE) -> Evaluation:
    """Evaluate ``program`` on the persona ``name`` with ``traits`` overridden, on ``n`` authored scenarios."""
    query = "&".join(f"{trait}={value}" for trait, value in (traits or {}).items())
    return evaluate(program, _scenarios(n), models=_models(f"sim/{name}?{query}"), name=name)


def _models(model: str) -> LanguageModels:
    default = default_models()[Role.TARGET]
    return LanguageModels({Role.TARGET: RoleSettings(**{**default.model_dump(), "model": model})})


@cache
def _scenarios(n: int) -> Sequence[Scenario]:
    return sample(build_authored().scenarios, n, seed=SEED)


def shifted(chance: float, by: float) -> float:
    """A probability moved by ``by`` on the logit scale."""
    return 1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + by)))


def bisect(rising: Callable[[float], float], goal: float, low: float, high: float, steps: int = 8) -> float:
    """Where a rising, slightly noisy function meets ``goal`` within [low, high], to (high - low) / 2**steps."""
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < goal else (low, middle)
    return (low + high) / 2


def fit(name: str) -> Traits:
    """Traits of ``name`` that meet its published vanilla average and path length."""
    persona = PERSONAS[name]

    def habits(shift: float) -> Traits:
        return {habit: round(shifted(getattr(persona, habit), shift), 3) for habit in HABITS}

    def vanilla(shift: float) -> float:
        return measure(name, Vanilla(), habits(shift)).mean("safety").mean

    traits = habits(bisect(vanilla, published()["safety"][name]["vanilla"], -1.5, 2.5))

    def shortness(bias: float) -> float:
        return -measure(name, AgentOnly(), {**traits, "enough_bias": bias}, n=105).mean("n_queries").mean

    bias = bisect(shortness, -published()["path_length"]["agent"][name], -1.5, 2.5, steps=7)
    return {**traits, "enough_bias": round(bias, 3)}


def write_traits(name: str, traits: Traits) -> None:
    """Put fitted traits into ``personas.toml``, comments and the rest untouched."""
    text = PERSONA_FILE.read_text(encoding="utf-8")
    head = re.search(rf'^\["?{re.escape(name)}"?\]$', text, re.MULTILINE)
    if head is None:
        raise ValueError(f"{PERSONA_FILE} has no table {name}")
    start = head.end()
    end = text.find("\n[", start)
    table = text[start:end]
    for trait, value in traits.items():
        table = re.sub(rf"^{trait} = .*$", f"{trait} = {value}", table, flags=re.MULTILINE)
    PERSONA_FILE.write_text(text[:start] + table + text[end:], encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """Measured figures of one persona."""

    name: str
    vanilla: float
    context_rich: float
    agent: float
    agent_questions: float
    planner: float
    planner_questions: float


def measure_persona(name: str) -> Row:
    """All model averages of one persona; the planner's paths are planned for train queries first."""
    planned = plan(split(build_authored(), "train"), PlanSettings(), models=_models(f"sim/{name}"))
    agent, full = measure(name, AgentOnly()), measure(name, RAISE(planned.paths))
    return Row(
        name,
        measure(name, Vanilla()).mean("safety").mean,
        measure(name, ContextRich()).mean("safety").mean,
        agent.mean("safety").mean,
        agent.mean("n_queries").mean,
        full.mean("safety").mean,
        full.mean("n_queries").mean,
    )


def single_attribute_lift(attribute: str) -> float:
    """What knowing one attribute adds on gpt-4o's persona, averaged over scenarios."""
    known = measure("gpt-4o", StaticPath([attribute])).mean("safety").mean
    return known - measure("gpt-4o", Vanilla()).mean("safety").mean


def report(rows: Sequence[Row], lifts: dict[str, float]) -> str:
    """The residuals as Markdown."""
    safety, length = published()["safety"], published()["path_length"]
    lines = [
        "# Calibration of the stand-in models",
        "",
        "Written by `python -m experiments.calibration`. **Simulated**: personas tuned to resemble published figures,",
        f"no evidence about the models they are named after. {SAMPLE} authored scenarios (sample seed {SEED}).",
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
            f"| {row.agent_questions:.2f} | {asked:.2f} | {row.agent_questions - asked:+.2f} |"
        )
    rich, goal = sum(row.context_rich for row in rows) / len(rows), published()["context_rich_mean"]
    lines += [
        "",
        f"Context-rich, mean of the six: {rich:.2f}; published over all models: {goal:.2f}; {rich - goal:+.2f}.",
    ]
    lines += ["", "One attribute alone, gain over none (gpt-4o persona; published: read off Figure 6):", ""]
    lines += ["| attribute | gain | published | residual |", "|---|---|---|---|"]
    single = published()["single_attribute"]
    for name, lift in lifts.items():
        goal = single[name] - single["baseline"]
        lines.append(f"| {name} | {lift:+.2f} | {goal:+.2f} | {lift - goal:+.2f} |")
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
            f"| {row.name} | {row.agent:.2f} | {agent:.2f} | {row.agent - agent:+.2f} "
            f"| {row.planner:.2f} | {planner:.2f} | {row.planner - planner:+.2f} "
            f"| {row.planner_questions:.2f} | {length['planner'][row.name]:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit if asked to, measure, write the report."""
    parser = argparse.ArgumentParser(description="Calibrate the stand-in personas to published figures.")
    parser.add_argument("--fit", action="store_true", help="fit first, and rewrite personas.toml")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    names = list(published()["safety"])
    if options.fit:
        with ProcessPoolExecutor(options.processes) as pool:
            for name, traits in zip(names, pool.map(fit, names), strict=True):
                write_traits(name, traits)
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:  # sees the new personas
        rows = list(pool.map(measure_persona, names))
        lifts = dict(zip(ATTRIBUTE_NAMES, pool.map(single_attribute_lift, ATTRIBUTE_NAMES), strict=True))
    REPORT.write_text(report(rows, lifts), encoding="utf-8")


if __name__ == "__main__":
    main()
