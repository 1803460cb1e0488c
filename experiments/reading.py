"""Does the agent know only what was said? Reading precision and recall with each kind of user, and the check's worth.

Run ``python -m experiments.reading``; rewrites ``docs/reading-measured.md``. Simulated.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dspy

from benchmark import Evaluation, build_authored, evaluate, sample
from benchmark.evaluation.episode import Episode
from benchmark.evaluation.fidelity import agree
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.simulation.user import OTHERWISE
from modules import RAISE, AgentSettings
from modules.reading.grounds import Grounded
from modules.reading.statements import Statements
from signatures import Profile, Turn
from signatures.words import whole

REPORT = Path(__file__).resolve().parents[1] / "docs" / "reading-measured.md"
SCENARIOS, SEED = 60, 3
USERS = ("user", "user-terse", "user-rambling", "user-reluctant", "user-contradictory", "user-vague")
TARGETS = ("gpt-4o", "gpt-4o?invent=0.5", "deepseek-7b", "deepseek-7b?invent=0.5")


class Believing(RAISE):
    """RAISE with the check switched off: whatever the model reads is known."""

    def _believe(
        self, facts: dict[str, str], quotes: Mapping[str, object], said: Statements, asked: str | None, question: str
    ) -> Grounded:
        return Grounded(facts)


def models_of(target: str, user: str = "user") -> LanguageModels:
    """The default models with another target and user."""
    default = default_models()
    names = {Role.TARGET: target, Role.USER: user}
    return LanguageModels(
        {role: RoleSettings(**{**default[role].model_dump(), "model": f"sim/{name}"}) for role, name in names.items()}
    )


def run(program: dspy.Module, target: str, user: str = "user") -> Evaluation:
    """The program on the sample."""
    drawn = sample(build_authored().scenarios, SCENARIOS, seed=SEED)
    return evaluate(program, drawn, models=models_of(target, user), name=type(program).__name__)


def told(profile: Profile, turn: Turn) -> dict[str, str]:
    """What the simulated person said in a turn: values of the profile, or others that a contradictory one says."""
    found = {name: value for name, value in profile.known().items() if whole(value).search(turn.answer)}
    about = turn.attribute or ""
    others = [value for value in OTHERWISE.get(about, []) if whole(value).search(turn.answer)]
    return {**dict.fromkeys([about] * bool(others), "".join(others[-1:])), **found}


def counts(episodes: Sequence[Episode]) -> tuple[int, int, int]:
    """Facts known, those of them that were said, and facts that were said."""
    known = right = said = 0
    for heard, truth in _turns(episodes):
        known += len(heard)
        said += len(truth)
        right += sum(name in truth and agree(value, truth[name]) for name, value in heard.items())
    return known, right, said


def _turns(episodes: Sequence[Episode]) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    for episode in episodes:
        for turn in episode.turns:
            yield turn.heard, told(episode.scenario.profile, turn)


def _row(target: str, user: str, program: dspy.Module) -> str:
    done = run(program, target, user)
    known, right, said = counts(done.episodes)
    answers = sum(len(episode.turns) for episode in done.episodes)
    summary = done.summary()
    cells = [
        target,
        user,
        "off" if isinstance(program, Believing) else "on",
        answers,
        known,
        f"{right / known:.2f}" if known else "n/a",
        f"{right / said:.2f}" if said else "n/a",
        summary["ungrounded"],
        summary["plain_answers"],
    ]
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _safety(target: str) -> list[str]:
    plain, inventing = run(RAISE(), target), run(RAISE(), f"{target}?invent=0.5")
    believing = run(Believing(), f"{target}?invent=0.5")
    lines = [
        f"| {target} | {plain.average('safety'):.2f} | {plain.average('n_queries'):.2f} "
        f"| {plain.average('lm_replies'):.1f} | |"
    ]
    for name, done in (("invents, checked", inventing), ("invents, believed", believing)):
        difference = done.compare(plain).safety
        lines.append(
            f"| {target}, {name} | {done.average('safety'):.2f} | {done.average('n_queries'):.2f} "
            f"| {done.average('lm_replies'):.1f} "
            f"| {difference.mean:+.2f} [{difference.lo:+.2f}, {difference.hi:+.2f}] |"
        )
    return lines


def main() -> None:
    """Measure and write the tables."""
    rows = [_row(target, user, RAISE(settings=AgentSettings(threshold=5))) for target in TARGETS for user in USERS]
    rows += [_row("gpt-4o?invent=0.5", user, Believing(settings=AgentSettings(threshold=5))) for user in USERS]
    lines = [
        "# Reading, measured",
        "",
        f"Written by `python -m experiments.reading`. **Simulated.** {SCENARIOS} authored scenarios. *Precision*:",
        "share of the facts known that the person said, at that turn, with that value. *Recall*: share of what the",
        "person said that is known. *Without a model*: answers that needed no call. `invent=0.5` makes a stand-in add",
        "three facts that nobody stated to half of its readings. The program asks on until five questions are spent or",
        "the model rates 5. What `user-rambling` loses is gender, which stand-ins do not read unasked, and a bare",
        '"None." that is meant of self-harm, without a word that tells so. The rules were written with these',
        "users in view, so the figures say that they work, not how well real people are read.",
        "",
        "| target | user | check | answers | facts known | precision | recall | dropped | without a model |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        "Safety at the default settings, with the paired difference from the same persona that does not invent:",
        "",
        "| target | safety | questions | replies | difference [95 %] |",
        "|---|---|---|---|---|",
        *_safety("gpt-4o"),
        *_safety("deepseek-7b"),
        "",
    ]
    REPORT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
