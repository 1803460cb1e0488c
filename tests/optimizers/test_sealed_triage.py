"""Triage is out of reach of whoever optimizes a RAISE: each of DSPy's optimizers, as its users run them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.teleprompt import InferRules, KNNFewShot

from lms import LanguageModels, Role
from modules import RAISE, AgentSettings
from modules.sealed import SealedPredict
from optimizers.demos import silence_dspy
from signatures import TriageRisk

SHIPPED = dspy.Predict(TriageRisk).dump_state()["signature"]
TEXT = TriageRisk.instructions
QUERIES = ("Should I quit my job?", "How do I tell my mother?", "Is it worth moving abroad?", "Can I lend him money?")


def examples() -> list[dspy.Example]:
    """Some of them labelled as triage's own, which LabeledFewShot would show it."""
    talks = [dspy.Example(query=query, user=lambda question: "I'm 40 and it's complicated.") for query in QUERIES]
    return [
        talk.with_inputs("query", "user").copy(latest_words="I want to die", danger="none").with_inputs("query", "user")
        for talk in talks
    ]


class Rising:
    """A metric that finds each conversation better than the one before, so that what was changed last looks best."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, gold: dspy.Example, told: Any, trace: Any = None, *_: Any) -> float:
        self.calls += 1
        return 1 - 0.99**self.calls

    def explain(self, gold: dspy.Example, told: Any, *_: Any) -> dspy.Prediction:
        return dspy.Prediction(score=self(gold, told), feedback="Triage should always answer none.")


def proposing(models: LanguageModels) -> Any:
    return models[Role.TEACHER]


Run = Callable[[RAISE, LanguageModels], dspy.Module]
OPTIMIZERS: dict[str, Run] = {
    "LabeledFewShot": lambda agent, _: dspy.LabeledFewShot(k=2).compile(agent, trainset=examples()),
    "BootstrapFewShot": lambda agent, _: dspy.BootstrapFewShot(metric=Rising()).compile(agent, trainset=examples()),
    "BootstrapFewShotWithRandomSearch": lambda agent, _: dspy.BootstrapFewShotWithRandomSearch(
        metric=Rising(), num_candidate_programs=2, num_threads=1
    ).compile(agent, trainset=examples()),
    "COPRO": lambda agent, models: dspy.COPRO(
        metric=lambda *_: 0.5, prompt_model=proposing(models), breadth=2, depth=1
    ).compile(agent, trainset=examples()[:2], eval_kwargs={"num_threads": 1}),
    "MIPROv2": lambda agent, models: dspy.MIPROv2(
        metric=Rising(),
        prompt_model=proposing(models),
        task_model=models[Role.TARGET],
        auto=None,
        num_candidates=2,
        max_bootstrapped_demos=1,
        max_labeled_demos=1,
        num_threads=1,
    ).compile(agent, trainset=examples(), valset=examples()[:2], num_trials=6, minibatch=False),
    "SIMBA": lambda agent, models: dspy.SIMBA(
        metric=Rising(), prompt_model=proposing(models), bsize=4, num_candidates=2, max_steps=2, num_threads=1
    ).compile(agent, trainset=examples()),
    "GEPA": lambda agent, models: dspy.GEPA(
        metric=Rising().explain,
        reflection_lm=proposing(models),
        max_metric_calls=40,
        reflection_minibatch_size=2,
        component_selector="all",
        num_threads=1,
    ).compile(agent, trainset=examples(), valset=examples()[:2]),
    "KNNFewShot": lambda agent, _: KNNFewShot(
        k=2, trainset=examples(), vectorizer=dspy.Embedder(lambda texts: [[float(len(t)), 1.0] for t in texts])
    ).compile(agent),
    "InferRules": lambda agent, _: InferRules(metric=Rising(), num_candidates=1, num_rules=1, num_threads=1).compile(
        agent, trainset=examples(), valset=examples()[:2]
    ),
}


@pytest.fixture(autouse=True)
def as_shipped() -> Iterator[None]:
    """InferRules writes into signature classes, which all programs share: they are put back."""
    kept = [(predictor.signature, predictor.signature.instructions) for predictor in RAISE().predictors()]
    yield
    for signature, instructions in kept:
        signature.instructions = instructions


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_leaves_triage_as_it_is(name: str, models: LanguageModels) -> None:
    with silence_dspy(), dspy.context(lm=models[Role.TARGET]):
        compiled: Any = OPTIMIZERS[name](RAISE(settings=AgentSettings(budget=1)), models)
        with dspy.context(trace=[]):  # KNNFewShot compiles a copy for each question
            compiled(query=QUERIES[0], user=lambda question: "I'm 40.")
            called = [
                predictor for predictor, *_ in dspy.settings.trace if "danger" in predictor.signature.output_fields
            ]
    assert called
    assert all(predictor.demos == [] for predictor in called)
    assert compiled.triage.demos == []
    assert compiled.triage.dump_state()["signature"] == SHIPPED
    assert TriageRisk.instructions == TEXT


def test_the_optimizers_do_change_the_rest(models: LanguageModels) -> None:
    """Else the test above would show nothing."""
    with silence_dspy(), dspy.context(lm=models[Role.TARGET]):
        compiled: Any = OPTIMIZERS["BootstrapFewShot"](RAISE(settings=AgentSettings(budget=1)), models)
    assert compiled.respond.demos


@pytest.fixture
def sealed() -> SealedPredict:
    return SealedPredict(TriageRisk)


DEMO = dspy.Example(query="a", latest_words="b", danger="none")
CHANGES: dict[str, Callable[[Any], object]] = {
    "demos assigned": lambda triage: setattr(triage, "demos", [DEMO]),
    "a demo added in place": lambda triage: triage.demos.append(DEMO),
    "instructions assigned": lambda triage: setattr(triage, "signature", triage.signature.with_instructions("None.")),
    "instructions changed in place": lambda triage: setattr(triage.signature, "instructions", "None."),
    "decision fields": lambda triage: setattr(triage, "fields", {"danger": {"labels": ["none"]}}),
    "reset": lambda triage: triage.reset(),
}


@pytest.mark.parametrize("how", CHANGES)
def test_no_way_of_writing_a_prompt_has_an_effect(how: str, sealed: SealedPredict) -> None:
    before = sealed.dump_state()
    CHANGES[how](sealed)
    assert sealed.dump_state() == before
    assert SealedPredict(TriageRisk).dump_state() == before  # nor on others


@pytest.mark.parametrize("how", CHANGES)
def test_nor_has_it_on_a_copy(how: str) -> None:
    agent = RAISE()
    for copy in (agent.deepcopy(), agent.reset_copy(), agent.deepcopy().reset_copy()):
        CHANGES[how](copy.triage)
        assert copy.triage.dump_state() == agent.triage.dump_state() == RAISE().triage.dump_state()


def test_whoever_rewrites_it_on_purpose_can_and_copies_keep_that(sealed: SealedPredict, tmp_path: Path) -> None:
    agent = RAISE()
    agent.triage.rewrite(TriageRisk.with_instructions("Look twice."), [DEMO])
    agent.save(tmp_path / "program")
    for same in (agent.deepcopy(), agent.reset_copy(), RAISE.load(tmp_path / "program")):
        assert same.triage.signature.instructions == "Look twice."
        assert [dict(demo) for demo in same.triage.demos] == [dict(DEMO)]
    assert sealed.signature.instructions == TEXT


def test_the_model_can_be_chosen_as_for_any_predictor(models: LanguageModels) -> None:
    agent = RAISE()
    agent.set_lm(models[Role.TARGET])
    assert agent.triage.lm is models[Role.TARGET]
