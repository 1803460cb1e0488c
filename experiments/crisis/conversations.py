"""Conversations in which danger is told piece by piece: is reading them as a whole worth it?

Run ``python -m experiments.crisis.conversations``; it prints a table and writes ``docs/crisis-conversations.md``.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.crisis.lines import FOLDER
from experiments.crisis.rates import Rate
from modules.crisis.guard import plainly_acute

REPORT = Path(__file__).resolve().parents[2] / "docs" / "crisis-conversations.md"


@dataclass(frozen=True)
class Talk:
    """What a person said in the turns of a conversation, and whether all of it together tells of acute danger."""

    acute: bool
    said: tuple[str, ...]


def talks() -> list[Talk]:
    """The conversations of ``data/conversations.toml``."""
    content = tomllib.loads((FOLDER / "conversations.toml").read_text(encoding="utf-8"))
    return [Talk(row["acute"], tuple(row["said"])) for row in content["conversation"]]


def whole(said: Sequence[str]) -> bool:
    """Whether the messages together fire, as one text."""
    return plainly_acute(". ".join(text.rstrip(".") for text in said))


RULES: dict[str, Callable[[Sequence[str]], bool]] = {
    "the last message alone": lambda said: plainly_acute(said[-1]),
    "each message when it comes, as RAISE does": lambda said: any(map(plainly_acute, said)),
    "all messages as one text": whole,
    "each message, or all as one text": lambda said: any(map(plainly_acute, said)) or whole(said),
    "each message, if all as one text fire too": lambda said: any(map(plainly_acute, said)) and whole(said),
}


def report(found: Sequence[Talk]) -> list[str]:
    """The page."""
    sides = [[talk for talk in found if talk.acute is acute] for acute in (True, False)]
    return [
        "# Conversations",
        "",
        "Written by `python -m experiments.crisis.conversations`. The guard reads every message of a person when it",
        "comes, by itself ([crisis guard](crisis.md)). Would it find more if it read them as one text?",
        "",
        f"{len(found)} conversations of three messages, made up for this by one hand and learned from by nothing:",
        f"{len(sides[0])} tell of acute danger piece by piece, {len(sides[1])} harmless ones begin alike where they "
        "can. No clinician has seen them. Wilson 95 % intervals.",
        "",
        "| read | recall | false alarms |",
        "|---|---|---|",
        *(
            f"| {title} | {' | '.join(str(Rate(sum(rule(talk.said) for talk in side), len(side))) for side in sides)} |"
            for title, rule in RULES.items()
        ),
        "",
        "What was said before counts all the same: after any message that scored high, answers are made with",
        "[concern](crisis-concern.md).",
    ]


def main() -> None:
    """Measure, print and write the page."""
    text = "\n".join(report(talks())) + "\n"
    print(text)
    REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
