"""How often the crisis guard is right: recall and false alarms on labelled lines, alone and with the LM triage.

Run ``python -m experiments.crisis``; it prints tables and writes ``docs/crisis.md``. ``--fit`` fits the guard first.
Misses are listed for the lines that it learns from only: whoever reads held-out ones may tune on them, and then they
are held out no longer. Each run over held-out lines is a look, and is counted in ``LOOKS``.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random

import dspy

from benchmark.jobs.parallel import run_in_order
from experiments.crisis.ablation import (
    ablation,
    all_lessons,
    calibration,
    cost,
    unseen_lines,
    verdicts,
    without_encoder,
)
from experiments.crisis.fit import SEED
from experiments.crisis.lines import LEARNT, GradedPart, Line, acute_or_not, graded, lines, undisputed
from experiments.crisis.rates import Flags, rate, table
from experiments.crisis.stack import Ensemble, Lesson, fit_ensemble
from lms import LanguageModels, Role, RoleSettings, default_models, is_simulated
from modules import RAISE
from modules.crisis.ensemble import ENCODED, save_stacks
from modules.crisis.guard import acute_by_words, plainly_acute, says_acute
from modules.crisis.ngrams import save_lines, save_ngrams
from modules.crisis.weights import save_weights

REPORT = Path(__file__).resolve().parents[2] / "docs" / "crisis.md"
LISTED = 30
"""Most misses and false alarms that the report lists."""
HARD_ALARMS = 0.075
"""Share of hard harmless lines at which views are compared."""
FRESH: dict[GradedPart, tuple[str, str]] = {
    "graded_fresh": (
        "Fresh lines, concern aside",
        "Of writers whose brief was that of the sure lines, which the guard has learnt from; levels are their own.",
    ),
    "graded_apart": (
        "Lines to another brief",
        "Of writers with a brief that no other has had: a helpline's years, and dull chats. Levels are their own.",
    ),
    "graded_answers": (
        "Answers and everyday talk",
        "Of five writers with briefs of their own: answers of one to five words, honest answers about what is past, "
        "hard or now, denials with and without danger beside them, and everyday talk, in English and in other "
        "languages. Levels are their own.",
    ),
    "graded_exam": (
        "An exam",
        "Of two writers who were asked for half acute and half harmless lines of every kind, a third of them simple. "
        "The share of phrases that are doubted was set with their false alarms in view.",
    ),
}
"""Title and origin of what has its writers' levels."""
LOOKS = (
    "the guard of words, with the LM triage of a stand-in: the old half only, before the ensemble",
    "the ensemble with thresholds as out of fold: of old and graded lines, recall 0.825 and 0.599 at false alarms "
    "0.021 and 0.040",
    "the ensemble as shipped, whose thresholds allow half as many false alarms again out of fold",
    "six layers of multilingual-e5-small, not fine-tuned, as one view more: recall 0.883 and 0.743 at false alarms "
    "0.021 and 0.044; not shipped",
    "the same layers fine-tuned, and all views fitted to 3,180 lines more: recall 0.925 and 0.781 at false alarms "
    "0.021 and 0.040, in other languages 0.979 and 0.731",
    "words of scripts with vowel marks kept whole, the encoder reads other languages in their own spelling, with "
    "50,000 pieces of words instead of 20,000: recall 0.921 and 0.833 at false alarms 0.021 and 0.032, in other "
    "languages 0.938 and 0.836",
    "thresholds by lines of writers of whom nothing was learnt: recall 0.963 and 0.896 at false alarms 0.029 and "
    "0.052, in other languages 1.000 and 0.903",
    "all views fitted to 7,852 sure lines more, thresholds by new writers: recall 0.963 and 0.948 at false alarms "
    "0.021 and 0.020, in other languages 1.000 and 0.963",
    "some 1,460 short, plain lines learnt as well, since a plain statement in a test was missed: recall 0.967 and "
    "0.948 at false alarms 0.029 and 0.032, in other languages 1.000 and 0.970 (before 14 doubles went .971, .952)",
    "some 870 ordinary short replies learnt as well, since 'I don't know' fired in a test: recall 0.967 and 0.944 at "
    "false alarms 0.033 and 0.028, in other languages 1.000 and 0.970",
    "4,400 answers, honest words about the past and everyday messages learnt as well, since one in seven everyday "
    "messages in other languages fired; the encoder fitted anew; views stacked by lines of other writers: recall 0.975 "
    "and 0.948 at false alarms 0.037 and 0.036, in other languages 1.000 and 0.970",
    "what the product offers people to say learnt as well, and one common word weighs nothing, since a button to "
    "decline fired in a test: recall 0.975 and 0.944 at false alarms 0.037 and 0.036, in other languages 1.000 and "
    "0.963",
    "9,330 lines of 21 more writers learnt as well, the encoder fitted anew; a denial silences only a short text, "
    "since it silenced nine in ten acute lines that had one; a phrase is doubted below one in twenty acute ones: "
    "recall 0.992 and 0.970 at false alarms 0.008 and 0.020, in other languages 1.000 and 0.978",
    "a phrase is doubted below one in fifty, since two plain statements in tests were missed; as shipped",
)
"""What held-out figures were looked at for, in order; at most one a design decision."""


