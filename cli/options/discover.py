"""What ``raise discover`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options.groups import Judge, Limits, Roles, Run, Scenarios, Store, Target, Teacher, in_scenarios


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Scenarios, Limits, Run):
    """Find attributes that the vocabulary lacks: a teacher proposes them, each is tested by what knowing it adds.

    The target answers scenarios of the train split with the whole profile. The teacher reads the weakest of these
    answers and proposes what else should be known. On held-out scenarios each proposal is tested: the same people,
    answered with it and without it, both judged with it. Those with a gain above zero are written into a vocabulary
    file, for `--vocabulary`.

    Run it again after a crash or a limit: replies are stored, none is paid for twice.

    Example: `raise discover --out vocabulary.toml`

    Example, with real models: `raise discover --target openai/gpt-4o-mini --judge openai/gpt-4o --out vocabulary.toml`
    """

    out: Annotated[Path, Option(metavar="FILE.toml", help="Vocabulary file to write.")] = Path("vocabulary.toml")
    target: Target = None
    judge: Judge = None
    teacher: Teacher = None
    limit: Annotated[int, in_scenarios(min=3, help="Train scenarios that weak answers are looked for among.")] = 70
    held_out: Annotated[int, in_scenarios(min=2, help="Test scenarios on which each proposal is tested.")] = 70
    cases: Annotated[int, in_scenarios(min=1, help="Weak answers that the teacher reads, at most.")] = 24
    attributes: Annotated[int, in_scenarios(min=1, max=10, help="Proposals that are tested, at most.")] = 4
    store: Store = None
