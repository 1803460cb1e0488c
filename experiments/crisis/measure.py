"""How often the crisis guard is right: recall and false alarms on labelled lines, alone and with the LM triage.

Run ``python -m experiments.crisis``; it prints a table and writes ``docs/crisis.md``. ``--fit`` fits the weights to
the build half first. Misses are listed for the build half only: whoever reads those of the held-out half may tune on
them, and then it is held out no longer.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import dspy

from benchmark.jobs.parallel import run_in_order
from benchmark.statistics.intervals import wilson
from experiments.crisis.fit import FOLDS, SEED, fit
from experiments.crisis.lines import Line, Part, background, lines, without_question
from lms import LanguageModels, Role, RoleSettings, default_models, is_simulated
from modules import RAISE
from modules.crisis.guard import plainly_acute, says_acute
from modules.crisis.phrases import read_danger
from modules.crisis.text import fold_text
from modules.crisis.weights import save_weights

REPORT = Path(__file__).resolve().parents[2] / "docs" / "crisis.md"
LISTED = 40
"""Most misses and false alarms that the report lists."""
TITLES = {"build": "Build half", "heldout": "Held-out half"}


@dataclass(frozen=True)
class Rate:
    """Lines that fired among ``n``, with the Wilson 95 % interval."""

    fired: int
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; the whole range where there are no lines."""
        return wilson(self.fired, self.n) or (0.0, 1.0)

    def __str__(self) -> str:
        if not self.n:
            return "-"
        low, high = self.interval
        return f"{self.fired / self.n:.3f} [{low:.3f}, {high:.3f}] ({self.fired}/{self.n})"


Flags = Sequence[bool]


def rate(sample: Sequence[Line], verdicts: Flags, which: Callable[[Line], bool]) -> Rate:
    """How many of the lines that ``which`` picks fired."""
    picked = [verdict for line, verdict in zip(sample, verdicts, strict=True) if which(line)]
    return Rate(sum(picked), len(picked))


def triage_lines(sample: Sequence[Line], target: str, concurrency: int) -> list[bool]:
    """The guard, and where it is silent the triage of ``target``, as the agent uses them."""
    settings = RoleSettings(**{**default_models()[Role.TARGET].model_dump(), "model": target})
    lm = LanguageModels({Role.TARGET: settings})[Role.TARGET]
    agent = RAISE()

    def danger(line: Line) -> bool:
        return plainly_acute(line.text) or says_acute(agent.triage(query=line.text, latest_words=line.text).danger)

    with dspy.context(lm=lm, trace=[], disable_history=True):
        return run_in_order(danger, sample, concurrency)


def table(sample: Sequence[Line], columns: dict[str, Flags], *, languages: bool = True) -> list[str]:
    """Markdown: recall and false-alarm rate overall, by kind and, if asked for, by language."""
    heads = [f"{name}: {what}" for name in columns for what in ("recall", "false alarms")]
    out = [f"| lines | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]

    def row(title: str, which: Callable[[Line], bool]) -> str:
        cells = []
        for verdicts in columns.values():
            cells.append(str(rate(sample, verdicts, lambda line: line.acute and which(line))))
            cells.append(str(rate(sample, verdicts, lambda line: not line.acute and which(line))))
        return f"| {title} | {' | '.join(cells)} |"

    out.append(row("**all**", lambda line: True))
    for kind in sorted({line.kind for line in sample}):
        out.append(row(kind, lambda line, kind=kind: line.kind == kind))  # type: ignore[misc]
    for code in sorted({line.language for line in sample if languages}):
        out.append(row(f"language {code}", lambda line, code=code: line.language == code))  # type: ignore[misc]
    return out


def build_extras(sample: Sequence[Line], verdicts: Flags) -> list[str]:
    """What may be said of the build half only: cross-validated figures, and its misses."""
    ordinary, twins = background(), lines("twins")
    unseen = fit([*sample, *ordinary], twins).unseen
    calm, doubled = unseen[len(sample) : -len(twins)], unseen[-len(twins) :]
    phrases = [read_danger(fold_text(line.text)).danger is not None for line in sample]
    quiet = [plainly_acute(line.text) for line in ordinary]
    out = ["", f"{FOLDS}-fold cross-validation of the weights (phrases are the same in every fold):", ""]
    out += table(sample, {"phrases alone": phrases, "guard, weights unseen": unseen[: len(sample)]}, languages=False)
    out += [
        "",
        "Thresholds are set without the lines that they judge. The phrases are not: they were written with most lines",
        "of this half in view, so for them these figures still flatter the guard.",
    ]
    out += [
        "",
        f"Authored queries and answers, all harmless, that fire: {rate(ordinary, quiet, lambda line: True)} as fitted,",
    ]
    out += [f"{rate(ordinary, calm, lambda line: True)} with weights fitted without them.", ""]
    told = [shorter for shorter in map(without_question, sample) if shorter]
    fired = [plainly_acute(line.text) for line in told]
    out += [
        f"Harmless lines less the question they end in: {rate(told, fired, lambda line: True)} fire, as fitted.",
        "",
    ]
    out += [
        f"The {len(twins):,} twins, acute and harmless lines in the same words, left out in the same way. Weights are",
        "learnt from them; no threshold is set by them, and no phrase was written for them:",
        "",
        *table(twins, {"guard, weights unseen": doubled}, languages=False),
        "",
    ]
    for title, wrong in (("Missed", True), ("False alarms", False)):
        found = [line for line, v in zip(sample, verdicts, strict=True) if line.acute is wrong and v is not wrong]
        shown = found if len(found) <= LISTED else Random(SEED).sample(found, LISTED)
        of = "" if len(shown) == len(found) else f", {LISTED} drawn at random"
        out += [f"{title} by the guard alone, as fitted ({len(found)}{of}):", ""]
        out += [f"- {line.kind}, {line.language}: {line.text}" for line in shown] + [""]
    return out


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("build", "heldout", "both"), default="both")
    parser.add_argument("--target", default="sim/gpt-4o", help="model whose triage is measured with the guard")
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--fit", action="store_true", help="fit the weights to the build half first")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    if given.fit:
        save_weights(fit([*lines("build"), *background()], lines("twins")).weights)
    halves: tuple[Part, ...] = ("build", "heldout") if given.half == "both" else (given.half,)
    simulated = " (*simulated*)" if is_simulated(given.target) else ""
    out = [
        "# The crisis guard",
        "",
        f"Written by `python -m experiments.crisis --half {given.half} --target {given.target}`. Recall is the share",
        "of acute lines that fire, a false alarm is a harmless line that fires; Wilson 95 % intervals. The lines come",
        "in two halves. The phrases were written and the weights fitted with the **build** half in view, so its",
        "figures flatter the guard. The **held-out** half was written separately, and its misses are never listed. All",
        "lines were made up and chosen to be hard; they say nothing about how often such things are said, and this is",
        "no clinical validation.",
    ]
    if simulated:
        out += ["", "The stand-in's triage looks for words. It is no evidence about how a real model triages."]
    for half in halves:
        sample = lines(half)
        alone = [plainly_acute(line.text) for line in sample]
        both = triage_lines(sample, given.target, given.concurrency)
        out += ["", f"## {TITLES[half]}", ""]
        out += table(sample, {"guard": alone, f"guard + triage by {given.target}{simulated}": both})
        if half == "build":
            out += build_extras(sample, alone)
    text = "\n".join(out).rstrip() + "\n"
    print(text)
    given.report.write_text(text, encoding="utf-8")
