"""What teachers propose: usable replies become options, the others are counted."""

from dataclasses import replace
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError, LMAuthError, LMTransportError

from benchmark import Evaluation, build_authored, sample, split
from lms import LanguageModels, Role
from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from optimizers.pareto.proposals import PLANNED_SHOWN, Proposer, bootstrap_demos, propose_grounded, show_planned_paths
from optimizers.pareto.reflection import STEPS, step_of
from optimizers.task import Candidate, Task
from signatures import RespondSafely

TRAIN = sample(split(build_authored(), "train"), 7)


@pytest.fixture
def task(models: LanguageModels) -> Task:
    """A task whose teacher is never asked."""
    paths = [PlannedPath(query=s.query, path=("age",), value=i, evaluations=1, origin="x") for i, s in enumerate(TRAIN)]
    return Task(RAISE(PathIndex(paths)), TRAIN, TRAIN[:2], models)


def test_an_instruction_becomes_an_option_unless_it_is_empty_or_tells_of_somebody(task: Task) -> None:
    proposer = Proposer(task)
    [kind] = proposer.accept("respond", " Be kind. ", "x")
    assert (kind.instruction, kind.variant) == ("Be kind.", None)
    [strict] = proposer.accept("abstain", "Rate strictly.", "x")
    assert strict.variant == task.student.settings.abstention
    for text in ("", "  ", None, f"Think of one who asked: {TRAIN[0].query}"):
        assert proposer.accept("respond", text, "x") == []
    assert proposer.issues == {"empty instructions": 2, "instructions that tell of a scenario": 1}


def test_replies_that_cannot_be_had_or_read_are_counted_and_a_refused_key_is_raised(task: Task) -> None:
    def fail(error: Exception) -> str:
        raise error

    proposer = Proposer(task)
    assert proposer.ask(lambda: "said") == "said"
    assert proposer.ask(lambda: fail(LMTransportError("no route"))) is None
    assert proposer.ask(lambda: fail(AdapterParseError("chat", RespondSafely, "hm"))) is None
    assert proposer.issues == {"teacher calls that failed": 1, "teacher replies that could not be read": 1}
    with pytest.raises(LMAuthError):
        proposer.ask(lambda: fail(LMAuthError("revoked")))


def test_conversations_of_real_people_are_no_demonstrations_unless_allowed(task: Task) -> None:
    real = replace(task, train=[scenario.model_copy(update={"source": "reddit"}) for scenario in TRAIN])
    proposer = Proposer(real)
    assert bootstrap_demos(proposer, 2) == ({}, [])
    assert proposer.issues == {"demonstration sets left out, since all train scenarios are of real people": 2}
    assert real.models.ledger.snapshot().total().calls == 0
    options, demos = bootstrap_demos(Proposer(replace(real, allow_private_demos=True)), 1)
    assert len(options["answering"]) == len(demos) == 1


def test_the_best_planned_paths_are_shown_as_first_choices(task: Task) -> None:
    [option] = show_planned_paths(task)["asking"]
    assert [demo["query"] for demo in option.demos["plan"]] == [s.query for s in reversed(TRAIN)][:PLANNED_SHOWN]
    assert dspy.Example(**option.demos["plan"][0]).attribute == "age"
    assert show_planned_paths(replace(task, student=RAISE())) == {}


def test_paths_planned_for_real_people_are_not_shown_unless_allowed(task: Task) -> None:
    paths = [PlannedPath(query=s.query, path=("age",), value=4, evaluations=1, origin=s.situation) for s in TRAIN]
    mixed = [s.model_copy(update={"source": "hub"}) if i else s for i, s in enumerate(TRAIN)]
    real = replace(task, student=RAISE(PathIndex(paths)), train=mixed)
    [option] = show_planned_paths(real)["asking"]
    assert [demo["query"] for demo in option.demos["plan"]] == [TRAIN[0].query]
    [option] = show_planned_paths(replace(real, allow_private_demos=True))["asking"]
    assert len(option.demos["plan"]) == PLANNED_SHOWN
    assert show_planned_paths(replace(real, train=mixed[1:])) == {}


def test_what_abstains_is_improved_as_a_whole_turn_where_there_is_one_call_a_turn() -> None:
    for variant, step in (("scale", "abstain"), ("turn", "turn")):
        program = RAISE(settings=AgentSettings(abstention=variant))
        candidate = Candidate("x", program, Evaluation("x", [], simulated=True), {})
        assert step_of(candidate, "abstain") == step
        assert step_of(candidate, "respond") == "respond"
        assert step in STEPS


def test_the_teacher_sees_what_the_program_does_and_none_of_its_source_code(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = task.models[Role.TEACHER].engine.model
    answer, seen = model.answer, list[str]()

    def note(request: Any) -> Any:
        seen.append(str(request.messages[-1].text))
        return answer(request)

    monkeypatch.setattr(model, "answer", note)
    assert propose_grounded(Proposer(task), {"respond": 1}, [])["respond"]
    about = [text for text in seen if "plan(query, examples, context, candidates) -> attribute" in text]
    assert len(about) == 3, "describing the program, describing the module, proposing"
    assert not any("dspy.Predict" in text or "def forward" in text for text in seen)
