"""New lines from their writers and two labellers, into a file of graded lines.

``python -m experiments.crisis.intake --lines FILE... --labels A --labels B --part graded`` writes it and prints totals
only, so held-out lines go through unseen. Labellers see a line's text alone, not what its writer meant. Without labels
the levels are the writers' own. A line in the words of one that is there already is left out: among lines to learn from
once is enough, and what measures must not have been learnt.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import regex
from sklearn.metrics import cohen_kappa_score

from experiments.crisis.lines import FOLDER, LEARNT, GradedLine, GradedPart, as_toml, graded

PREFACE = """\
# Graded lines, {part}: {n:,} messages made up for this file by language-model writers who had seen neither the guard
# nor any other line. Levels: none, concern (at risk, but not now), acute (help at once). No clinician has seen them.
"""
TWO_LABELS = """\
# Two labellers graded each from its text alone. Where they agree, that is the level; where not, the line is disputed,
# and trains and measures nothing. They agree on {agreed:.1%}: Cohen's kappa {kappa:.3f}, {weighted:.3f} with linear
# weights. The writer meant the same on {meant:.1%} of the lines on which they agree. Writers and labellers were
# language models of one family, which agree far more often than people would.
"""
NO_LABEL = """\
# The levels are what their writers meant.
"""
ONE_LABEL = """\
# Two labellings came with the lines. They are equal on every line, and equal the writers' own grades on {meant} of {n}:
# independent readers never agree so far, so they count as no second opinion. How far such readers would agree is
# unknown, no kappa is stated, and no line is disputed.
"""


def read_rows(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The objects of JSON Lines files."""
    return [json.loads(row) for file in files for row in file.read_text(encoding="utf-8").splitlines() if row.strip()]


def grade(first: str, second: str) -> str:
    """The level on which both labels agree, or ``disputed``."""
    return first if first == second else "disputed"


def words_of(text: str) -> str:
    """A text without capitals, punctuation and blanks: what is equal so is the same line."""
    return "".join(regex.findall(r"[\w\p{M}]", text.casefold()))


def words_elsewhere(part: GradedPart) -> set[str]:
    """The words of graded lines in other files: in all, or, for what is learnt from, in those that are, too."""
    parts = LEARNT if part in LEARNT else get_args(GradedPart)
    return {words_of(line.text) for other in parts if other != part for line in graded(other)}


def weighted_kappa(first: Sequence[str], second: Sequence[str], weights: str | None = None) -> float:
    """Cohen's kappa of two labellers; with ``linear`` weights, none against acute counts twice as much as a step."""
    return float(cohen_kappa_score(first, second, labels=["none", "concern", "acute"], weights=weights))


def describe_labels(first: Sequence[str], second: Sequence[str], meant: Sequence[str]) -> str:
    """How far the levels can be trusted, as a comment.

    Labellers who read apart do not agree on every line: labels that are all equal are no two opinions.
    """
    if list(first) == list(second):
        same = sum(a == b for a, b in zip(first, meant, strict=True))
        return ONE_LABEL.format(meant=f"{same:,}", n=f"{len(meant):,}")
    agreed = [(a, level) for a, b, level in zip(first, second, meant, strict=True) if a == b]
    return TWO_LABELS.format(
        agreed=len(agreed) / len(meant),
        kappa=weighted_kappa(first, second),
        weighted=weighted_kappa(first, second, "linear"),
        meant=sum(a == level for a, level in agreed) / len(agreed),
    )


def main() -> None:
    """Write the file and print its totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=Path, nargs="+", required=True)
    parser.add_argument("--labels", type=Path, action="append", default=[], help="of one labeller; twice, or never")
    parser.add_argument("--part", choices=get_args(GradedPart), required=True)
    given = parser.parse_args()
    elsewhere = words_elsewhere(given.part)
    by_words = {words_of(row["text"]): row for row in read_rows(given.lines)}
    rows = [row for words, row in by_words.items() if words not in elsewhere]
    if given.labels:
        first, second = ({row["id"]: row["level"] for row in read_rows([file])} for file in given.labels)
    else:
        first = second = {row["id"]: row["level"] for row in rows}
    both = [row for row in rows if row["id"] in first and row["id"] in second]
    one, two = [first[row["id"]] for row in both], [second[row["id"]] for row in both]
    levels: list[Any] = [grade(a, b) for a, b in zip(one, two, strict=True)]
    found = [
        GradedLine(row["text"].strip(), level, row["kind"], row["language"])
        for row, level in zip(both, levels, strict=True)
    ]
    meant = [row["level"] for row in both]
    preface = PREFACE.format(part=given.part, n=len(found))
    preface += describe_labels(one, two, meant) if given.labels else NO_LABEL
    (FOLDER / f"{given.part}.toml").write_text(as_toml(found, preface), encoding="utf-8")
    print(preface, f"{len(rows) - len(both)} lines without both labels are left out.", Counter(levels))
    print(Counter(line.language for line in found))


if __name__ == "__main__":
    main()
