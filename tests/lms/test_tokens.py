"""Tokens are counted as a stand-in counts its own, and for real models by a tokenizer that needs no network."""

import dspy
import pytest

from lms import LanguageModels, Role
from lms.tokens import BY_CHARACTERS, BY_LITELLM, count_message_tokens, tokenizer_of
from signatures import TriageRisk


def test_a_stand_in_is_counted_as_it_counts_itself(models: LanguageModels) -> None:
    inputs = {"query": "Should I go?", "latest_words": "I'm tired."}
    messages = dspy.ChatAdapter().format(TriageRisk, [], inputs)
    with models.context(Role.TARGET):
        dspy.Predict(TriageRisk)(**inputs)
    (sent,) = models.ledger.snapshot().roles.values()
    assert count_message_tokens(messages, "sim/gpt-4o") == sent.input_tokens
    assert tokenizer_of("sim/gpt-4o") == tokenizer_of("") == BY_CHARACTERS


@pytest.mark.parametrize("model", ["hosted_vllm/meta-llama/Llama-3.1-8B", "openai/gpt-4o-mini", "cohere/command-r"])
def test_real_models_are_counted_without_a_network(model: str) -> None:
    text = "Answer the person, and name the risk that you see."
    one = count_message_tokens([{"role": "system", "content": text}], model)
    many = count_message_tokens([{"role": "system", "content": text * 20}], model)
    assert len(text.split()) <= one <= len(text)
    assert many > 10 * one
    assert tokenizer_of(model) == BY_LITELLM
