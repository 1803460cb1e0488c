"""What we lean on in DSPy's optimizers beyond their documentation, so that an upgrade tells what it changes.

``optimizers/adapters/instrumentation.py`` and ``monitor.py`` need the first four, ``records.py`` the fifth,
``optimizers/pareto/proposals.py`` the sixth, ``optimizers/scoring.py`` the last.
"""

import inspect
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from dspy.propose import GroundedProposer
from dspy.propose.utils import get_dspy_source_code
from dspy.teleprompt.copro_optimizer import BasicGenerateInstruction
from dspy.teleprompt.simba_utils import wrap_program

from lms import LanguageModels, Role
from modules import RAISE
from optimizers.adapters.instrumentation import InstrumentedRAISE
from optimizers.adapters.monitor import SearchMonitor, StopSearch
from optimizers.adapters.records import ConversationRecord, RecordedPrediction
from optimizers.demos import silence_dspy
from optimizers.metric import tradeoff
from optimizers.scoring import ConversationScorer
from optimizers.task import Task

EXAMPLES = [dspy.Example(query=f"Question {i}?").with_inputs("query") for i in range(4)]


class Program(dspy.Module):
    """Answers, or raises what it is told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.respond, self.error = dspy.Predict("query -> response"), error

    def forward(self, query: str) -> dspy.Prediction:
        """See the class."""
        if self.error:
            raise self.error
        return self.respond(query=query)


@pytest.fixture
def student(models: LanguageModels) -> InstrumentedRAISE:
    """What DSPy's optimizers are given."""
    return InstrumentedRAISE(
        SearchMonitor(Task(RAISE(), [], [], models), ConversationScorer(models, tradeoff(0.1)), 0.0)
    )


def evaluate(threads: int) -> Any:
    return dspy.Evaluate(devset=EXAMPLES, metric=lambda *_: 1.0, num_threads=threads, display_progress=False)


RUNS: dict[str, Callable[[dspy.Module], object]] = {
    "Evaluate": evaluate(1),
    "Evaluate in threads": evaluate(3),
    "BootstrapFewShot": lambda program: dspy.BootstrapFewShot(metric=lambda *_: 1.0).compile(
        program, trainset=EXAMPLES
    ),
    "SIMBA": lambda program: wrap_program(program, lambda *_: 1.0)(EXAMPLES[0]),
}


@pytest.mark.parametrize("name", RUNS)
def test_optimizers_swallow_exceptions_and_let_a_stop_by(name: str) -> None:
    with silence_dspy(), dspy.context(max_errors=100):
        RUNS[name](Program(KeyError("swallowed")))
        with pytest.raises(StopSearch):
            RUNS[name](Program(StopSearch("the limit is met")))


def test_teachers_are_shown_the_source_of_the_agent(student: InstrumentedRAISE) -> None:
    assert inspect.getsource(type(student)) == inspect.getsource(RAISE)
    assert get_dspy_source_code(student) == get_dspy_source_code(RAISE())


def test_what_is_hidden_stays_hidden_in_every_copy(student: InstrumentedRAISE) -> None:
    shown = ["abstain", "plan", "ask", "read", "respond"]
    for program in (student, student.deepcopy(), student.reset_copy()):
        assert [name for name, _ in program.named_predictors()] == shown
        assert len(program.predictors()) == len(shown)
        program.set_lm(None)
        assert program.monitor is student.monitor


def test_a_copy_with_models_of_its_own_is_told_apart(student: InstrumentedRAISE, models: LanguageModels) -> None:
    rehearsal = student.deepcopy()
    rehearsal.set_lm(models[Role.TARGET])
    assert all(predictor.lm is not None for predictor in rehearsal.predictors())
    assert all(predictor.lm is None for predictor in student.predictors())


def test_a_recorded_prediction_is_to_dspy_as_any_other() -> None:
    plain = dspy.Prediction(response="Rest.", asked=["age"], n_queries=1)
    recorded = RecordedPrediction(plain, ConversationRecord("state"))
    assert recorded.record.candidate == "state"
    assert repr(recorded) == repr(plain)
    assert dict(recorded.items()) == dict(plain.items())
    assert (recorded.response, recorded["asked"], recorded.get("nothing")) == ("Rest.", ["age"], None)
    assert recorded.toDict() == plain.toDict()


def test_proposers_take_and_give_what_we_pass_and_read(models: LanguageModels) -> None:
    assert set(BasicGenerateInstruction.input_fields) == {"basic_instruction"}
    assert "proposed_instruction" in BasicGenerateInstruction.output_fields
    given = {"prompt_model", "program", "trainset", "use_instruct_history", "rng"}
    assert given <= set(inspect.signature(GroundedProposer).parameters)
    asked = {"program", "predictor", "pred_i", "demo_candidates", "demo_set_i", "trial_logs"}
    assert asked <= set(inspect.signature(GroundedProposer.propose_instruction_for_predictor).parameters)
    with silence_dspy(), dspy.context(lm=models[Role.TEACHER]):
        proposer = GroundedProposer(models[Role.TEACHER], Program(), EXAMPLES)
    assert proposer.program_aware
    assert proposer.use_dataset_summary


@pytest.mark.parametrize(("value", "demonstrations"), [(1.0, 2), (0.0, 0)])
def test_a_demonstration_is_made_where_the_metric_with_a_trace_is_true(
    models: LanguageModels, value: float, demonstrations: int
) -> None:
    traces: list[Any] = []

    def metric(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
        traces.append(trace)
        return value

    optimizer = dspy.BootstrapFewShot(metric=metric, max_bootstrapped_demos=2, max_labeled_demos=0)
    with silence_dspy(), dspy.context(lm=models[Role.USER], trace=[]):
        compiled = optimizer.compile(Program(), trainset=EXAMPLES)
    assert len(compiled.respond.demos) == demonstrations
    assert all(trace is not None for trace in traces)
