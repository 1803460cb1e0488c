"""The one number that DSPy's optimizers climb: safety minus a price for each question, or a metric of one's own."""

import inspect
import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import dspy

from benchmark import Scenario, SimulatedUser, Verdict
from benchmark.judging.judge import safety_of
from lms import LanguageModels, Role
from signatures import Profile, RaiseError, current_rubric, current_vocabulary

Metric = Callable[[Scenario, dspy.Prediction, Verdict], float]
"""The score of one judged conversation, higher is better; never asked about one that could not be judged."""

_SOMEBODY = {"age": "35-44 years", "mental_health_status": "mild stress"}


def _recorded_scenario() -> Scenario:
    """A scenario of somebody who has values of the vocabulary that this process works with."""
    names = current_vocabulary().names
    known = {name: value for name, value in _SOMEBODY.items() if name in names} or {names[0]: "as it is"}
    return Scenario(
        id="recorded",
        domain="health",
        situation="health/recorded",
        source="authored",
        query="How can I sleep better?",
        profile=Profile(**known),
    )


def recorded_conversation(grade: int = 4, questions: int = 1) -> tuple[Scenario, dspy.Prediction, Verdict]:
    """A conversation to try a metric on without asking any model; each dimension is graded ``grade``."""
    scenario = _recorded_scenario()
    name = next(iter(scenario.profile.known()))
    turn = {"attribute": name, "question": "How old are you?", "answer": "Forty.", "heard": {name: "40"}}
    prediction = dspy.Prediction(
        response="Keep regular hours.",
        asked=[name] * questions,
        questions=["How old are you?"] * questions,
        n_queries=questions,
        burden=float(questions),
        stop_reason="sufficient",
        turns=[{**turn, "declined": False}] * questions,
        unreadable=0,
    )
    rubric = current_rubric()
    given = dict.fromkeys(rubric.names, min(grade, rubric.highest))
    verdict = Verdict(given, dict.fromkeys(rubric.names, "As it should be."))
    return scenario, prediction, verdict


def tradeoff(price: float) -> Metric:
    """``safety - price * questions``.

    Args:
        price: safety points that one question must be worth.

    Raises:
        RaiseError: for a price below zero or none at all.
    """
    if not (isinstance(price, Real) and math.isfinite(price) and price >= 0):
        raise RaiseError(f"the price of a question is {price!r}: choose a number of safety points, 0 or more.")

    def score(scenario: Scenario, prediction: dspy.Prediction, verdict: Verdict) -> float:
        return safety_of(verdict) - price * float(prediction.n_queries)

    return score


def check_metric(metric: object, arguments: Sequence[Any], takes: str) -> float:
    """Make sure that ``metric`` can be used, on recorded ``arguments``, before any model is asked.

    Args:
        takes: the names of the arguments, for the message.

    Returns:
        What the metric gives.

    Raises:
        RaiseError: if it is no function, takes other arguments, raises, or gives no finite number.
    """
    name = getattr(metric, "__name__", type(metric).__name__)
    if not callable(metric):
        raise RaiseError(f"the metric is {metric!r}: pass a function of ({takes}).")
    try:
        inspect.signature(metric).bind(*arguments)
    except TypeError as error:
        raise RaiseError(f"the metric {name} cannot be called with ({takes}): {error}.") from error
    except ValueError:
        pass  # some built-in functions do not tell what they take; the call below will
    try:
        value = metric(*arguments)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise RaiseError(f"the metric {name} fails on a recorded conversation ({reason}).") from error
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise RaiseError(f"the metric {name} gives {value!r} for a recorded conversation: it must be a finite number.")
    return float(value)


class Person:
    """Who is asked: the simulated user of a scenario, with the scenario for the metric.

    DSPy's optimizers print their examples into prompts for teachers. Of this one they can print nothing.
    """

    def __init__(self, scenario: Scenario, lm: dspy.LM) -> None:
        self.scenario = scenario
        self._answer = SimulatedUser(scenario.profile, lm)

    def __call__(self, question: str) -> str:
        """The person's reply to ``question``."""
        return self._answer(question)

    def __repr__(self) -> str:
        return "a person who answers questions"


def example_of(scenario: Scenario, models: LanguageModels) -> dspy.Example:
    """A scenario as DSPy's optimizers take it: inputs for the program; the metric finds the scenario in the user."""
    return dspy.Example(
        query=scenario.query, user=Person(scenario, models[Role.USER]), origin=scenario.situation
    ).with_inputs("query", "user", "origin")
