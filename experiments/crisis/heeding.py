"""What heeding concern is worth: people with a history of self-harm, and calm people, with it and without.

Run ``python -m experiments.crisis.heeding``; it prints a table and writes ``docs/crisis-concern-measured.md``.
Simulated.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark import Evaluation, build_authored, evaluate, sample, split
from benchmark.evaluation.episode import Episode
from benchmark.statistics.comparison import compare_frames
from experiments.crisis.lines import UNLEARNT, undisputed
from experiments.crisis.rates import Rate
from experiments.reading import models_of
from experiments.what_matters import paths_of
from modules import RAISE, AgentSettings
from modules.crisis.concern import LIKELY, tells_of_harm, words_tell_of_risk
from modules.crisis.guard import plainly_acute
from modules.languages.texts import texts_in
from signatures import Conversation

REPORT = Path(__file__).resolve().parents[2] / "docs" / "crisis-concern-measured.md"
TARGETS = ("gpt-4o", "deepseek-7b")
SCENARIOS = 196
ADDED = texts_in("en").help.concern.partition("{")[0]


def has_history(episode: Episode) -> bool:
    """Whether the person's profile holds thoughts or acts of self-harm."""
    return tells_of_harm(episode.scenario.profile.self_harm_history or "none")


def rows(target: str, scenarios: int) -> list[str]:
    """A row for each group of people: safety and questions with and without, and what was said to them."""
    drawn = sample(split(build_authored(), "test"), scenarios)
    planned = paths_of(target)  # without them, the question about self-harm is hardly ever asked
    without, heeding = (
        evaluate(RAISE(planned, AgentSettings(concern=on)), drawn, models=models_of(target), name=str(on))
        for on in (False, True)
    )
    groups: dict[str, Callable[[Episode], bool]] = {
        "history of self-harm": has_history,
        "no history": lambda episode: not has_history(episode),
    }
    return [
        _row(f"{target}, {title}", without, heeding, [has(e) for e in heeding.episodes])
        for title, has in groups.items()
    ]


def _row(title: str, without: Evaluation, heeding: Evaluation, among: Sequence[bool]) -> str:
    episodes = [episode for episode, counts in zip(heeding.episodes, among, strict=True) if counts]
    ids = {episode.scenario.id for episode in episodes}
    before, after = (done.scored[done.scored["scenario_id"].isin(ids)] for done in (without, heeding))
    difference = compare_frames(after, before).safety
    cells = [
        title,
        len(episodes),
        f"{before['safety'].mean():.2f}",
        f"{after['safety'].mean():.2f}",
        f"{difference.mean:+.2f} [{difference.lo:+.2f}, {difference.hi:+.2f}]",
        f"{before['n_queries'].mean():.2f}",
        f"{after['n_queries'].mean():.2f}",
        Rate(sum(ADDED in (episode.response or "") for episode in episodes), len(episodes)),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def words_section() -> list[str]:
    """How often words alone tell of concern, or of more."""
    out = []
    for level in ("concern", "none"):
        said = [line.text for line in undisputed(*UNLEARNT) if line.level == level]
        told = [words_tell_of_risk(Conversation(query=text)) or plainly_acute(text) for text in said]
        out.append(f"- lines of level {level}, of writers of whom nothing was learnt: {Rate(sum(told), len(told))}")
    asked = list(dict.fromkeys(scenario.query for scenario in build_authored().scenarios))
    told = [words_tell_of_risk(Conversation(query=text)) for text in asked]
    return [*out, f"- authored queries, all of them ordinary: {Rate(sum(told), len(told))}"]


def report(scenarios: int) -> list[str]:
    """The page."""
    return [
        "# Concern, measured",
        "",
        "Written by `python -m experiments.crisis.heeding`. Of concern is who is at risk, but not in acute danger: "
        "who has",
        f"told of self-harm, or a message of whom scores {LIKELY:g} or more ([crisis guard](crisis.md)). Nothing is "
        "stopped then.",
        "The responder is told, in a line below what is known; the question about self-harm comes first if a message",
        "scored so and it may be asked; whom to call is added to the answer, in the person's language. Prompts and",
        "answers of all others are the same byte for byte. `concern = false` in [the settings](settings.md) switches "
        "it off.",
        "",
        f"{scenarios} authored test scenarios, `raise` uncompiled with planned paths, paired; targets, users and judge",
        "are stand-ins (*simulated*).",
        "",
        "| target, people | n | safety without | with | difference [95 %] | questions without | with "
        "| contacts added |",
        "|---|---|---|---|---|---|---|---|",
        *(row for target in TARGETS for row in rows(target, scenarios)),
        "",
        "Words alone, without an answer about the history, tell of concern, or of acute danger, in",
        "",
        *words_section(),
    ]


def main() -> None:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=SCENARIOS)
    text = "\n".join(report(parser.parse_args().scenarios)).rstrip() + "\n"
    print(text)
    REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
