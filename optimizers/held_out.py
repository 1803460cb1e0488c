"""The last step of a compile: baselines and front on scenarios that nothing was chosen on."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark import Evaluation, Scenario
from benchmark.jobs.budget import BudgetSpent
from modules import ContextRich, Program, Vanilla
from optimizers.front import Pick, choose
from optimizers.task import Candidate, Search, Task

STAGE = "evaluating on held-out test"


@dataclass(frozen=True)
class HeldOut:
    """What the test found.

    Attributes:
        front: members that were tested, in their order.
        chosen: index of the default program among them, chosen on dev.
        tests: evaluations by name: baselines, ``raise`` (the uncompiled program) and the members.
        programs: what was evaluated, by the same names.
        left_out: members that a limit left untested.
    """

    front: tuple[Candidate, ...]
    chosen: int
    tests: dict[str, Evaluation]
    programs: dict[str, Program]
    left_out: int


def measure_held_out(task: Task, scenarios: Sequence[Scenario], search: Search, pick: Pick) -> HeldOut:
    """Choose the default program on dev, and test: baselines, default program, then the rest of the front.

    Raises:
        BudgetSpent: if a limit forbids a call before the default program is tested; after that, members that it cannot
            pay for are left out.
    """
    uncompiled = task.measure(task.student, "raise").average("n_queries")
    default = search.front[choose([candidate.point for candidate in search.front], pick, uncompiled)]
    needed: dict[str, Program] = {
        "vanilla": Vanilla(),
        "context-rich": ContextRich(),
        "raise": task.student,
        default.name: default.program,
    }
    rest = {member.name: member.program for member in search.front if member.name != default.name}
    programs, tests = needed | rest, dict[str, Evaluation]()
    for number, (name, program) in enumerate(programs.items()):
        task.report(STAGE, number, len(programs))
        try:
            tests[name] = task.measure(program, name, scenarios)
        except BudgetSpent:
            if name in needed:
                raise
    task.report(STAGE, len(programs), len(programs))
    front = tuple(member for member in search.front if member.name in tests)
    tested = {name: programs[name] for name in tests}
    return HeldOut(front, front.index(default), tests, tested, len(search.front) - len(front))
