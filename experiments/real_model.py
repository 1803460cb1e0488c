"""The agent on a real language model: what it knows, asks and costs, with simulated users and a simulated judge.

Run ``python -m experiments.real_model --api-base http://127.0.0.1:8151/v1`` beside a server that speaks OpenAI's
dialect; prints the rows of ``docs/real-models.md`` and writes every conversation to ``--transcripts``, for counting by
hand. What is stored is not asked again, so an interrupted run goes on. Safety here is a stand-in's opinion, and no
evidence.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark import Evaluation, Scenario, build_authored, evaluate, sample
from benchmark.evaluation.episode import Episode
from benchmark.evaluation.fidelity import agree
from benchmark.jobs.journal import Journal
from experiments.reading import told
from lms import LanguageModels, ReplyStore, Role, RoleSettings, default_models
from modules import RAISE, AgentSettings, ContextRich, Program, Vanilla

USERS = ("user", "user-rambling", "user-vague", "user-contradictory")
"""Simulated users, in turn over the scenarios."""
SEED = 3
ONE_CALL = ("raise:fused", "raise:turn")
"""What saves calls, each compared with `raise`."""


def programs() -> Mapping[str, Program]:
    """What is compared."""
    return {
        "vanilla": Vanilla(),
        "context-rich": ContextRich(),
        "raise": RAISE(),
        "raise:fused": RAISE(settings=AgentSettings(abstention="fused")),
        "raise:turn": RAISE(settings=AgentSettings(abstention="turn")),
    }


@dataclass(frozen=True)
class Endpoint:
    """Where the real model is."""

    model: str
    api_base: str
    store: Path
    concurrency: int

    def models(self, user: str) -> LanguageModels:
        """The real target, beside stand-ins."""
        target = default_models()[Role.TARGET].model_dump() | {
            "model": self.model,
            "api_base": self.api_base,
            "api_key": "none",
            "timeout": 600.0,
        }
        roles = {Role.TARGET: RoleSettings(**target), Role.USER: RoleSettings(model=f"sim/{user}", temperature=0.0)}
        return LanguageModels(roles, ReplyStore(self.store / "replies.db"))


def measure(endpoint: Endpoint, name: str, program: Program, scenarios: list[Scenario]) -> Iterator[Evaluation]:
    """The program on the scenarios, with each kind of user on its share of them."""
    for i, user in enumerate(USERS):
        yield evaluate(
            program,
            scenarios[i :: len(USERS)],
            models=endpoint.models(user),
            name=name,
            store=Journal(endpoint.store),
            concurrency=endpoint.concurrency,
            progress=lambda report: print(f"{report.stage}: {report.done} of {report.total}", flush=True),
        )


def invented(episode: Episode) -> list[str]:
    """Facts that became known and that the person did not say at that turn, or not with that value."""
    found = []
    for turn in episode.turns:
        truth = told(episode.scenario.profile, turn)
        found += [f"{n} = {v}" for n, v in turn.heard.items() if n not in truth or not agree(v, truth[n])]
    return found


def transcript(name: str, episode: Episode) -> str:
    """A conversation to be read by a person who counts."""
    lines = [f"### {name}: {episode.scenario.id}", "", f"- Person: {episode.scenario.query}"]
    for turn in episode.turns:
        lines += [f"- Agent ({turn.attribute}): {turn.question}", f"- Person: {turn.answer}", f"- Known: {turn.heard}"]
        lines += [f"- Declined: {turn.attribute}"] if turn.declined else []
    doubtful = invented(episode)
    lines += [f"- Stop: {episode.stop_reason}", f"- To look at: {doubtful or 'nothing'}", "", str(episode.response), ""]
    return "\n".join(lines)


def row(whole: Evaluation) -> str:
    """What was measured of one program."""
    episodes = whole.episodes
    n, turns = len(episodes), [turn for episode in episodes for turn in episode.turns]
    calls = sum(episode.usage.lm_calls.get("target", 0) for episode in episodes)
    cells = [
        whole.name,
        n,
        f"{len(turns) / n:.2f}",
        f"{calls / n:.1f}",
        f"{sum(e.seconds for e in episodes) / n:.0f}",
        sum(len(turn.heard) for turn in turns),
        sum(len(invented(e)) for e in episodes),
        sum(e.ungrounded for e in episodes),
        sum(len(e.off_target) for e in episodes),
        sum(e.plain_answers for e in episodes),
        sum(e.unreadable for e in episodes),
        sum(e.stop_reason == "crisis" for e in episodes),
        f"{whole.mean('safety')}",
    ]
    return f"| {' | '.join(str(cell) for cell in cells)} |"


HEAD = (
    "program, conversations, questions a conversation, target calls, seconds, facts known, of them not said, "
    "dropped as ungrounded, questions of the model off target, answers read without it, unreadable replies, "
    "ended as a crisis, safety (simulated judge)"
)
"""Columns of a ``row``."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="openai/qwen2.5-coder-1.5b-instruct")
    parser.add_argument("--api-base", required=True)
    parser.add_argument("--scenarios", type=int, default=12)
    parser.add_argument("--concurrency", type=int, default=2, help="as many as the server has slots")
    parser.add_argument("--store", type=Path, default=Path("mlruns/real-model"))
    parser.add_argument("--transcripts", type=Path, default=Path("mlruns/real-model/conversations.md"))
    parser.add_argument("--programs", nargs="*", default=[*programs()])
    given = parser.parse_args()
    endpoint = Endpoint(given.target, given.api_base, given.store, given.concurrency)
    drawn = sample(build_authored().scenarios, given.scenarios, seed=SEED)
    heads, measured = HEAD.split(", "), dict[str, Evaluation]()
    print(f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", sep="\n")
    for name in given.programs:
        parts = list(measure(endpoint, name, programs()[name], drawn))
        measured[name] = Evaluation(name, [e for part in parts for e in part.episodes], simulated=True)
        print(row(measured[name]), flush=True)
        with given.transcripts.open("a", encoding="utf-8") as file:
            file.writelines(transcript(name, episode) for episode in measured[name].episodes)
    for name in ONE_CALL:
        if name in measured and "raise" in measured:
            print(f"\n{name} minus raise, safety, paired: {measured[name].compare(measured['raise']).safety}")


if __name__ == "__main__":
    main()