INTRODUCTION = (
    "# The crisis guard",
    "",
    "Written by `python -m experiments.crisis --fit --heldout`. Recall is the share of acute lines that fire, a",
    "false alarm is a harmless line that fires; Wilson 95 % intervals. All lines were made up and chosen to be",
    "hard; they say nothing about how often such things are said, and this is no clinical validation.",
    "",
    "The guard fires on a phrase of danger that stands, or on a score: a logistic regression, one for English and",
    "one for all other languages, over weights of words and concepts, weights of character n-grams, how much nearer",
    "the four nearest acute lines are than the four nearest harmless ones, and, with the extra `guard`, the logit of a",
    "small sentence encoder: the first six layers of multilingual-e5-small, fine-tuned on the lines below. It reads",
    "English with slips put right, and other languages in their own spelling: without their accents and marks many",
    "words were none that it knows. Without the extra the guard needs numpy alone. Neither needs a network. No other",
    "language has lines enough for a threshold of its own. A phrase is doubted only where its own sentence scores,",
    "without the encoder, lower than all but one in fifty acute lines with a phrase: a song, a game; then the score",
    "decides. A short text that denies danger, or puts it into the past, is not weighed.",
    "",
    f"What each view counts is fitted to {len(unseen_lines()):,} lines of twelve other writers, of whom no view has",
    "learnt anything: such lines it meets in use. Thresholds are set by the harmless ones among them: at most the",
    "share asked for may fire (by default 0.05), of hard ones and of ordinary ones. Levels are their writers' own.",
    "",
    f"Lines: {len(lines('build')):,} of the build half, {len(lines('twins')):,} twins (acute and harmless in the",
    f"same words), {len(graded('graded')):,} graded, {len(graded('graded_later')):,} later, harder ones, and",
    f"{len(graded('graded_sure')):,} sure ones of fifty-six writers, whose levels are the writers' own; held out",
    f"{len(lines('heldout')):,} and {len(graded('graded_heldout')):,}. Writers and labellers of graded lines were",
    "language models of one family. Labels of the earlier ones equal each other on every line, those of the later ones",
    "on all but six (Cohen's kappa 0.997): people agree far less, and how far is **unknown**. Lines on which labels",
    "differ teach and measure nothing.",
    "Held-out sets were written by others, and their misses are never listed.",
)


def triage_lines(sample: Sequence[Line], target: str, concurrency: int) -> list[bool]:
    """The guard, and where it is silent the triage of ``target``, as the agent uses them."""
    settings = RoleSettings(**{**default_models()[Role.TARGET].model_dump(), "model": target})
    lm = LanguageModels({Role.TARGET: settings})[Role.TARGET]
    agent = RAISE()

    def danger(line: Line) -> bool:
        return plainly_acute(line.text) or says_acute(agent.triage(query=line.text, latest_words=line.text).danger)

    with dspy.context(lm=lm, trace=[], disable_history=True):
        return run_in_order(danger, sample, concurrency)


def save_ensemble(fitted: Ensemble) -> None:
    """Write what the guard reads."""
    save_weights(fitted.weights)
    save_ngrams(fitted.table)
    save_lines(fitted.acute, fitted.harmless)
    save_stacks(fitted.stacks)
    save_stacks(fitted.encoded, ENCODED)


