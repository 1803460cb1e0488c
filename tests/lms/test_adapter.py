"""The faster adapter writes what dspy's writes."""

import dspy
import pytest

from lms.adapter import SteadyChatAdapter, adapter
from modules import RAISE, AgentSettings
from modules.abstention import VARIANTS, Variant

STEADY = SteadyChatAdapter()


@pytest.mark.parametrize("variant", VARIANTS)
def test_prompts_are_dspys_to_the_letter(variant: Variant) -> None:
    for name, predictor in RAISE(settings=AgentSettings(abstention=variant)).named_predictors():
        plain = predictor.signature
        for signature in (plain, plain.with_instructions(f"Something else for {name}."), plain):
            inputs = dict.fromkeys(signature.input_fields, "told\nin two lines")
            demos = [{**inputs, **dict.fromkeys(signature.output_fields, "1")}]
            wanted = dspy.ChatAdapter().format(signature, demos, dict(inputs))
            assert STEADY.format(signature, demos, dict(inputs)) == wanted


def test_an_adapter_configured_in_dspy_is_kept() -> None:
    mine = dspy.JSONAdapter()
    with dspy.context(adapter=mine):
        assert adapter() is mine
    assert isinstance(adapter(), SteadyChatAdapter)
