"""What ``modules.calls`` takes from dspy: the usage tracker, usage on predictions, and what could not be parsed."""

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError
from dspy.utils.usage_tracker import track_usage

from tests.contracts.engine import Answering


def test_a_tracker_around_a_call_has_its_tokens_by_model() -> None:
    with dspy.context(lm=Answering("[[ ## answer ## ]]\nyes").lm()), track_usage() as tracker:
        dspy.Predict("question -> answer")(question="?")
    [usage] = tracker.get_total_tokens().values()
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (7, 3)


def test_a_prediction_keeps_the_usage_it_is_given() -> None:
    prediction = dspy.Prediction(answer="yes")
    assert not prediction.get_lm_usage()
    prediction.set_lm_usage({"model": {"prompt_tokens": 7}})
    assert prediction.get_lm_usage() == {"model": {"prompt_tokens": 7}}
    assert dict(prediction.items()) == {"answer": "yes"}


def test_a_reply_that_cannot_be_parsed_is_an_error_that_holds_its_words() -> None:
    with dspy.context(lm=Answering("Hm.").lm()), pytest.raises(AdapterParseError) as raised:
        dspy.Predict("question -> answer")(question="?")
    assert raised.value.lm_response == "Hm."
