"""Does an exported program hold the same conversations without RAISE? Python and Node, against a local server.

Run ``python -m experiments.portable``; rewrites ``docs/portable-measured.md``. Simulated.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from benchmark import Scenario, build_authored, evaluate, sample, split
from benchmark.evaluation.users import SimulatedUser
from experiments.prompt_effects import ADVICE
from lms import LanguageModels, Role
from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from optimizers.portable.formats import export_program
from optimizers.portable.reader import read_export
from optimizers.portable.restore import restore
from signatures import ATTRIBUTE_NAMES
from tests.lms.real import over_http
from tests.servers.openai_server import OpenAIServer

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "portable-measured.md"
EXAMPLES = {"Python": [sys.executable, "standalone.py"], "Node": ["node", "standalone.mjs"]}
SAMPLING: dict[str, Any] = {"temperature": 0.7, "top_p": 0.95, "max_tokens": 2048}
MODEL = "gpt-4o"
SCENARIOS, FEWER, EDIT_SCENARIOS = 50, 5, 700
"""Of the first variant, of each other, and of the edit."""
RISK = "name the risk"
DIFFERING = (
    "",
    'RAISE keeps a yes or no (such as "No.") together with its question, the examples do not',
    "([what RAISE checks more](portable.md#run-it-without-dspy)): the response then rests on other words.",
)
SETTINGS = {
    "scale": AgentSettings(),
    "binary": AgentSettings(abstention="binary"),
    "basic": AgentSettings(abstention="basic"),
    "vote": AgentSettings(abstention="vote"),
    "fused": AgentSettings(abstention="fused"),
    "eager": AgentSettings(eager=True),
    "planned": AgentSettings(shortlist=1),
    "plain questions": AgentSettings(phrasing="plain", budget=3.0),
}
VARIANTS = {name: settings.model_copy(update={"concern": False}) for name, settings in SETTINGS.items()}
"""Without concern, which files do not hold (docs/portable.md)."""


@dataclass(frozen=True)
class Talk:
    """How a conversation went."""

    questions: tuple[str, ...]
    response: str
    reason: str


def has_node() -> bool:
    """Whether Node is on the path."""
    return shutil.which("node") is not None


def user_of(scenario: Scenario, models: LanguageModels) -> SimulatedUser:
    """The person of a scenario."""
    return SimulatedUser(scenario.profile, models[Role.USER])


def held_by_raise(program: RAISE, scenario: Scenario, models: LanguageModels) -> Talk:
    """The conversation that the program holds itself."""
    with models.context(Role.TARGET):
        found = program(query=scenario.query, user=user_of(scenario, models))
    return Talk(tuple(found.questions), found.response, str(found.stop_reason))


class Example:
    """An example as a process that holds one conversation after the other, told line by line."""

    def __init__(self, name: str, file: Path, url: str) -> None:
        self._process = subprocess.Popen(
            [*EXAMPLES[name], str(file), MODEL],
            cwd=ROOT / "examples",
            env={**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def hold(self, query: str, user: Callable[[str], str]) -> Talk:
        """The conversation about ``query``.

        Raises:
            RuntimeError: with what the example said, if it failed.
        """
        self._tell(query)
        for line in self._process.stdout or ():
            said = json.loads(line)
            if "question" not in said:
                return Talk(tuple(said["questions"]), said["response"], said["reason"])
            self._tell(user(said["question"]))
        raise RuntimeError(self._process.stderr.read()[-2000:] if self._process.stderr else "")

    def _tell(self, text: str) -> None:
        assert self._process.stdin
        with suppress(BrokenPipeError):  # it has ended, and what it said is told where its answer is missing
            self._process.stdin.write(json.dumps(text) + "\n")
            self._process.stdin.flush()


def export_to(file: Path, program: RAISE) -> Path:
    """The program's file."""
    card = {"roles": {"target": {"model": f"openai/{MODEL}", **SAMPLING}}}
    file.write_text(export_program(program, "json", card=card), encoding="utf-8")
    return file


