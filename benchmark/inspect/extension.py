"""What inspect_ai finds by the entry point: the task, its solver and scorer, and stand-ins as a provider ``sim``.

``inspect eval penguin --model sim/gpt-4o -T program=raise`` runs PENGUIN there.
"""

from pathlib import Path
from typing import Any

import anyio
from dspy.lm15 import Config, Request
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolChoice, ToolInfo

from benchmark.evaluation.runner import converse
from benchmark.evaluation.users import SimulatedUser
from benchmark.inspect.models import InspectedModels
from benchmark.inspect.names import register_short_name
from benchmark.judging.judge import Judge
from benchmark.scenarios.authored import build_authored
from benchmark.scenarios.scenario import Scenario, ScenarioSet, load_scenarios
from benchmark.scenarios.splits import sample, split
from benchmark.statistics.intervals import clusters_of
from lms import Role, is_simulated
from lms.role_lm import SAY
from lms.simulation import StandIn, persona_named
from modules import RAISE, AgentOnly, ContextRich, Program, Vanilla
from signatures import (
    RaiseError,
    adopt_rubric,
    adopt_vocabulary,
    default_rubric,
    default_vocabulary,
    read_rubric,
    read_vocabulary,
)

PROGRAMS = {
    "context-free": Vanilla,
    "vanilla": Vanilla,
    "context-rich": ContextRich,
    "agent-only": AgentOnly,
    "raise": RAISE,
}
JUDGE, USER = "grader", "user"
"""Roles of models, as ``--model-role grader=MODEL`` names them."""
TALK = "penguin"
"""Where the solver leaves for the scorer, and for ``raise import-log``, how the conversation went."""


@task
def penguin(
    program: str = "context-free",
    data: str = "authored",
    split_name: str = "test",
    scenarios: int | None = None,
    seed: int = 0,
    *,
    vocabulary: str | None = None,
    rubric: str | None = None,
) -> Task:
    """PENGUIN: each sample is a person's query; the judge scores the response against the person's whole profile.

    Args:
        program: ``context-free``, ``context-rich``, ``agent-only``, ``raise``, or the folder of a compiled program.
        data: ``authored``, or a scenario file.
        split_name: train, dev, test or all.
        scenarios: so many, spread evenly, as ``raise evaluate --limit``; by default all.
        seed: of split and sample.
        vocabulary, rubric: files of one's own; by default PENGUIN's. All tasks of a process have the same.

    Raises:
        RaiseError: if program, data or split mean nothing, or tasks beside it have another vocabulary or rubric.
    """
    adopt_vocabulary(read_vocabulary(Path(vocabulary)) if vocabulary else default_vocabulary(), "a task penguin")
    adopt_rubric(read_rubric(Path(rubric)) if rubric else default_rubric())
    whole = build_authored() if data == "authored" else load_scenarios(Path(data))
    chosen = sample(split(whole, split_name, seed=seed), scenarios, seed=seed)
    return Task(
        dataset=MemoryDataset(samples_of(chosen), name=whole.name),
        solver=penguin_program(program),
        scorer=penguin_judge(),
        metadata={"program": program, "data": card_of(whole), "split": split_name, "seed": seed},
    )


def card_of(data: ScenarioSet) -> dict[str, Any]:
    """What identifies the whole set in a log."""
    return data.card()


def samples_of(scenarios: list[Scenario]) -> list[Sample]:
    """Scenarios as samples; the cluster is what standard errors go by."""
    clusters = clusters_of([s.situation for s in scenarios], [s.profile.known() for s in scenarios])
    return [
        Sample(
            input=scenario.query,
            id=scenario.id,
            metadata={"cluster": cluster, "domain": scenario.domain, "scenario": scenario.row()},
        )
        for scenario, cluster in zip(scenarios, clusters, strict=True)
    ]


def scenario_of(state: TaskState) -> Scenario:
    """The scenario of a sample."""
    return Scenario.model_validate(state.metadata["scenario"])


@solver
def penguin_program(program: str = "context-free") -> Solver:
    """A program of ours, which may ask the simulated user; see ``penguin``."""
    made, models_of = make_program(program), ModelsByEpoch()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        scenario, models = scenario_of(state), models_of(state.epoch)
        user = SimulatedUser(scenario.profile, models[Role.USER])

        def talk() -> Any:
            with models.context(Role.TARGET):
                return converse(made, scenario, user)

        answer = await anyio.to_thread.run_sync(talk)
        asked: list[ChatMessage] = [
            message
            for turn in answer.turns
            for message in (ChatMessageAssistant(content=turn["question"]), ChatMessageUser(content=turn["answer"]))
        ]
        state.messages = [
            ChatMessageUser(content=scenario.query),
            *asked,
            ChatMessageAssistant(content=answer.response),
        ]
        state.output = ModelOutput.from_content(str(get_model()), answer.response)
        state.store.set(
            TALK,
            {
                "n_queries": answer.n_queries,
                "asked": list(answer.asked),
                "stop_reason": str(answer.stop_reason),
                "failure": user.failure,
            },
        )
        return state

    return solve


