"""Where options come from: the teacher by DSPy's proposers, the target's best conversations, the planned paths.

A reply of the teacher that cannot be read, or that holds personal details, is left out and counted.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import dspy
from dspy.propose import GroundedProposer
from dspy.teleprompt.copro_optimizer import BasicGenerateInstruction
from dspy.utils.exceptions import AdapterParseError, LMError

from lms import Role
from modules.abstention import Variant
from modules.calls import FATAL
from optimizers.demos import DemoSet, bootstrap_demo_sets, silence_dspy
from optimizers.leaks import PRIVATE_SOURCES, LeakGuard, without_private
from optimizers.pareto.outline import outline
from optimizers.pareto.search_space import ComponentOption, build_alone
from optimizers.task import Task
from signatures import UserContext, current_vocabulary

T = TypeVar("T")
PLANNED_SHOWN = 4
"""Planned paths in a demonstration set for ``plan``."""


class Proposer:
    """Asks the teacher, and keeps the replies that can be used.

    Attributes:
        issues: what could not be used, by kind.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.issues: Counter[str] = Counter()
        prompts = [str(predictor.signature.instructions) for _, predictor in task.student.named_predictors()]
        self._guard = LeakGuard([*task.train, *task.dev], prompts)

    def ask(self, question: Callable[[], T]) -> T | None:
        """What ``question`` returns with the teacher as LM; None, counted, if there is no usable reply.

        Raises:
            dspy.utils.exceptions.LMError: for what every call would meet, such as a wrong key.
        """
        with silence_dspy(), dspy.context(lm=self.task.models[Role.TEACHER], trace=[], disable_history=True):
            try:
                return question()
            except FATAL:
                raise
            except AdapterParseError:
                self.issues["teacher replies that could not be read"] += 1
            except LMError:
                self.issues["teacher calls that failed"] += 1
        return None

    def accept(
        self, predictor: str, text: object, origin: str, variant: Variant | None = None
    ) -> list[ComponentOption]:
        """An instruction as an option; nothing, counted, if it is empty or tells of a scenario."""
        said = str(text or "").strip()
        if text is None:  # counted already
            return []
        if not said:
            self.issues["empty instructions"] += 1
            return []
        if self._guard.leaked(said):
            self.issues["instructions that tell of a scenario"] += 1
            return []
        made_for = (variant or self.task.student.settings.abstention) if predictor == "abstain" else None
        return [ComponentOption(origin=origin, instruction=said, variant=made_for)]

    def keep_short(self, options: Mapping[str, list[ComponentOption]]) -> dict[str, list[ComponentOption]]:
        """The options that keep the task's limit on prompts, with nothing else changed; others are counted."""
        task = self.task
        kept = {
            component: [one for one in found if task.prompt_limit.allows(build_alone(task.student, component, one))]
            for component, found in options.items()
        }
        if dropped := sum(map(len, options.values())) - sum(map(len, kept.values())):
            self.issues["proposals over the limit on prompt tokens"] += dropped
        return kept


def propose_basic(proposer: Proposer, counts: Mapping[str, int]) -> dict[str, list[ComponentOption]]:
    """Instructions from the bare instruction alone, by the signature that COPRO starts from.

    Args:
        counts: predictor -> how many.
    """
    task, propose = proposer.task, dspy.Predict(BasicGenerateInstruction)
    found: dict[str, list[ComponentOption]] = {}
    for predictor, count in counts.items():
        present = getattr(task.student, predictor).signature.instructions
        for number in range(count):
            config = {"rollout_id": 1 + task.seed * 1000 + number, "temperature": 1.0}
            reply = proposer.ask(partial(propose, basic_instruction=present, config=config))
            text = reply and reply.proposed_instruction
            found.setdefault(predictor, []).extend(proposer.accept(predictor, text, "basic"))
    return found


def propose_grounded(
    proposer: Proposer, counts: Mapping[str, int], demos: Sequence[DemoSet]
) -> dict[str, list[ComponentOption]]:
    """Instructions by DSPy's grounded proposer, which sees the program's outline, train queries and demonstrations.

    It sees queries only: a profile shown to the teacher could end up in an instruction.

    Args:
        counts: predictor -> how many.
        demos: demonstration sets to show.
    """
    task = proposer.task
    names = [name for name, _ in task.student.named_predictors()]
    queries = [dspy.Example(query=scenario.query).with_inputs("query") for scenario in task.train]
    shown = {i: [list(each.get(name, [])) for each in demos] for i, name in enumerate(names)} if demos else None
    grounded = proposer.ask(
        lambda: GroundedProposer(
            prompt_model=task.models[Role.TEACHER],
            program=task.student,
            trainset=queries,
            use_instruct_history=False,
            rng=random.Random(task.seed),
        )
    )
    found: dict[str, list[ComponentOption]] = {}
    if grounded is None:
        return found
    grounded.program_code_string = outline(task.student)
    if not (grounded.program_aware and grounded.use_dataset_summary):
        proposer.issues["grounded proposals without a description of data or program"] += 1
    for predictor, count in counts.items():
        for number in range(count):
            propose = partial(
                grounded.propose_instruction_for_predictor,
                program=task.student,
                predictor=getattr(task.student, predictor),
                pred_i=names.index(predictor),
                demo_candidates=shown,
                demo_set_i=number % max(1, len(demos)),
                trial_logs={},
            )
            found.setdefault(predictor, []).extend(proposer.accept(predictor, proposer.ask(propose), "grounded"))
    return found


def bootstrap_demos(proposer: Proposer, sets: int) -> tuple[dict[str, list[ComponentOption]], list[DemoSet]]:
    """Demonstrations from the student's own high-scoring conversations, as options and as they are.

    Conversations of real people are none, unless the task allows it.
    """
    task = proposer.task
    shown = without_private(task.train, allow=task.allow_private_demos)
    if not shown:
        proposer.issues["demonstration sets left out, since all train scenarios are of real people"] += sets
        return {}, []
    demos = bootstrap_demo_sets(replace(task, train=shown), sets)
    options = [ComponentOption.of_demos("bootstrapped", each) for each in demos]
    return {"answering": list(options), "asking": list(options)}, demos


def show_planned_paths(task: Task) -> dict[str, list[ComponentOption]]:
    """The planner's best paths as demonstrations of the first choice; not those of real people, unless allowed."""
    told = without_private(task.train, allow=task.allow_private_demos)
    hidden = {scenario.situation for scenario in task.train if scenario not in told}
    shown = {scenario.situation for scenario in told} - hidden
    kept_back = () if task.allow_private_demos else PRIVATE_SOURCES
    paths = [path for path in task.student.paths.paths if path.source not in kept_back]
    public = [path for path in paths if not hidden or path.origin in shown]
    best = sorted(public, key=lambda path: -path.rating)[:PLANNED_SHOWN]
    demos = [
        dspy.Example(
            query=path.query,
            context=UserContext().as_text(),
            examples="(none)",
            candidates=", ".join(current_vocabulary().names),
            attribute=path.path[0],
        )
        for path in best
        if path.path
    ]
    return {"asking": [ComponentOption.of_demos("planned paths", {"plan": demos})]} if demos else {}