def compare(
    program: RAISE, scenarios: Sequence[Scenario], examples: Sequence[str], folder: Path
) -> list[tuple[Talk, dict[str, Talk]]]:
    """Each scenario as RAISE and as the examples hold it."""
    file = export_to(folder / "program.json", program)
    with OpenAIServer() as server, ExitStack() as held:
        models = over_http(server.url, **SAMPLING)
        processes = {name: held.enter_context(Example(name, file, server.url)) for name in examples}
        return [
            (
                held_by_raise(program, scenario, models),
                {name: one.hold(scenario.query, user_of(scenario, models)) for name, one in processes.items()},
            )
            for scenario in scenarios
        ]


def planned() -> PathIndex:
    """Paths for queries of the authored train split, of an order and value that vary from path to path."""
    names, train = [*ATTRIBUTE_NAMES], sample(split(build_authored(), "train"), 40)
    return PathIndex(
        PlannedPath(
            query=one.query,
            path=(names[i % 10], names[(3 * i + 1) % 10], names[(7 * i + 5) % 10])[: 1 + i % 3],
            value=3 + (i % 20) / 20,
            evaluations=20,
            origin=one.situation,
        )
        for i, one in enumerate(train)
    )


def measured_edit(folder: Path) -> list[str]:
    """An edit that takes the risk out of the advice of ``respond``: exported, edited, imported, measured."""
    original = RAISE()
    signature = original.respond.signature
    original.respond.signature = signature.with_instructions(f"{signature.instructions}\n{' '.join(ADVICE.values())}")
    file = folder / "edited.yaml"
    text = export_program(original, "yaml", "sim/gpt-4o")
    assert ADVICE[RISK] in text
    file.write_text(text.replace(f"{ADVICE[RISK]} ", "", 1), encoding="utf-8")
    edited = restore(*read_export(file), original)
    scenarios = sample(split(build_authored(), "test"), EDIT_SCENARIOS)
    before, after = (
        evaluate(program, scenarios, models=LanguageModels(), name=name)
        for name, program in (("original", original), ("edited", edited))
    )
    found = after.compare(before).safety
    return [
        "",
        "## An edit, measured",
        "",
        "**Simulated.** `respond` with the five pieces of advice of [prompts and stand-ins](prompt-effects.md):",
        f"one sentence (*{ADVICE[RISK]}*) is deleted, and the file imported.",
        f"Edited minus original on {EDIT_SCENARIOS} held-out scenarios, paired, with its 95 % interval: safety",
        f"{found.mean:+.3f} [{found.lo:+.3f}, {found.hi:+.3f}].",
    ]


def measured_talks(examples: Sequence[str], folder: Path) -> list[str]:
    """A row a variant."""
    scenarios, rows = sample(split(build_authored(), "test"), SCENARIOS), []
    for name, settings in VARIANTS.items():
        some = scenarios if name == "scale" else scenarios[:: SCENARIOS // FEWER]
        found = compare(RAISE(planned(), settings), some, examples, folder)
        equal = [f"{sum(held[example] == talk for talk, held in found)} of {len(found)}" for example in examples]
        asked = sum(len(talk.questions) for talk, _ in found)
        rows.append(f"| {name} | {asked} | {' | '.join(equal)} |")
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure and write the tables."""
    examples = [name for name in EXAMPLES if name != "Node" or has_node()]
    with TemporaryDirectory() as folder:
        lines = [
            "# Portable programs, measured",
            "",
            "Written by `python -m experiments.portable`. **Simulated.** Conversations of the authored test split, as",
            "RAISE and, from the exported file, `examples/standalone.py` and `examples/standalone.mjs` hold them, on a",
            "local server. *Equal*: the same questions, the same reply and the same reason to stop, to the letter.",
            "",
            f"| program | questions | {' | '.join(f'equal in {name}' for name in examples)} |",
            f"|---|---|{'---|' * len(examples)}",
            *measured_talks(examples, Path(folder)),
            *DIFFERING,
            *measured_edit(Path(folder)),
            "",
        ]
    REPORT.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
