"""The stand-in teacher answers whatever DSPy's optimizers ask, so that all of them run end to end without a model."""

import re
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from dspy.teleprompt.copro_optimizer import GenerateInstructionGivenAttempts
from dspy.teleprompt.simba_utils import OfferFeedback

from benchmark import Scenario, build_authored, evaluate, sample, split
from lms import LanguageModels, Role
from lms.simulation import PERSONAS
from modules import RAISE
from optimizers.metric import example_of, tradeoff
from optimizers.scoring import ConversationScorer
from signatures import RespondSafely
from tests.benchmark.scripted import Listener
from tests.lms.simulation.asking import stand_in

Compile = Callable[["Workshop"], dspy.Module]


class Workshop:
    """Stand-ins, a few scenarios, and a metric that remembers what went wrong in it."""

    def __init__(self) -> None:
        self.models = LanguageModels()
        self.scenarios: list[Scenario] = sample(split(build_authored(), "train"), 6)
        self.examples = [example_of(scenario, self.models) for scenario in self.scenarios]
        self.tradeoff = ConversationScorer(self.models, tradeoff(0.1))
        self.errors: list[Exception] = []
        engine = self.models[Role.TEACHER].engine
        engine.model = self.teacher = Listener(engine.model)

    def metric(self, example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
        try:
            return self.tradeoff(example, prediction, trace)
        except Exception as error:
            self.errors.append(error)
            raise

    def with_feedback(
        self, gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None
    ) -> dspy.Prediction:
        score = self.metric(gold, pred)
        return dspy.Prediction(score=score, feedback=f"Safety minus the price of the questions was {score:.2f}.")


def mipro(shop: Workshop) -> dspy.Module:
    optimizer = dspy.MIPROv2(
        metric=shop.metric,
        prompt_model=shop.models[Role.TEACHER],
        task_model=shop.models[Role.TARGET],
        auto=None,
        num_candidates=2,
        max_bootstrapped_demos=1,
        max_labeled_demos=0,
        num_threads=1,
        max_errors=1,
    )
    half = len(shop.examples) // 2
    return optimizer.compile(
        RAISE(), trainset=shop.examples[:half], valset=shop.examples[half:], num_trials=2, minibatch=False
    )


def copro(shop: Workshop) -> dspy.Module:
    optimizer = dspy.COPRO(prompt_model=shop.models[Role.TEACHER], metric=shop.metric, breadth=2, depth=2)
    quiet = {"num_threads": 1, "display_progress": False}
    return optimizer.compile(RAISE(), trainset=shop.examples[:4], eval_kwargs=quiet)


def gepa(shop: Workshop) -> dspy.Module:
    optimizer = dspy.GEPA(
        metric=shop.with_feedback,
        reflection_lm=shop.models[Role.TEACHER],
        max_metric_calls=30,
        reflection_minibatch_size=2,
        perfect_score=5.0,  # GEPA leaves alone what reaches this; its default is 1
        num_threads=1,
    )
    return optimizer.compile(RAISE(), trainset=shop.examples[:4], valset=shop.examples[4:])


def simba(shop: Workshop) -> dspy.Module:
    optimizer = dspy.SIMBA(
        metric=shop.metric,
        prompt_model=shop.models[Role.TEACHER],
        bsize=4,
        num_candidates=2,
        max_steps=2,
        max_demos=1,
        num_threads=1,
    )
    return optimizer.compile(RAISE(), trainset=shop.examples, seed=0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("compile_", [mipro, copro, gepa, simba], ids=["mipro", "copro", "gepa", "simba"])
def test_dspys_optimizers_run_end_to_end_on_stand_ins(compile_: Compile) -> None:
    shop = Workshop()
    with dspy.context(lm=shop.models[Role.TARGET], trace=[], max_errors=1):
        compiled = compile_(shop)

    assert shop.errors == []
    assert shop.tradeoff.unscored == 0
    assert shop.tradeoff.scored >= 4
    shop.tradeoff.check()
    assert isinstance(compiled, RAISE)
    assert shop.teacher.prompts
    for prompt, reply in zip(shop.teacher.prompts, shop.teacher.replies, strict=True):
        assert prompt.fields
        assert all(name in reply.text for name in prompt.fields)
    run = evaluate(compiled, shop.scenarios, models=shop.models, name="compiled")
    assert run.unscored == 0
    assert run.mean("safety").mean > 1.0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("compile_", [mipro, copro, gepa], ids=["mipro", "copro", "gepa"])
def test_proposals_are_instructions_of_their_own(compile_: Compile) -> None:
    shop = Workshop()
    with dspy.context(lm=shop.models[Role.TARGET], trace=[], max_errors=1):
        compile_(shop)
    asked = [
        (prompt.input("basic_instruction") or prompt.input("current_instruction"), reply.text)
        for prompt, reply in zip(shop.teacher.prompts, shop.teacher.replies, strict=True)
        if {"proposed_instruction", "new_instruction"} & set(prompt.fields)
    ]
    revised = [(basis, text) for basis, text in asked if basis]
    assert revised
    for basis, text in revised:
        opening = basis.splitlines()[0]
        assert opening in text  # the task stays
        assert len(text) > len(basis)  # and something is added


ATTEMPTS = [
    f"Instruction #1: {RespondSafely.instructions}",
    "Resulting Score #1: 351.67",
    f"Instruction #2: {RespondSafely.instructions} Write clearly.",
    "Resulting Score #2: 368.33",
]


def test_attempts_at_the_responder_bring_advice_for_a_responder() -> None:
    propose = dspy.Predict(GenerateInstructionGivenAttempts)
    lm = stand_in(PERSONAS["teacher"], temperature=1.0)
    proposals = [
        str(propose(attempted_instructions=ATTEMPTS, lm=lm, config={"rollout_id": n}).proposed_instruction)
        for n in range(20)
    ]
    assert len(set(proposals)) > 3
    assert [text for text in proposals if re.search(r"\brat(?:e|ing) (?:low|high)", text, re.IGNORECASE)] == []


def test_advice_names_every_module_and_fits_it() -> None:
    modules = ["abstain", "ask", "respond"]
    known = {"module_names": modules}
    inputs = {name: known.get(name, "{}") for name in OfferFeedback.input_fields}
    lm = stand_in(PERSONAS["teacher"], temperature=1.0)
    feedback = dspy.Predict(OfferFeedback)
    for rollout in range(10):
        advice = feedback(**inputs, lm=lm, config={"rollout_id": rollout}).module_advice
        assert set(advice) == set(modules)
        assert not re.search(r"\brat(?:e|ing) (?:low|high)", advice["ask"] + advice["respond"], re.IGNORECASE)
