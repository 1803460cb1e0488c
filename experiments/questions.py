"""What is it worth to check a model's questions and answers? Stand-ins that ask beside the point, and that presume.

Run ``python -m experiments.questions``; rewrites ``docs/questions-measured.md``. Simulated.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmark import Evaluation
from benchmark.evaluation.episode import Episode
from experiments.reading import SCENARIOS, run
from lms.simulation import phrases
from modules import RAISE, AgentSettings
from modules.answers import PLAIN_QUESTIONS
from modules.settings import PHRASINGS

REPORT = Path(__file__).resolve().parents[1] / "docs" / "questions-measured.md"
TARGETS = ("gpt-4o", "deepseek-7b")
MISS, PRESUME = "miss=0.5", "presume=0.5"


def on_target(episodes: Sequence[Episode]) -> tuple[int, int]:
    """Questions put that are about their attribute, and all; known for certain, since stand-ins use a few sentences."""
    put = [turn for episode in episodes for turn in episode.turns if turn.attribute]
    right = [turn for turn in put if turn.question in _right(str(turn.attribute))]
    return len(right), len(put)


def _right(attribute: str) -> list[str]:
    return [PLAIN_QUESTIONS[attribute], *phrases.QUESTIONS[attribute]]


def _row(name: str, done: Evaluation, reference: Evaluation | None) -> str:
    right, put = on_target(done.episodes)
    difference = done.compare(reference).safety if reference else None
    cells = [
        name,
        f"{right} of {put}",
        done.summary()["off_target"],
        f"{done.average('safety'):.2f}",
        f"{done.average('n_queries'):.2f}",
        f"{done.average('lm_replies'):.1f}",
        f"{difference.mean:+.2f} [{difference.lo:+.2f}, {difference.hi:+.2f}]" if difference else "",
    ]
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _questions(target: str) -> list[str]:
    rows = []
    for abstention in ("scale", "fused"):
        reference = run(RAISE(settings=AgentSettings(abstention=abstention)), target)
        rows.append(_row(f"{target}, {abstention}, checked", reference, None))
        for phrasing in PHRASINGS:
            settings = AgentSettings(phrasing=phrasing, abstention=abstention)
            done = run(RAISE(settings=settings), f"{target}?{MISS}")
            rows.append(_row(f"{target}?{MISS}, {abstention}, {phrasing}", done, reference))
    return rows


def _answers(target: str) -> str:
    done = run(RAISE(), f"{target}?{PRESUME}")
    plain = run(RAISE(), target)
    summary = done.summary()
    return (
        f"| {target}?{PRESUME} | {len(done.episodes)} | {summary['invented']} | {summary['invented_kept']} "
        f"| {plain.summary()['invented']} of {len(plain.episodes)} |"
    )


def main() -> None:
    """Measure and write the tables."""
    lines = [
        "# Questions and answers, measured",
        "",
        f"Written by `python -m experiments.questions`. **Simulated.** {SCENARIOS} authored scenarios. `{MISS}` makes",
        "a stand-in ask beside the point every other time, half of these by asking the query back. *On target*:",
        "questions put that are among the few sentences by which a stand-in, or the plain question, asks about that",
        "attribute; *off target*: questions that the check counted. The difference is in safety, paired, from the same",
        "persona with the same abstention that does not miss. deepseek-7b gains no safety: it stops early, and a",
        "question that misses, to which the person is not sure what to say, leaves it asking for more. Real models",
        "miss in ways that no stand-in has; [architecture](architecture.md) has figures on hand-written questions.",
        "",
        "| target, abstention, phrasing | on target | off target | safety | questions | replies | difference [95 %] |",
        "|---|---|---|---|---|---|---|",
        *(row for target in TARGETS for row in _questions(target)),
        "",
        f"`{PRESUME}` makes a stand-in state a fact that nobody gave in half of its answers. The check of answers",
        "finds it, asks once more, and keeps the better answer; *false alarms* are facts counted for the persona",
        "that states none.",
        "",
        "| target | answers | invented | left in the answer given | false alarms |",
        "|---|---|---|---|---|",
        *(_answers(target) for target in TARGETS),
        "",
    ]
    REPORT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