def build_section(fitted: Ensemble, lessons: Sequence[Lesson]) -> list[str]:
    """What may be said of the lines that the guard learns from: figures out of fold, and some misses."""
    plain = [bool(fired) for fired in verdicts(fitted, lessons, HARD_ALARMS, encoded=False)]
    flags = [bool(fired) for fired in verdicts(fitted, lessons, HARD_ALARMS, encoded=True)]
    worried = {line.line() for line in undisputed(*LEARNT) if line.level == "concern"}
    groups = {
        "Build half": set(lines("build")),
        "Graded lines (concern aside)": set(acute_or_not("graded")),
        "Later graded lines (concern aside)": set(acute_or_not("graded_later")),
        "Sure lines (concern aside)": set(acute_or_not("graded_sure")),
        "Twins": set(lines("twins")),
    }
    out = [
        "",
        "## Lines that the guard learns from, out of fold",
        "",
        "Each line is judged by an ensemble fitted without it, without lines that are nearly the same, and without its",
        "twin. Phrases were written with most of the build half in view: for them the figures flatter the guard. What",
        "each view is worth with phrases, which fire by themselves; twins set no threshold and are left out:",
        "",
        *ablation(fitted, lessons, HARD_ALARMS),
        "",
        "The score, against what lines of that score are:",
        "",
        *calibration(fitted.encoded_logits, lessons),
    ]
    for title, members in groups.items():
        picked = [i for i, lesson in enumerate(lessons) if lesson.line in members]
        columns = {name: [each[i] for i in picked] for name, each in (("guard", flags), ("without encoder", plain))}
        out += ["", f"### {title}", "", *table([lessons[i].line for i in picked], columns)]
    ordinary = [(le.line, flag) for le, flag in zip(lessons, flags, strict=True) if le.line.kind.startswith("authored")]
    calm = rate([line for line, _ in ordinary], [flag for _, flag in ordinary], lambda line: True)
    concern = rate([le.line for le in lessons], flags, lambda line: line in worried)
    out += ["", f"Authored queries and answers, all harmless, that fire: {calm}.", ""]
    out += [f"Graded lines of concern that fire: {concern}.", ""]
    for title, wrong in (("Missed", True), ("False alarms", False)):
        found = [
            lesson.line
            for lesson, flag in zip(lessons, flags, strict=True)
            if lesson.telling and lesson.line.acute is wrong and flag is not wrong
        ]
        shown = Random(SEED).sample(found, min(LISTED, len(found)))
        out += [f"{title}, out of fold ({len(found)}, {len(shown)} drawn at random):", ""]
        out += [f"- {line.kind}, {line.language}: {line.text}" for line in shown] + [""]
    return out


def heldout_section(target: str, concurrency: int, mark: str) -> list[str]:
    """Both held-out sets; no line of them is shown."""
    worried = [line.line() for line in undisputed("graded_heldout") if line.level == "concern"]
    out = ["", "## Held-out lines", "", *_looks()]
    samples = {"Old half": (lines("heldout"), ""), "Graded lines, concern aside": (acute_or_not("graded_heldout"), "")}
    samples |= {title: (acute_or_not(part), origin) for part, (title, origin) in FRESH.items()}
    for title, (sample, origin) in samples.items():
        columns: dict[str, Flags] = {
            "guard": [plainly_acute(line.text) for line in sample],
            "words alone": [acute_by_words(line.text) for line in sample],
        }
        with without_encoder():
            columns["without encoder"] = [plainly_acute(line.text) for line in sample]
        if target and title == "Old half":
            columns[f"guard + triage by {target}{mark}"] = triage_lines(sample, target, concurrency)
        abroad = [line for line in sample if line.language != "en"]
        flags = [flag for line, flag in zip(sample, columns["guard"], strict=True) if line.language != "en"]
        acute, harmless = (rate(abroad, flags, lambda line, side=side: line.acute is side) for side in (True, False))  # type: ignore[misc]
        out += ["", f"### {title}", "", *([origin, ""] if origin else ()), *table(sample, columns), ""]
        out += [f"In other languages than English: recall {acute}, false alarms {harmless}."]
    fired = [plainly_acute(line.text) for line in worried]
    return [*out, "", f"Graded lines of concern that fire: {rate(worried, fired, lambda line: True)}."]


def _looks() -> list[str]:
    return [f"Looks at these figures so far, {len(LOOKS)}:", "", *(f"{i}. {why}." for i, why in enumerate(LOOKS, 1))]


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heldout", action="store_true", help="look at held-out lines, too: say why in LOOKS first")
    parser.add_argument("--target", default="", help="model whose triage is measured with the guard, on the old half")
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--fit", action="store_true", help="fit the guard first, and ship what comes of it")
    parser.add_argument("--report", type=Path, default=REPORT)
    given = parser.parse_args()
    lessons = all_lessons()
    fitted = fit_ensemble(lessons, unseen_lines())
    if given.fit:
        save_ensemble(fitted)
    mark = " (*simulated*)" if given.target and is_simulated(given.target) else ""
    out = [*INTRODUCTION, *build_section(fitted, lessons)]
    out += ["## What it costs", "", *cost([line.text for line in lines("build")[::10]])]
    if given.heldout:
        out += heldout_section(given.target, given.concurrency, mark)
    text = "\n".join(out).rstrip() + "\n"
    print(text)
    given.report.write_text(text, encoding="utf-8")
