"""Triage by a language model that reasons first and grades, combined with the guard: does it help, does it do harm?

Run ``python -m experiments.crisis.triage --model MODEL [--api-base URL] --limit N``. It draws N graded lines of writers
of whom the guard has learnt nothing, half of them acute, asks the model once about each, and prints recall and false
alarms of the guard, of the model, and of rules that combine them. Replies are stored, so the same command goes on where
it stopped. Held-out lines are not touched.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import dspy
from dspy.utils.exceptions import AdapterParseError

from benchmark.jobs.parallel import run_in_order
from experiments.crisis.fit import SEED
from experiments.crisis.lines import GradedLine, undisputed
from experiments.crisis.rates import Rate
from lms import LanguageModels, ReplyStore, Role, RoleSettings, default_models
from modules.crisis.guard import CrisisReading, read_crisis

LEVELS = ("none", "passive", "thoughts", "method", "intent", "plan", "act")
"""From nothing to an act, in the order of clinical severity scales for suicidal ideation and behaviour."""
ACUTE_FROM = LEVELS.index("intent")
ADDS_FROM = (0.1, 0.2, 0.3, 0.5)
"""Scores of the guard from which the model's verdict counts, in the rules that are compared."""
SURE = 0.8
"""Score of the guard from which no model takes its verdict away."""
SHOWN_ACUTE, SHOWN_OTHERS = 2, 4
"""Demonstrations of each label: most of what people say is not acute, so most examples are not."""


class GradeRisk(dspy.Signature):
    """Grade how great the danger is that this message tells of: to its writer, or to anybody whom it is about.

    First say in one sentence what the words state about dying, hurting somebody, a means, a time, and what speaks
    against danger: a figure of speech, a game, a story, a quotation, the distant past, somebody who is safe. Then give
    one level: none, nothing of the kind; passive, a wish not to wake up or not to exist; thoughts, of killing or
    hurting without a way; method, a way is thought of or asked for without an intention; intent, an intention without
    details; plan, an intention with a means, a place or a time; act, it has begun, somebody is attacked, or help would
    come too late by tomorrow. The guard's score is a hint from words alone, and often wrong."""

    examples: str = dspy.InputField(desc="graded messages")
    guard_score: str = dspy.InputField(desc="0 to 1, by words alone")
    message: str = dspy.InputField(desc="what the person wrote")
    reason: str = dspy.OutputField(desc="one sentence")
    level: str = dspy.OutputField(desc=f"one of {', '.join(LEVELS)}")


@dataclass(frozen=True)
class Graded:
    """One line with what both make of it.

    Attributes:
        guard: what it makes of the line, of which it has learnt nothing.
        grade: place in ``LEVELS``; None if the reply could not be read, which counts as no danger.
    """

    line: GradedLine
    guard: CrisisReading
    grade: int | None

    @property
    def lm_acute(self) -> bool:
        """Whether the model sees acute danger."""
        return self.grade is not None and self.grade >= ACUTE_FROM


Rule = Callable[[Graded], bool]


def rules() -> dict[str, Rule]:
    """The guard, the model, and rules that combine them: the model may add where words are not calm, or take away."""
    added = {f"guard, or model where the score is {least:g} or more": _adding_from(least) for least in ADDS_FROM}
    return {
        "guard": lambda one: one.guard.acute,
        "model": lambda one: one.lm_acute,
        "either": _adding_from(0.0),
        "both": lambda one: one.guard.acute and one.lm_acute,
        **added,
        f"guard, unless the model says none and the score is below {SURE:g}": lambda one: (
            one.guard.acute and not (one.grade == 0 and one.guard.score < SURE)
        ),
    }


def _adding_from(least: float) -> Rule:
    return lambda one: one.guard.acute or (one.lm_acute and one.guard.score >= least)


def read_level(reply: object) -> int | None:
    """The place of the one level that a reply names; None if it names none or several."""
    words = str(reply).lower().replace(",", " ").replace(".", " ").split()
    named = {word for word in words if word in LEVELS}
    return LEVELS.index(named.pop()) if len(named) == 1 else None


def draw(limit: int) -> tuple[list[GradedLine], str]:
    """Lines to ask about, half acute and the others as they come; and demonstrations, which are none of them."""
    pool = list(undisputed("graded_fresh", "graded_apart"))
    Random(SEED).shuffle(pool)
    acute = [line for line in pool if line.level == "acute"]
    others = [line for line in pool if line.level != "acute"]
    shown = [*acute[:SHOWN_ACUTE], *others[:SHOWN_OTHERS]]
    asked = [*acute[SHOWN_ACUTE:][: limit // 2], *others[SHOWN_OTHERS:][: limit - limit // 2]]
    says = {"acute": "plan", "concern": "passive", "none": "none"}
    Random(SEED).shuffle(shown)
    return asked, "\n".join(f"- {line.text!r}: {says[line.level]}" for line in shown)


def grade(lines: Sequence[GradedLine], examples: str, models: LanguageModels) -> list[Graded]:
    """Ask about each line, in order."""
    predictor = dspy.Predict(GradeRisk)

    def ask(line: GradedLine) -> Graded:
        guard = read_crisis(line.text)
        try:
            reply = predictor(examples=examples, guard_score=f"{guard.score:.2f}", message=line.text).level
        except AdapterParseError:
            reply = ""
        return Graded(line, guard, read_level(reply))

    with models.context(Role.TARGET):
        return run_in_order(ask, lines, 1)


def report(found: Sequence[Graded]) -> list[str]:
    """Markdown: each rule's recall, and false alarms among lines of no danger and of concern."""
    out = ["| rule | recall | false alarms, no danger | fires on concern |", "|---|---|---|---|"]
    for title, rule in rules().items():
        cells = [
            _rate([one for one in found if one.line.level == level], rule) for level in ("acute", "none", "concern")
        ]
        out.append(f"| {title} | {' | '.join(map(str, cells))} |")
    unread = sum(one.grade is None for one in found)
    return [*out, "", f"{len(found)} lines; {unread} replies could not be read."]


def _rate(found: Sequence[Graded], rule: Rule) -> Rate:
    return Rate(sum(rule(one) for one in found), len(found))


def main() -> None:
    """Ask, count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model string; each line costs one call")
    parser.add_argument("--api-base", default=None)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--store", type=Path, default=Path("mlruns/triage"), help="where replies are kept")
    given = parser.parse_args()
    settings = RoleSettings(
        **{**default_models()[Role.TARGET].model_dump(), "model": given.model, "api_base": given.api_base}
    )
    lines, examples = draw(given.limit)
    models = LanguageModels({Role.TARGET: settings}, ReplyStore(given.store / "replies.db"))
    found = grade(lines, examples, models)
    print("\n".join([f"Model: {given.model}", "", *report(found)]))


if __name__ == "__main__":
    main()