@scorer(metrics={"*": [mean(), stderr(cluster="cluster")]})
def penguin_judge() -> Scorer:
    """Our judge on the model of the role ``grader``: the dimensions of the rubric, and safety (1 to 5) from them."""
    models_of = ModelsByEpoch()

    async def score(state: TaskState, target: Target) -> Score:
        scenario, models = scenario_of(state), models_of(state.epoch)
        judge, about = Judge(models[Role.JUDGE]), {"judge": models.roles[Role.JUDGE].model}
        talk: dict[str, Any] = state.store.get(TALK, {})
        if failure := talk.get("failure"):
            return Score.unscored(reason="scoring_failed", explanation=failure, metadata=about)
        response = state.output.completion

        def grade() -> Any:
            return judge(scenario.query, scenario.profile, response)

        verdict = await anyio.to_thread.run_sync(grade)
        if verdict.scores is None:
            return Score.unscored(reason="grader_failed", explanation=verdict.unscored, metadata=about)
        return Score(
            value={"safety": verdict.safety, **verdict.scores},
            explanation="\n".join(f"{name}: {reason}" for name, reason in verdict.reasons.items()),
            metadata={**about, "injection": list(verdict.injection)},
        )

    return score


def make_program(name: str) -> Program:
    """The program that ``-T program=NAME`` means.

    Raises:
        RaiseError: if it is neither a baseline nor the folder of a compiled program.
    """
    if name in PROGRAMS:
        made: Program = PROGRAMS[name]()
        return made
    if not Path(name).is_dir():
        raise RaiseError(f"{name!r} is no program folder: name one, or {', '.join(PROGRAMS)}.")
    loaded: Program = RAISE.load(name)
    return loaded


class ModelsByEpoch:
    """The models of the samples that are running. Epochs share no replies: each is a sample of its own."""

    def __init__(self) -> None:
        self._made: dict[tuple[Model, Model, Model, int], InspectedModels] = {}

    def __call__(self, epoch: int) -> InspectedModels:
        """Those of a sample of ``epoch``; by default the target plays all roles, and stand-ins their own."""
        target = get_model()
        simulated = is_simulated(str(target))
        user = get_model(role=USER, default="sim/user" if simulated else target)
        judge = get_model(role=JUDGE, default="sim/judge" if simulated else target)
        roles = {Role.TARGET: target, Role.USER: user, Role.JUDGE: judge}
        return self._made.setdefault((target, user, judge, epoch), InspectedModels(roles))


@modelapi(name="sim")
class StandInAPI(ModelAPI):
    """The stand-ins as models of inspect_ai: no key, no network, and every figure is simulated."""

    def __init__(self, model_name: str, config: GenerateConfig = GenerateConfig(), **given: Any) -> None:  # noqa: B008
        super().__init__(model_name, config=config)
        try:
            self._model = StandIn(persona_named(model_name), seed=int(given.get("seed", 0)))
        except (KeyError, ValueError) as error:
            raise RaiseError(f"unknown stand-in or trait sim/{model_name!r}: raise doctor lists them.") from error

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The stand-in's reply."""
        system = next((message.text for message in input if message.role == "system"), None)
        said = [SAY[message.role](message.text) for message in input if message.role in SAY]
        sampling = {name: getattr(config, name) for name in ("temperature", "top_p", "max_tokens", "seed")}
        asked = {name: value for name, value in sampling.items() if value is not None}
        model = f"sim/{self.model_name}"
        reply = await self._model.aanswer(
            Request(model=model, messages=tuple(said), system=system, config=Config(**asked))
        )
        sent, back = reply.input_tokens or 0, reply.output_tokens or 0
        return ModelOutput(
            model=model,
            choices=[
                ChatCompletionChoice(
                    message=ChatMessageAssistant(content=reply.text, model=model),
                    stop_reason="max_tokens" if reply.finish_reason == "length" else "stop",
                )
            ],
            usage=ModelUsage(input_tokens=sent, output_tokens=back, total_tokens=sent + back),
        )


register_short_name(penguin)
